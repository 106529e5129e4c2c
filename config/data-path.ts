import { optionOf } from "./repositories";
import type { LabConfig, PgBackRestOptions, Repository } from "./schema";
import { hasFeature } from "./version-support";

/** The part of the configuration that decides how data moves. */
export type DataPathConfig = Pick<LabConfig, "pgbackrest" | "pgbackrestVersion" | "cpus" | "repositories">;

/**
 * pgBackRest's options as they are when the stack leaves them out, and those that it sets (`lab:pgbackrest`), which win. The defaults are what
 * moves data fastest where this version has it in a sound form: docs/decisions/0016 has the figures.
 */
export function pgBackRestOptions(config: DataPathConfig): PgBackRestOptions {
  const { pgbackrest, cpus, repositories } = config;
  return {
    // Half of the processors, so that backups and WAL leave some to PostgreSQL.
    "process-max": Math.max(2, Math.floor(cpus / 2)),
    "compress-type": "zst",
    ...Object.fromEntries(repositories.flatMap((repository, index) => bundling(config, repository, index + 1))),
    "archive-async": true,
    ...pgbackrest,
  };
}

/** How a repository keeps small files, and parts of large ones, unless its own fields say so. */
function bundling(
  { pgbackrest, pgbackrestVersion }: DataPathConfig,
  { bundle, block }: Repository,
  number: number,
): [string, boolean][] {
  const [bundles, blocks] = [optionOf(number, "bundle"), optionOf(number, "block")];
  if (!hasFeature(pgbackrestVersion, bundles) || isOff(bundle ?? pgbackrest[bundles])) return [];
  const defaults: [string, boolean][] = bundle === undefined ? [[bundles, true]] : [];
  // Blocks are kept in bundles alone.
  return block === undefined && hasFeature(pgbackrestVersion, blocks) ? [...defaults, [blocks, true]] : defaults;
}

/** Whether an option is switched off, in one of pgBackRest's words. */
export function isOff(value: PgBackRestOptions[string] | undefined): boolean {
  return value === false || value === "n" || value === "no" || value === "off" || value === "false";
}
