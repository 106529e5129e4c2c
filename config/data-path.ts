import type { LabConfig, PgBackRestOptions } from "./schema";
import { hasFeature } from "./version-support";

/** The part of the configuration that decides how data moves. */
export type DataPathConfig = Pick<LabConfig, "pgbackrest" | "pgbackrestVersion" | "cpus">;

/**
 * pgBackRest's options as they are when the stack leaves them out, and those that it sets (`lab:pgbackrest`), which win. The defaults are what
 * moves data fastest where this version has it in a sound form: docs/decisions/0016 has the figures.
 */
export function pgBackRestOptions({ pgbackrest, pgbackrestVersion, cpus }: DataPathConfig): PgBackRestOptions {
  const bundles = hasFeature(pgbackrestVersion, "repo1-bundle") && !isOff(pgbackrest["repo1-bundle"]);
  return {
    // Half of the processors, so that backups and WAL leave some to PostgreSQL.
    "process-max": Math.max(2, Math.floor(cpus / 2)),
    "compress-type": "zst",
    ...(bundles ? { "repo1-bundle": true } : {}),
    // Blocks are kept in bundles alone.
    ...(bundles && hasFeature(pgbackrestVersion, "repo1-block") ? { "repo1-block": true } : {}),
    "archive-async": true,
    ...pgbackrest,
  };
}

/** Whether an option is switched off, in one of pgBackRest's words. */
export function isOff(value: PgBackRestOptions[string] | undefined): boolean {
  return value === false || value === "n" || value === "no" || value === "off" || value === "false";
}
