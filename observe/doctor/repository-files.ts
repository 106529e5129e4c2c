import type { StanzaInfo } from "../proofs";
import type { Finding } from "./findings";

/** A file of the repository with which something is wrong. */
interface DamagedFile {
  /** As `verify` names it: below the stanza's folder of backups, or of archives. */
  readonly path: string;
  /** `invalid checksum`, `missing file`, …, and why. */
  readonly problem: string;
}

/**
 * What `pgbackrest verify` found damaged.
 *
 * @param host the repository host
 * @param verified what `verify` said of each repository, by number
 * @param info the stanza, undefined when it was not told
 */
export function repositoryFileFindings(
  host: string,
  verified: Readonly<Record<string, string>>,
  info: StanzaInfo | undefined,
): Finding[] {
  return Object.entries(verified).flatMap(([repository, said]): Finding[] => {
    const finding = { host, area: "stanza" } as const;
    const failed = /ERROR: \[\d+\]: .*/.exec(said)?.[0];
    if (failed !== undefined) {
      const cause = `pgbackrest verify of repo${repository} failed: ${failed}`;
      return [{ ...finding, level: "fail", subject: `repo${repository}`, cause, remedy: "see the other findings" }];
    }
    return parseVerify(said).map(({ path, problem }) => {
      const about = { ...finding, subject: path, cause: `repo${repository} holds a damaged file: ${problem}` };
      return isNeeded(path, info)
        ? {
            ...about,
            level: "fail",
            remedy: "take a new full backup: ./lab drift --verify --fix",
            needsFullBackup: true,
          }
        : { ...about, level: "warn", remedy: "none: a later full backup does without it, and pgBackRest expires it" };
    });
  });
}

/** Reads what `verify` says at log level `info`. */
export function parseVerify(said: string): DamagedFile[] {
  const lines = said.matchAll(/INFO: ((?:invalid|missing) \w+) '?([^':\s]+)'?(?:: (.*))?$/gm);
  return [...lines].map(([, problem = "", path = "", why]) => ({
    path,
    problem: why === undefined ? problem : `${problem} (${why})`,
  }));
}

/** Whether the last full backup, or what comes after it, needs a file: a backup by its label, a WAL segment by its name. */
function isNeeded(path: string, info: StanzaInfo | undefined): boolean {
  const last = info?.backup.filter(({ type, error }) => type === "full" && error !== true).at(-1);
  if (last === undefined) return true;
  const label = /^\d{8}-\d{6}F/.exec(path)?.[0];
  if (label !== undefined) return label >= last.label;
  const segment = /\/[0-9A-F]{8}([0-9A-F]{16})-/.exec(path)?.[1];
  // Of another timeline, it may be older or newer: the log's position tells.
  return segment === undefined || segment >= last.archive.start.slice(8);
}
