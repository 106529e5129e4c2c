import { clusterOf } from "../../plan/plan";
import { segmentNumber } from "../wal";
import type { PostgreSqlFacts } from "../facts";
import { fail, rules, type Tell, warn } from "../findings";
import { isoTime, type ObservedHost, type ObservedRepository } from "../lab";
import { SERVER_DOWN } from "./peers";

const proof = { proof: true } as const;
const FIX = { steps: true } as const;

/** PostgreSQL does not answer. */
export const DOWN = ["LAB-POSTGRESQL-DOWN", "LAB-UNIT-LOOP:postgresql", "LAB-PG-SILENT"] as const;

/** What keeps WAL from the repository. */
const ARCHIVING = [
  ...[...SERVER_DOWN, "LAB-DISK-FULL", "LAB-STANZA-*", "LAB-REPOSITORY-*", "LAB-NAME-*"],
  ...["LAB-PORT-*", "LAB-TLS-*", "LAB-PEER-*", "LAB-ACCESS-DENIED", "LAB-VERSION-PGBACKREST", "LAB-SETTING-*"],
] as const;

/** Who is primary, and archiving. */
export const POSTGRESQL = rules(
  {
    "LAB-PG-SILENT": {
      ...fail("PostgreSQL", "PostgreSQL does not answer", { command: "./lab ssh {host} -- sudo journalctl -u {unit}" }),
      // A standby that starts needs WAL from the repository.
      ...{
        ...proof,
        after: ["LAB-POSTGRESQL-DOWN", "LAB-UNIT-LOOP:postgresql", "LAB-NAME-*", "LAB-PORT-*", "LAB-STANZA-*"],
      },
    },
    "LAB-PG-PROMOTED": {
      ...fail(
        "PostgreSQL",
        "the standby was promoted, and has committed nothing since: it is a primary beside {primary}",
        FIX,
      ),
      ...{ ...proof, after: DOWN },
    },
    // Somebody's data: no step takes it away unasked.
    "LAB-PG-TWO-PRIMARIES": {
      ...fail("PostgreSQL", "there are two primaries: {host} ({own}) and {primary} ({its})", {
        sentence:
          "if {primary} is to stay the primary, ./lab up --yes-replace {host}: the data is moved aside, not deleted",
      }),
      ...{ ...proof, drift: true, after: DOWN },
    },
    "LAB-PG-FOREIGN": {
      ...fail(
        "PostgreSQL",
        "the standby's data is of another cluster: its system identifier is {system}, {primary}'s is {its}",
        FIX,
      ),
      ...{ ...proof, after: DOWN },
    },
    "LAB-PG-IN-RECOVERY": {
      ...fail("PostgreSQL", "the primary is in recovery", {
        sentence: "see its log: it replays WAL, or holds a standby.signal",
      }),
      ...proof,
    },
    "LAB-ARCHIVE-FAILING": {
      ...fail("PostgreSQL", "WAL segment {subject} was not archived, last tried {time}", {
        sentence:
          "PostgreSQL keeps it and tries again: see its log on {host}, and what lies between it and {repository}",
      }),
      ...{ ...proof, after: ARCHIVING },
    },
    "LAB-ARCHIVE-TAKEN": {
      ...fail(
        "PostgreSQL",
        "WAL segment {subject} was not archived: the repository holds another segment of that name",
        {
          sentence:
            "another cluster, or a former state of this one, archived it: when nobody needs it, delete {subject}-* below archive/{stanza} in " +
            "the repository; PostgreSQL then archives its own",
        },
      ),
      ...{ ...proof, after: ARCHIVING },
    },
    "LAB-ARCHIVE-FAR-BEHIND": {
      ...fail("PostgreSQL", "{gap} WAL segments are written and not in {its}", {
        sentence: "see pg_stat_archiver and PostgreSQL's log: what is not archived is lost with this host",
      }),
      after: ["LAB-ARCHIVE-FAILING", "LAB-ARCHIVE-TAKEN", ...ARCHIVING],
    },
    "LAB-ARCHIVE-BEHIND": {
      ...warn("PostgreSQL", "{gap} WAL segments are written and not in {its}", {
        sentence: "see pg_stat_archiver",
      }),
      after: ["LAB-ARCHIVE-FAILING", "LAB-ARCHIVE-TAKEN", ...ARCHIVING],
    },
  },
  (lab, tell) => {
    const { primary, standbys, repository, plan } = lab;
    const written = primary.facts.postgresql;
    for (const host of [primary, ...standbys]) {
      const { postgresql: seen } = host.facts;
      if (seen === undefined) continue;
      const { service: unit } = clusterOf(plan, host);
      if (seen === null) {
        tell("LAB-PG-SILENT", host, { unit, involves: host === primary ? [] : [repository.name] });
        continue;
      }
      if (host !== primary) tellOrigin(host, primary, tell);
      if (host === primary && seen.inRecovery) tell("LAB-PG-IN-RECOVERY", host);
    }
    if (written == null) return;
    const { failed, archived, failedWal } = written.archiver;
    const involves = [repository.name];
    if ((failed ?? 0) > (archived ?? 0)) {
      const words = { time: isoTime(failed ?? 0), repository: repository.name, stanza: plan.stanza };
      // One that came later is PostgreSQL's own: it does not know yet that this one has arrived.
      const isTaken = lab.repositories.every((each) => (archivedAt(each, failedWal) ?? Infinity) <= (failed ?? 0));
      const code = isTaken ? "LAB-ARCHIVE-TAKEN" : "LAB-ARCHIVE-FAILING";
      tell(code, primary, { subject: failedWal ?? "?", ...words, involves });
    }
    for (const { stanza, words } of lab.repositories) {
      const gap = walGap(stanza?.archive?.at(-1)?.max, written.segment, written.segmentSize) ?? 0;
      if (gap > UNARCHIVED_SEGMENTS.warn) {
        const code = gap > UNARCHIVED_SEGMENTS.fail ? "LAB-ARCHIVE-FAR-BEHIND" : "LAB-ARCHIVE-BEHIND";
        tell(code, primary, { ...words, subject: "archive", gap, involves });
      }
    }
  },
);

