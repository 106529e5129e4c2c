/**
 * PostgreSQL's major versions, each with the first pgBackRest that supports its release (pgBackRest's history, "Finalize catalog number
 * for PostgreSQL N release": earlier ones accept only betas; up to 13, its release notes). pgBackRest 2.60.0 still supports all of them.
 * PostgreSQL before 12 has a standby's settings in recovery.conf, which the lab's steps do not support.
 */
const FIRST_PGBACKREST: Readonly<Record<number, string>> = {
  12: "2.18",
  13: "2.30",
  14: "2.36",
  15: "2.42",
  16: "2.48",
  17: "2.54.0",
  18: "2.57.0",
  19: "2.59.0",
};

/** The major versions of PostgreSQL that the lab can run, oldest first. */
export const POSTGRESQL_VERSIONS = Object.keys(FIRST_PGBACKREST).map(Number);

/** The first pgBackRest with a TLS server (release notes of 2.37). */
const FIRST_WITH_TLS = "2.37";

/** Whether a version comes before another: 2.9 before 2.45. */
export function isOlder(version: string, other: string): boolean {
  return version.localeCompare(other, "en", { numeric: true }) < 0;
}

/** What a version of pgBackRest brought, or made sound (its release notes). */
const FEATURES = [
  { option: /^repo\d*-bundle(-|$)/, first: "2.39" },
  // A beta from 2.46 on, whose repositories later versions do not read.
  { option: /^repo\d*-block(-|$)/, first: "2.52" },
  // From 2.46 on, but for the way to check the host key.
  { option: /^repo\d*-type=sftp$/, first: "2.48" },
  { option: /^backup-standby=prefer$/, first: "2.54.0" },
  { option: /^tls-cipher-1[23]$/, first: "2.58.0" },
  { option: /^checksum-page-error$/, first: "2.60.0" },
] as const;

/** The first version with this option, or with this value of it (`OPTION=VALUE`); undefined when every version of the lab has it. */
function firstWith(option: string): string | undefined {
  return FEATURES.find((feature) => feature.option.test(option))?.first;
}

/** Whether a version has this option, or this value of it (`OPTION=VALUE`), in a sound form. */
export function hasFeature(pgbackrestVersion: string, option: string): boolean {
  return !isOlder(pgbackrestVersion, firstWith(option) ?? FIRST_WITH_TLS);
}

/** Why a version cannot have this option, or undefined when it can. */
export function featureProblem(pgbackrestVersion: string, option: string): string | undefined {
  const first = firstWith(option);
  if (first === undefined || !isOlder(pgbackrestVersion, first)) return undefined;
  return `may not set ${option} with pgBackRest ${pgbackrestVersion}: it needs ${first} or newer (lab:pgbackrestVersion)`;
}

/** Why these versions cannot work together in the lab, or undefined when they can. */
export function versionProblem(postgresqlVersion: number, pgbackrestVersion: string): string | undefined {
  if (isOlder(pgbackrestVersion, FIRST_WITH_TLS)) {
    return `must be ${FIRST_WITH_TLS} or newer, the first with a TLS server, got "${pgbackrestVersion}"`;
  }
  const first = FIRST_PGBACKREST[postgresqlVersion];
  if (first === undefined || !isOlder(pgbackrestVersion, first)) return undefined;
  const newest = POSTGRESQL_VERSIONS.filter((major) => !isOlder(pgbackrestVersion, FIRST_PGBACKREST[major] ?? "")).at(
    -1,
  );
  return (
    `must be ${first} or newer for PostgreSQL ${postgresqlVersion}, got "${pgbackrestVersion}"; ` +
    `hint: that one supports PostgreSQL up to ${newest ?? "none"} (lab:postgresqlVersion)`
  );
}
