import * as fs from "node:fs";
import * as path from "node:path";
import { BARMAN_HOST, REPOSITORY_HOST, standbyNames } from "./host-names";
import type { Layout } from "./families";
import { apiSourceOf, SOURCE_WAYS } from "./api-source";

/** Kinds of keys for the API's certificates. */
export type ApiKey = "ecdsa" | "rsa";

/** The part of the configuration that the backup API has. Field names are the keys of Pulumi.yaml, which describes them. */
export interface BackupApiConfig {
  readonly backupApi: boolean;
  readonly backupApiHost: string;
  readonly backupApiSource: string;
  readonly backupApiVersion: string;
  readonly backupApiTokenFile: string;
  readonly backupApiClients: readonly string[];
  readonly backupApiOrganization: string;
  readonly backupApiEmail: string;
  readonly backupApiCertificateDays: number;
  readonly backupApiKey: ApiKey;
  readonly backupApiOperations: boolean;
}

/** The backup API's keys. */
export const BACKUP_API_KEYS = [
  "backupApi",
  "backupApiHost",
  "backupApiSource",
  "backupApiVersion",
  "backupApiTokenFile",
  "backupApiClients",
  "backupApiOrganization",
  "backupApiEmail",
  "backupApiCertificateDays",
  "backupApiKey",
  "backupApiOperations",
] as const satisfies readonly (keyof BackupApiConfig)[];

/** What the backup API's checks look at beside its own keys. */
export interface BackupApiSurroundings {
  readonly layout: Layout;
  readonly stanza: string;
  readonly primary: string;
  readonly standbys: number;
  readonly renewDays: number;
  /** Names of the PostgreSQL settings that the user gives. */
  readonly postgresqlSettings: readonly string[];
}

/** Standbys beside which Barman finds a connection: max_wal_senders is 10, and Barman takes three of them while a backup runs. */
const MOST_STANDBYS = 7;

/**
 * Checks the backup API's keys. What only matters with the API is checked only when it is on.
 * @param raw Keys without their prefix, to text as Pulumi hands it over.
 * @param refuse Gets a key and what is wrong with it.
 */
export function checkBackupApi(
  raw: Readonly<Record<string, string>>,
  { layout, stanza, primary, standbys, renewDays, postgresqlSettings }: BackupApiSurroundings,
  projectFolder: string,
  refuse: (key: string, problem: string) => void,
): BackupApiConfig {
  const text = (key: keyof BackupApiConfig): string => raw[key] ?? "";
  const matching = (key: keyof BackupApiConfig, pattern: RegExp, allowed: string): string => {
    if (!pattern.test(text(key))) refuse(key, `must be ${allowed}, got "${text(key)}"`);
    return text(key);
  };
  const flag = (key: keyof BackupApiConfig): boolean => matching(key, /^(true|false)$/, "true or false") === "true";
  const file = (key: keyof BackupApiConfig): string =>
    text(key) === "" || text(key) === "edb" || /^[a-z+]+:\/\//i.test(text(key))
      ? text(key)
      : path.resolve(projectFolder, text(key));

  const days = /^\d+$/.test(text("backupApiCertificateDays")) ? Number(text("backupApiCertificateDays")) : NaN;
  if (!(days >= 1 && days <= 3650)) {
    refuse(
      "backupApiCertificateDays",
      `must be a whole number from 1 to 3650, got "${text("backupApiCertificateDays")}"`,
    );
  }
  const config: BackupApiConfig = {
    backupApi: flag("backupApi"),
    backupApiHost: text("backupApiHost"),
    backupApiSource: file("backupApiSource"),
    backupApiVersion: matching("backupApiVersion", /^\d+(\.\d+)+$/, "an exact version such as 2.2.0"),
    backupApiTokenFile: file("backupApiTokenFile"),
    backupApiClients: clientsOf(text("backupApiClients"), refuse),
    backupApiOrganization: matching("backupApiOrganization", /^[^\p{Cc}]{1,64}$/u, "a name of 1 to 64 characters"),
    backupApiEmail: matching("backupApiEmail", /^[^\s@]+@[^\s@]+$/, "an e-mail address"),
    backupApiCertificateDays: days,
    backupApiKey: matching("backupApiKey", /^(ecdsa|rsa)$/, "one of ecdsa, rsa") as ApiKey,
    backupApiOperations: flag("backupApiOperations"),
  };
  if (!config.backupApi) return config;

  const hosts = [BARMAN_HOST, REPOSITORY_HOST, primary, ...standbyNames(primary, standbys)];
  if (!hosts.includes(config.backupApiHost)) {
    refuse("backupApiHost", `must be one of ${hosts.join(", ")}, got "${config.backupApiHost}"`);
  }
  if (days >= 1 && days <= renewDays) {
    refuse("backupApiCertificateDays", `must be more than lab:renewDays, which is ${renewDays}, got "${days}"`);
  }
  if (["all", "barman"].includes(stanza)) {
    refuse("stanza", `must not be all or barman when lab:backupApi is true: Barman gives them a meaning of its own`);
  }
  if (standbys > MOST_STANDBYS && !postgresqlSettings.includes("max_wal_senders")) {
    refuse(
      "standbys",
      `must be at most ${MOST_STANDBYS} when lab:backupApi is true, got "${standbys}"; ` +
        `hint: Barman needs three of PostgreSQL's ten WAL senders; set max_wal_senders in lab:postgresql`,
    );
  }
  checkSource(config, text("backupApiSource"), layout, refuse);
  return config;
}

function checkSource(
  { backupApiSource, backupApiTokenFile }: BackupApiConfig,
  given: string,
  layout: Layout,
  refuse: (key: string, problem: string) => void,
): void {
  try {
    const { kind } = apiSourceOf(backupApiSource, layout);
    if (kind === "repository" && !isFile(backupApiTokenFile)) {
      refuse(
        "backupApiTokenFile",
        `must be a file with the token of your EDB account when lab:backupApiSource is edb, got "${backupApiTokenFile}"`,
      );
    }
  } catch (error) {
    refuse(
      "backupApiSource",
      `${(error as RangeError).message}, got "${given}"; allowed are ${SOURCE_WAYS}; hint: docs/backup-api.md`,
    );
  }
}

function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

/** Common names, which stand in a list of the web server's: no character that it could take for its own. */
function clientsOf(given: string, refuse: (key: string, problem: string) => void): readonly string[] {
  let names: unknown;
  try {
    names = JSON.parse(given);
  } catch {
    names = undefined;
  }
  const isName = (name: unknown): name is string => typeof name === "string" && /^[a-z\d][\w.-]{0,62}$/i.test(name);
  if (Array.isArray(names) && names.length > 0 && names.every(isName) && new Set(names).size === names.length) {
    return names;
  }
  refuse(
    "backupApiClients",
    `must be a list of at least one common name, each once, of letters, digits, ".", "_" and "-", got ${given || "nothing"}`,
  );
  return [];
}