/** When the present cluster's archive in a repository got a segment of that name, seconds since 1970; undefined when it has none. */
function archivedAt({ facts, stanza }: ObservedRepository, segment: string | null): number | undefined {
  const wal = facts?.wal;
  const id = stanza?.archive?.at(-1)?.id ?? "";
  return segment !== null && typeof wal === "object" ? wal[id]?.segments[segment] : undefined;
}

/** Whether a standby's data comes from its primary, and still is a standby's. */
function tellOrigin(
  standby: ObservedHost,
  primary: ObservedHost,
  tell: Tell<"LAB-PG-PROMOTED" | "LAB-PG-TWO-PRIMARIES" | "LAB-PG-FOREIGN">,
): void {
  const [seen, written] = [standby.facts.postgresql, primary.facts.postgresql];
  if (seen == null) return;
  const isForeign = written != null && written.system !== seen.system;
  const words = { primary: primary.name, steps: standby.managed.standbyOf?.steps };
  if (seen.inRecovery) {
    if (isForeign) tell("LAB-PG-FOREIGN", standby, { ...words, system: seen.system, its: written.system });
  } else if (!isForeign && seen.promoted?.commits === 0) tell("LAB-PG-PROMOTED", standby, words);
  else {
    const last = seen.promoted?.last ?? seen.lastCommit;
    const own = `${isForeign ? `another cluster, system identifier ${seen.system}, ` : ""}${stateOf({ ...seen, lastCommit: last })}`;
    tell("LAB-PG-TWO-PRIMARIES", standby, { ...words, own, its: written == null ? "not asked" : stateOf(written) });
  }
}

/** Where a primary is. */
function stateOf({ segment, position, lastCommit }: NonNullable<PostgreSqlFacts>): string {
  const timeline = segment === null ? "?" : String(parseInt(segment.slice(0, 8), 16));
  return `timeline ${timeline}, at ${position ?? "?"}, last commit ${lastCommit ?? "unknown"}`;
}

/** WAL segments that are written and not archived: over these. One is always being written. */
const UNARCHIVED_SEGMENTS = { warn: 4, fail: 32 } as const;

/** The segments between the last that reached the repository and the one that PostgreSQL writes to; undefined when it cannot be told. */
export function walGap(
  archived: string | null | undefined,
  written: string | null,
  segmentSize: number,
): number | undefined {
  if (archived == null || written === null || archived.slice(0, 8) !== written.slice(0, 8)) return undefined;
  // At the end of a segment, the one that is written to is that which was just archived.
  return Math.max(0, segmentNumber(written, segmentSize) - segmentNumber(archived, segmentSize) - 1);
}
