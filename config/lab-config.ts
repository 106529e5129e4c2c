import * as fs from "node:fs";
import * as path from "node:path";
import { parseNetwork } from "./ipv4";
import { POSTGRESQL_HOSTS, REPOSITORY_HOST, standbyNames } from "./host-names";
import type { BackupApiConfig } from "./backup-api";
import { BACKUP_API_KEYS, checkBackupApi } from "./backup-api";
import type { FamilyName, PackageSource } from "./families";
import { FAMILY_NAMES, familyOf } from "./families";
import type { PgBackRestOptions, Repository } from "../render/pgbackrest-conf";
import type { PostgreSqlSettings } from "../render/postgresql-conf";
import { PKI_KEYS } from "./pki";
import type { Stage } from "./ca-stages";
import { STAGES } from "./ca-stages";
import { pgBackRestRefusal, postgreSqlRefusal } from "./reserved-settings";
import { POSTGRESQL_VERSIONS, versionProblem } from "./version-support";

/** What the hosts are. */
export type Hypervisor = "kvm" | "qemu" | "lxc";

/** A network's way out: through libvirt's machine, or none. */
export const NETWORK_MODES = ["nat", "isolated"] as const;
export type NetworkMode = (typeof NETWORK_MODES)[number];

/** The configuration, checked. Field names are the keys of Pulumi.yaml, which describes them. */
export interface LabConfig extends BackupApiConfig {
  readonly hypervisor: Hypervisor;
  readonly libvirtUri: string;
  readonly imagePath: string;
  readonly imageChecksum: string;
  readonly savedGuestPath: string;
  readonly family: FamilyName;
  readonly packages: PackageSource;
  readonly mirrorUrl: string;
  readonly postgresqlVersion: number;
  readonly pgbackrestVersion: string;
  readonly stanza: string;
  readonly primary: string;
  readonly standbys: number;
  readonly network: string;
  readonly networkMode: NetworkMode;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
  readonly caYears: number;
  readonly caGeneration: number;
  readonly caStage: Stage;
  readonly keyGeneration: number;
  readonly revoked: readonly string[];
  readonly hostCertificateDays: number;
  readonly renewDays: number;
  readonly repositories: readonly Repository[];
  readonly pgbackrest: PgBackRestOptions;
  readonly postgresql: PostgreSqlSettings;
}

/** The keys of the configuration. */
export const CONFIG_KEYS = [
  "hypervisor",
  "libvirtUri",
  "imagePath",
  "imageChecksum",
  "savedGuestPath",
  "family",
  "packages",
  "mirrorUrl",
  "postgresqlVersion",
  "pgbackrestVersion",
  "stanza",
  "primary",
  "standbys",
  "network",
  "networkMode",
  "cpus",
  "memoryMiB",
  "diskGiB",
  "caYears",
  "caGeneration",
  "caStage",
  "keyGeneration",
  "revoked",
  "hostCertificateDays",
  "renewDays",
  "repositories",
  "pgbackrest",
  "postgresql",
  ...BACKUP_API_KEYS,
] as const satisfies readonly (keyof LabConfig)[];

/** A configuration that is refused, with every reason: a line each, with the key, what was given, what is allowed. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
  }
}

/**
 * Checks a raw configuration.
 * @param raw `lab:` keys without their prefix, to text as Pulumi hands it over; objects and lists are JSON.
 * @param projectFolder Absolute path that relative files are taken from.
 * @throws ConfigError with every problem.
 */
