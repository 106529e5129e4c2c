import type { StanzaInfo } from "../proofs";
import type { StanzaFacts } from "./facts";
import type { Finding, Level } from "./findings";
import { FULL_BACKUP_DAYS, UNARCHIVED_SEGMENTS } from "./thresholds";

const DAY = 24 * 60 * 60;

/** What is wrong with the stanza as a host sees it. The exit status of `info` says nothing. */
export function stanzaFindings(host: string, stanza: string, { info, stopped }: StanzaFacts): Finding[] {
  const tell = teller(host);
  const findings = stopped
    ? [
        tell(
          "fail",
          "/tmp/pgbackrest",
          "pgBackRest was stopped on this host: no backup, no archiving [62]",
          "pgbackrest start",
        ),
      ]
    : [];
  if (info === null)
    return [...findings, tell("fail", stanza, "pgbackrest info did not answer", "see the other findings")];
  const found = info.find(({ name }) => name === stanza);
  if (found === undefined)
    return [...findings, tell("fail", stanza, `pgbackrest info knows no stanza ${stanza}`, "./lab up")];
  const { code, message } = found.status;
  if (code === 0) return findings;
  return [
    ...findings,
    tell("fail", stanza, `stanza ${stanza}: ${message} (status ${code})`, "pgbackrest check tells more"),
  ];
}

/** What is wrong with the backups, as the repository host sees them. */
export function backupFindings(host: string, info: StanzaInfo, now: number): Finding[] {
  const tell = teller(host);
  const findings = info.backup
    .filter(({ error }) => error === true)
    .map(({ label }) =>
      tell(
        "fail",
        label,
        `backup ${label} has pages with wrong checksums`,
        "pgbackrest verify; take a new full backup",
      ),
    );
  const last = info.backup.filter(({ type }) => type === "full").at(-1);
  if (last === undefined)
    return [...findings, tell("fail", "full", "there is no full backup", "pgbackrest --type=full backup")];
  const days = (now - last.timestamp.stop) / DAY;
  if (days <= FULL_BACKUP_DAYS.warn) return findings;
  const cause = `the last full backup, ${last.label}, is ${Math.floor(days)} days old`;
  return [
    ...findings,
    tell(days > FULL_BACKUP_DAYS.fail ? "fail" : "warn", last.label, cause, "pgbackrest --type=full backup"),
  ];
}

/** Backups whose folder lies in the repository, though `info` does not know them, and none is at work. */
export function brokenOffFindings(host: string, info: StanzaInfo, labels: readonly string[]): Finding[] {
  if (info.status.lock?.backup.held === true) return [];
  const known = new Set(info.backup.map(({ label }) => label));
  const remedy = "the next backup goes on from it, or removes it";
  return labels
    .filter((label) => !known.has(label))
    .map((label) => teller(host)("warn", label, `backup ${label} was broken off`, remedy));
}

/** The age of the last backup of each type, seconds. */
export function backupAges(info: StanzaInfo, now: number): Record<string, number> {
  return Object.fromEntries(info.backup.map(({ type, timestamp }) => [type, now - timestamp.stop]));
}

/** The segments between the last that reached the repository and the one that PostgreSQL writes to; undefined when it cannot be told. */
export function walGap(
  archived: string | null | undefined,
  written: string | null,
  segmentSize: number,
): number | undefined {
  if (archived == null || written === null || archived.slice(0, 8) !== written.slice(0, 8)) return undefined;
  // At the end of a segment, the one that is written to is that which was just archived.
  return Math.max(0, number(written, segmentSize) - number(archived, segmentSize) - 1);
}

/** A segment's number: its name is timeline, log and segment of the log, 8 hexadecimal digits each (PostgreSQL, "WAL Internals"). */
function number(name: string, segmentSize: number): number {
  return parseInt(name.slice(8, 16), 16) * (2 ** 32 / segmentSize) + parseInt(name.slice(16, 24), 16);
}

/** WAL that waits to be archived. */
export function walFindings(host: string, gap: number | undefined): Finding[] {
  if (gap === undefined || gap <= UNARCHIVED_SEGMENTS.warn) return [];
  const cause = `${gap} WAL segments are written and not in the repository`;
  const remedy = "see pg_stat_archiver and PostgreSQL's log: what is not archived is lost with this host";
  return [teller(host)(gap > UNARCHIVED_SEGMENTS.fail ? "fail" : "warn", "archive", cause, remedy)];
}

function teller(host: string) {
  return (level: Level, subject: string, cause: string, remedy: string): Finding => ({
    level,
    host,
    area: "stanza",
    subject,
    cause,
    remedy,
  });
}
