import { isOlder } from "./version-support";

/** A major version's final release (PostgreSQL, "Versioning Policy"). */
const POSTGRESQL_END_OF_LIFE: Readonly<Record<number, string>> = {
  10: "2022-11-10",
  11: "2023-11-09",
  12: "2024-11-21",
  13: "2025-11-13",
  14: "2026-11-12",
  15: "2027-11-11",
  16: "2028-11-09",
  17: "2029-11-08",
  18: "2030-11-14",
  19: "2031-11-13",
};

/** The first release after pgBackRest was declared obsolete (2026-04-27) and revived (2026-05-18), and the newest. */
const PGBACKREST_REVIVED = "2.59.1";
const PGBACKREST_CURRENT = "2.60.0";

/**
 * Warnings about versions that get no more fixes.
 * @param today ISO date.
 */
export function supportWarnings(postgresqlVersion: number, pgbackrestVersion: string, today: string): string[] {
  const end = POSTGRESQL_END_OF_LIFE[postgresqlVersion];
  const warnings: string[] = [];
  if (end !== undefined && end < today) {
    warnings.push(
      `PostgreSQL ${postgresqlVersion} has been out of support since ${end}: it gets no more fixes, not even for security`,
    );
  }
  if (isOlder(pgbackrestVersion, PGBACKREST_REVIVED)) {
    warnings.push(
      `pgBackRest ${pgbackrestVersion} is from before the project was declared obsolete (2026-04-27) and revived ` +
        `(2026-05-18): fixes come in ${PGBACKREST_REVIVED} and later; ${PGBACKREST_CURRENT} is current`,
    );
  }
  return warnings;
}
