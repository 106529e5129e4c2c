import * as fs from "node:fs";
import { checkBridge } from "./bridge";
import { apiSourceOf, SOURCE_WAYS } from "./api-source";
import { familyOf } from "./families";
import { BARMAN_HOST } from "./host-names";
import { checkHosts } from "./host-rules";
import { hasHostMap, hostsOf, type Role } from "./hosts";
import { checkRepositories } from "./repository-rules";
import type { KeyName, Values } from "./schema";
import { checkSites } from "./site-rules";
import { featureProblem, versionProblem } from "./version-support";

/** Receives each problem, with its key: the text follows the key's name, and the place in a list, such as `[0].path`. */
export type Refuse = (key: KeyName, problem: string, place?: string) => void;

/** Rules between keys. Each key is valid by itself. */
export function checkRules(values: Values, refuse: Refuse): void {
  for (const rule of RULES) rule(values, refuse);
  if (values.backupApi) checkBackupApi(values, refuse);
}

const RULES: readonly ((values: Values, refuse: Refuse) => void)[] = [
  checkSites,
  checkHosts,
  checkBridge,
  ({ packages, mirrorUrl }, refuse) => {
    if (packages === "mirror" && !/^https?:\/\/\S+$/.test(mirrorUrl)) {
      refuse("mirrorUrl", `must be an http or https URL when lab:packages is mirror, got "${mirrorUrl}"`);
    }
  },
  ({ packages, networkMode }, refuse) => {
    if (packages === "pgdg" && networkMode === "isolated") {
      refuse(
        "packages",
        'must not be pgdg when lab:networkMode is isolated, as no host reaches PGDG\'s repositories, got "pgdg"; ' +
          "hint: lab:networkMode nat, or lab:packages mirror with a lab:mirrorUrl that the hosts reach",
      );
    }
  },
  ({ hypervisor, imagePath, imageChecksum }, refuse) => {
    if (hypervisor === "lxc" && imageChecksum !== "" && /^https?:/.test(imagePath)) {
      refuse(
        "imageChecksum",
        "is verified for containers only when lab:imagePath is a file; hint: download the image first",
      );
    }
  },
  ({ family, packages, postgresqlVersion, pgbackrestVersion }, refuse) => {
    const { title, sources, distributionVersion } = familyOf(family, postgresqlVersion);
    const mismatch = versionProblem(postgresqlVersion, pgbackrestVersion);
    if (mismatch !== undefined) refuse("pgbackrestVersion", mismatch);
    if (!sources.includes(packages)) {
      refuse(
        "packages",
        `must be one of ${sources.join(", ")} when lab:family is ${family} (${title}), got "${packages}"; its own packages are laid out otherwise`,
      );
    } else if (packages === "distribution" && postgresqlVersion !== distributionVersion) {
      refuse(
        "postgresqlVersion",
        `must be ${distributionVersion}, which is what ${title} has, when lab:packages is distribution, got "${postgresqlVersion}"; hint: lab:packages pgdg has every version`,
      );
    }
  },
  ({ pgbackrest, pgbackrestVersion }, refuse) => {
    for (const option of Object.keys(pgbackrest)) {
      const problem = featureProblem(pgbackrestVersion, option);
      if (problem !== undefined) refuse("pgbackrest", problem);
    }
  },
  checkRepositories,
  ({ caGeneration, caStage }, refuse) => {
    if (caGeneration === 1 && caStage !== "retire") {
      refuse(
        "caStage",
        `must be retire when lab:caGeneration is 1, which has no CA before it, got "${caStage}"; hint: a rotation begins with lab:caGeneration 2`,
      );
    }
  },
  ({ renewDays, hostCertificateDays }, refuse) => {
    if (renewDays >= hostCertificateDays) {
      refuse(
        "renewDays",
        `must be less than lab:hostCertificateDays, which is ${hostCertificateDays}, got "${renewDays}"`,
      );
    }
  },
  (values, refuse) => {
    const hosts = hostsOf(values);
    const allowed = hosts.flatMap(({ name, role }) => (role === "standby" ? [name] : []));
    const hint = "hint: lab:keyGeneration gives all hosts new keys";
    const why: Partial<Record<Role, string>> = {
      primary: `, the primary, without which nothing is archived; ${hint}`,
      repository: `, which keeps the repository; ${hint}`,
    };
    for (const host of values.revoked.filter((name) => !allowed.includes(name))) {
      const names = allowed.length === 0 ? "of which there are none" : allowed.join(", ");
      const role = hosts.find(({ name }) => name === host)?.role;
      refuse("revoked", `must name standbys (${names}), got "${host}"${(role && why[role]) ?? ""}`);
    }
  },
];

/** The most standbys beside Barman: max_wal_senders is 10, and Barman takes three of them during a backup. */
const MOST_STANDBYS = 7;

function checkBackupApi(values: Values, refuse: Refuse): void {
  const { stanza, renewDays } = values;
  const { backupApiHost: host, backupApiCertificateDays: days } = values;
  const isMapped = hasHostMap(values);
  const names = (role: Role): string[] => hostsOf(values).flatMap((each) => (each.role === role ? [each.name] : []));
  const hosts = [BARMAN_HOST, ...(["repository", "primary", "standby"] as const).flatMap(names)];
  if (!isMapped && !hosts.includes(host)) {
    refuse("backupApiHost", `must be one of ${hosts.join(", ")}, got "${host}"`);
  }
  if (days <= renewDays) {
    refuse("backupApiCertificateDays", `must be more than lab:renewDays, which is ${renewDays}, got "${days}"`);
  }
  if (["all", "barman"].includes(stanza)) {
    refuse("stanza", "must not be all or barman when lab:backupApi is true: Barman gives them a meaning of its own");
  }
  const standbys = names("standby").length;
  if (standbys > MOST_STANDBYS && !("max_wal_senders" in values.postgresql)) {
    refuse(
      isMapped ? "hosts" : "standbys",
      `must ${isMapped ? "have at most 7 standbys" : `be at most ${MOST_STANDBYS}`} when lab:backupApi is true, got "${standbys}"; ` +
        "hint: Barman needs three of PostgreSQL's ten WAL senders; set max_wal_senders in lab:postgresql",
    );
  }
  checkApiSource(values, refuse);
}

function checkApiSource(values: Values, refuse: Refuse): void {
  const { backupApiSource: source, backupApiTokenFile: token, family, postgresqlVersion, networkMode } = values;
  try {
    const { kind } = apiSourceOf(source, familyOf(family, postgresqlVersion).layout);
    if (kind === "repository" && networkMode === "isolated") {
      refuse(
        "backupApiSource",
        'must not be edb when lab:networkMode is isolated, as no host reaches EDB\'s repository, got "edb"; ' +
          "hint: lab:networkMode nat, or lab:backupApiSource with the package as a file",
      );
    }
    if (kind === "repository" && fs.statSync(token, { throwIfNoEntry: false })?.isFile() !== true) {
      refuse(
        "backupApiTokenFile",
        `must be a file with the token of your EDB account when lab:backupApiSource is edb, got "${token}"`,
      );
    }
  } catch (error) {
    refuse(
      "backupApiSource",
      `${(error as RangeError).message}, got "${source}"; allowed are ${SOURCE_WAYS}; hint: docs/backup-api.md`,
    );
  }
}