export function checkLabConfig(raw: Readonly<Record<string, string>>, projectFolder: string): LabConfig {
  const problems: string[] = [];
  const refuse = (key: string, problem: string): void => void problems.push(`lab:${key} ${problem}`);

  for (const key of Object.keys(raw)) {
    if (![...CONFIG_KEYS, ...PKI_KEYS].some((known) => known === key))
      refuse(key, `is no key of this project; ${hintFor(key)}`);
  }
  const text = (key: keyof LabConfig): string => raw[key] ?? "";
  const matching = (key: keyof LabConfig, pattern: RegExp, allowed: string): string => {
    if (!pattern.test(text(key))) refuse(key, `must be ${allowed}, got "${text(key)}"`);
    return text(key);
  };
  const oneOf = <T extends string>(key: keyof LabConfig, allowed: readonly T[]): T => {
    if (!(allowed as readonly string[]).includes(text(key))) {
      refuse(key, `must be one of ${allowed.join(", ")}, got "${text(key)}"`);
    }
    return text(key) as T;
  };
  const whole = (key: keyof LabConfig, least: number, most: number, hint = ""): number => {
    const number = /^-?\d+$/.test(text(key)) ? Number(text(key)) : NaN;
    if (!(number >= least && number <= most)) {
      refuse(key, `must be a whole number from ${least} to ${most}, got "${text(key)}"${hint}`);
    }
    return number;
  };
  const json = (key: keyof LabConfig, isRight: (value: unknown) => boolean, allowed: string): unknown => {
    const value = parseJson(text(key));
    if (isRight(value)) return value;
    refuse(key, `must be ${allowed}, got ${text(key) === "" ? "nothing" : text(key)}`);
    return undefined;
  };
  const scalars = (key: "pgbackrest" | "postgresql"): Record<string, string | number | boolean> => {
    const options = (json(key, isObject, "an object of names and values") ?? {}) as Record<string, unknown>;
    for (const [name, value] of Object.entries(options)) {
      if (!/^[a-z][a-z0-9_.-]*$/i.test(name)) refuse(key, `has a name that is none: ${JSON.stringify(name)}`);
      if (!["string", "number", "boolean"].includes(typeof value) || /[\r\n]/.test(String(value))) {
        refuse(key, `${name} must be one line of text, a number or a boolean, got ${JSON.stringify(value)}`);
      }
    }
    return options as Record<string, string | number | boolean>;
  };

  try {
    parseNetwork(text("network"));
  } catch (error) {
    refuse("network", (error as RangeError).message);
  }
  const packages = oneOf("packages", ["pgdg", "distribution", "mirror"]);
  if (packages === "mirror" && !/^https?:\/\/\S+$/.test(text("mirrorUrl"))) {
    refuse("mirrorUrl", `must be an http or https URL when lab:packages is mirror, got "${text("mirrorUrl")}"`);
  }
  const family = oneOf("family", FAMILY_NAMES);
  const postgresqlVersion = whole("postgresqlVersion", POSTGRESQL_VERSIONS[0] ?? 0, POSTGRESQL_VERSIONS.at(-1) ?? 0);
  const pgbackrest = scalars("pgbackrest");
  for (const [option, value] of Object.entries(pgbackrest)) {
    const refusal = pgBackRestRefusal(option, value);
    if (refusal !== undefined) refuse("pgbackrest", refusal);
  }
  const postgresql = scalars("postgresql");
  for (const [setting, value] of Object.entries(postgresql)) {
    const refusal = postgreSqlRefusal(setting, value);
    if (refusal !== undefined) refuse("postgresql", refusal);
  }
  const hostCertificateDays = whole("hostCertificateDays", 1, 3650);

  const caGeneration = whole("caGeneration", 1, 1000);
  const caStage = oneOf("caStage", STAGES);
  if (caGeneration === 1 && caStage !== "retire") {
    refuse(
      "caStage",
      `must be retire when lab:caGeneration is 1, which has no authority before it, got "${caStage}"; hint: a rotation begins with lab:caGeneration 2`,
    );
  }

  const primary = oneOf("primary", POSTGRESQL_HOSTS);
  const standbys = whole("standbys", 0, POSTGRESQL_HOSTS.length - 1);
  const revoked = (json("revoked", isTexts, "a list of hosts' names") ?? []) as string[];
  const revocable = standbyNames(primary, standbys);
  for (const host of revoked.filter((name) => !revocable.includes(name))) refuse("revoked", revocationProblem(host));

  function revocationProblem(host: string): string {
    const allowed = revocable.length === 0 ? "of which there are none" : revocable.join(", ");
    const problem = `must name standbys (${allowed}), got "${host}"`;
    if (host === primary)
      return `${problem}, the primary, without which nothing is archived; hint: lab:keyGeneration gives all hosts new keys`;
    if (host === REPOSITORY_HOST)
      return `${problem}, which keeps the repository; hint: lab:keyGeneration gives all hosts new keys`;
    return problem;
  }

  const own: Omit<LabConfig, keyof BackupApiConfig> = {
    hypervisor: oneOf("hypervisor", ["kvm", "qemu", "lxc"]),
    libvirtUri: absoluteSocket(
      matching("libvirtUri", /^(qemu|lxc)(\+\w+)?:\/\/\S*$/, "a libvirt URI (qemu or lxc)"),
      projectFolder,
    ),
    imagePath: absoluteImage(matching("imagePath", /^\S+$/, "a file or a URL without blanks"), projectFolder),
    imageChecksum: matching("imageChecksum", /^(sha256:[0-9a-f]{64})?$/, "empty or sha256: and 64 digits of 0-9a-f"),
    savedGuestPath: absoluteSavedGuest(
      matching("savedGuestPath", /^\S*$/, "empty or a file without blanks"),
      projectFolder,
    ),
    family,
    packages,
    mirrorUrl: text("mirrorUrl"),
    postgresqlVersion,
    pgbackrestVersion: matching("pgbackrestVersion", /^\d+\.\d+(\.\d+)?$/, "an exact version such as 2.59.1"),
    stanza: matching("stanza", /^[a-z][a-z0-9-]*$/, "a name that matches [a-z][a-z0-9-]*"),
    primary,
    standbys,
    network: text("network"),
    networkMode: oneOf("networkMode", NETWORK_MODES),
    cpus: whole("cpus", 1, 64),
    memoryMiB: whole(
      "memoryMiB",
      512,
      1024 * 1024,
      "; PostgreSQL's default shared buffers and pgBackRest need that much",
    ),
    diskGiB: whole("diskGiB", 1, 64 * 1024),
    caYears: whole("caYears", 1, 30),
    caGeneration,
    caStage,
    keyGeneration: whole("keyGeneration", 1, 1000),
    revoked,
    hostCertificateDays,
    renewDays: whole(
      "renewDays",
      0,
      Math.max(hostCertificateDays - 1, 0),
      ", which is less than lab:hostCertificateDays",
    ),
    repositories: [checkRepository(parseJson(text("repositories")), text("repositories"), refuse)],
    pgbackrest,
    postgresql,
  };
  // A family that is none was refused above.
  const layout = FAMILY_NAMES.includes(family) ? familyOf(family, postgresqlVersion).layout : "debian";
  const surroundings = { ...own, layout, postgresqlSettings: Object.keys(postgresql) };
  const config: LabConfig = { ...own, ...checkBackupApi(raw, surroundings, projectFolder, refuse) };
  const mismatch = versionProblem(config.postgresqlVersion, config.pgbackrestVersion);
  if (problems.length === 0 && mismatch !== undefined) refuse("pgbackrestVersion", mismatch);
  if (problems.length === 0) checkSource(family, packages, postgresqlVersion, refuse);
  if (config.hypervisor === "lxc" && config.imageChecksum !== "" && /^https?:/.test(config.imagePath)) {
    refuse(
      "imageChecksum",
      "is checked for containers only when lab:imagePath is a file; hint: download the image first",
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(config);
}

/** Refuses a source that has no such PostgreSQL for the family. */
function checkSource(
  name: FamilyName,
  packages: PackageSource,
  version: number,
  refuse: (key: string, problem: string) => void,
): void {
  const { title, sources, distributionVersion } = familyOf(name, version);
  if (!sources.includes(packages)) {
    refuse(
      "packages",
      `must be one of ${sources.join(", ")} when lab:family is ${name} (${title}), got "${packages}"; its own packages are laid out otherwise`,
    );
  } else if (packages === "distribution" && version !== distributionVersion) {
    refuse(
      "postgresqlVersion",
      `must be ${distributionVersion}, which is what ${title} has, when lab:packages is distribution, got "${version}"; hint: lab:packages pgdg has every version`,
    );
  }
}

function checkRepository(list: unknown, given: string, refuse: (key: string, problem: string) => void): Repository {
  const [entry, ...others] = Array.isArray(list) ? (list as unknown[]) : [];
  if (!isObject(entry) || others.length > 0) {
    refuse("repositories", `must be a list of one repository, got ${given}`);
    return { type: "posix", path: "", retentionFull: 0 };
  }
  const {
    type = "posix",
    path: folder = "/backup_space",
    retentionFull = 2,
    ...unknown
  } = entry as Partial<Repository>;
  for (const field of Object.keys(unknown)) {
    refuse("repositories", `has no field ${field}; allowed are type, path, retentionFull`);
  }
  if ((type as string) !== "posix") refuse("repositories", `type must be posix, got ${JSON.stringify(type)}`);
  if (typeof folder !== "string" || !/^(\/[A-Za-z0-9._-]+)+$/.test(folder)) {
    refuse(
      "repositories",
      `path must be an absolute path of letters, digits, ".", "_" and "-", got ${JSON.stringify(folder)}`,
    );
  }
  if (!Number.isInteger(retentionFull) || retentionFull < 1) {
    refuse("repositories", `retentionFull must be a whole number from 1, got ${JSON.stringify(retentionFull)}`);
  }
  return { type: "posix", path: folder, retentionFull };
}

function hintFor(key: string): string {
  const all = [...CONFIG_KEYS, ...PKI_KEYS];
  const near = all.find((known) => known.toLowerCase() === key.toLowerCase().replaceAll(/[-_]/g, ""));
  return near === undefined ? `allowed are ${all.join(", ")}` : `did you mean lab:${near}?`;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * A socket's path has a limit of 107 bytes (unix(7)), so it is taken through the links of its folder, where there are any.
 */
function absoluteSocket(uri: string, projectFolder: string): string {
  return uri.replace(/(?<=[?&]socket=)[^&]+/, (socket) => {
    const absolute = path.resolve(projectFolder, socket);
    const folder = path.dirname(absolute);
    return path.join(fs.existsSync(folder) ? fs.realpathSync(folder) : folder, path.basename(absolute));
  });
}

function absoluteImage(image: string, projectFolder: string): string {
  return /^https?:\/\//.test(image) ? image : path.resolve(projectFolder, image);
}

function absoluteSavedGuest(file: string, projectFolder: string): string {
  return file === "" ? "" : path.resolve(projectFolder, file);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
