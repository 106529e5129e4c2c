import { fail, rules, warn } from "../findings";
import { isoTime, isStreaming } from "../lab";
import { segmentNumber } from "../wal";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Bytes of WAL that a standby is behind: over these. */
const BEHIND_BYTES = { warn: 64 * MIB, fail: GIB } as const;

/** Bytes of WAL that a slot which nobody reads keeps: over this it is a failure. */
const SLOT_BYTES = GIB;

const proof = { proof: true } as const;
const DOWN = ["LAB-POSTGRESQL-DOWN", "LAB-UNIT-LOOP", "LAB-PG-SILENT"] as const;
const ROLE = ["LAB-PG-PROMOTED", "LAB-PG-IN-RECOVERY"] as const;
const UNSTREAMED = [...DOWN, ...ROLE, "LAB-NAME-*", "LAB-SETTING-*", "LAB-FILE-*"] as const;
const BEHIND = "{peer} is {behind} MiB of WAL behind the primary";
const SLOT = "replication slot {subject} keeps {keeps} MiB of WAL, and nobody reads it";
const DROP = {
  command: `./lab ssh {host} -- sudo -iu postgres psql -c "\\"SELECT pg_drop_replication_slot('{subject}')\\""`,
} as const;

/** What keeps WAL from the repository. */
const ARCHIVING = [
  ...["LAB-PGBACKREST-DOWN", "LAB-UNIT-LOOP", "LAB-DISK-FULL", "LAB-STANZA-*", "LAB-REPOSITORY-*", "LAB-NAME-*"],
  ...["LAB-PORT-*", "LAB-TLS-*", "LAB-PEER-*", "LAB-ACCESS-DENIED", "LAB-VERSION-PGBACKREST", "LAB-SETTING-*"],
] as const;

/** Roles, archiving, replication. */
export const POSTGRESQL = rules(
  {
    "LAB-PG-SILENT": {
      ...fail("PostgreSQL", "PostgreSQL does not answer", { command: "./lab ssh {host} -- sudo journalctl -u {unit}" }),
      // A standby that starts needs WAL from the repository.
      ...{
        ...proof,
        after: ["LAB-POSTGRESQL-DOWN", "LAB-UNIT-LOOP", "LAB-NAME-*", "LAB-PORT-*", "LAB-STANZA-*"],
      },
    },
    "LAB-PG-PROMOTED": {
      // "current": the promoted cluster may have archived a timeline of its own, which a standby would follow.
      ...fail("PostgreSQL", "the standby was promoted: it is a primary beside {primary}", {
        sentence:
          "if {primary} is to stay the primary, ./lab ssh {host} -- sudo bash -c \"'systemctl stop {unit} && " +
          "mv {data} {data}.promoted-$(date +%s) && runuser -u postgres -- mkdir -m 0700 {data} && runuser -u postgres -- pgbackrest " +
          "--stanza={stanza} --type=standby --target-timeline=current restore && systemctl start {unit}'\"",
      }),
      ...proof,
    },
    "LAB-PG-IN-RECOVERY": {
      ...fail("PostgreSQL", "the primary is in recovery", {
        sentence: "see its log: it replays WAL, or holds a standby.signal",
      }),
      ...proof,
    },
    "LAB-STANDBY-NOT-STREAMING": {
      ...fail(
        "PostgreSQL",
        "the standby does not stream from {primary} (WAL receiver: {receiver}, WAL sender: {sender})",
        {
          command: "./lab ssh {host} -- sudo journalctl -u {unit}",
        },
      ),
      ...{ ...proof, after: ["LAB-REPLICATION-REFUSED", ...UNSTREAMED] },
    },
    "LAB-REPLICATION-REFUSED": {
      ...fail("PostgreSQL", "{primary} does not let the standby stream: {refusal}", { steps: true }),
      ...{ ...proof, after: UNSTREAMED },
    },
    "LAB-REPLAY-PAUSED": {
      ...warn("PostgreSQL", "the standby receives WAL and does not replay it: replay is paused", {
        command: `./lab ssh {host} -- sudo -iu postgres psql -c "'SELECT pg_wal_replay_resume()'"`,
      }),
      after: DOWN,
    },
    "LAB-STANDBY-FAR-BEHIND": fail("PostgreSQL", BEHIND, { sentence: "see the load on {peer}" }),
    "LAB-STANDBY-BEHIND": warn("PostgreSQL", BEHIND, { sentence: "see the load on {peer}" }),
    "LAB-ARCHIVE-FAILING": {
      ...fail("PostgreSQL", "WAL segment {subject} was not archived, last tried {time}", {
        sentence:
          "PostgreSQL keeps it and tries again: see its log on {host}, and what lies between it and {repository}",
      }),
      ...{ ...proof, after: ARCHIVING },
    },
    "LAB-ARCHIVE-FAR-BEHIND": {
      ...fail("PostgreSQL", "{gap} WAL segments are written and not in the repository", {
        sentence: "see pg_stat_archiver and PostgreSQL's log: what is not archived is lost with this host",
      }),
      after: ["LAB-ARCHIVE-FAILING", ...ARCHIVING],
    },
    "LAB-ARCHIVE-BEHIND": {
      ...warn("PostgreSQL", "{gap} WAL segments are written and not in the repository", {
        sentence: "see pg_stat_archiver",
      }),
      after: ["LAB-ARCHIVE-FAILING", ...ARCHIVING],
    },
    "LAB-SLOT-KEEPS-WAL": { ...fail("PostgreSQL", SLOT, DROP), ...proof, after: DOWN },
    "LAB-SLOT-UNUSED": { ...warn("PostgreSQL", SLOT, DROP), ...proof, after: DOWN },
  },
  (lab, tell) => {
    const { primary, standbys, repository, plan } = lab;
    const { service: unit, dataFolder: data } = plan.postgresql;
    const written = primary.facts.postgresql;
    for (const host of [primary, ...standbys]) {
      const { postgresql: seen } = host.facts;
      if (seen === undefined) continue;
      if (seen === null) {
        tell("LAB-PG-SILENT", host, { unit, involves: host === primary ? [] : [repository.name] });
        continue;
      }
      if (host !== primary && !seen.inRecovery) {
        tell("LAB-PG-PROMOTED", host, { unit, data, primary: primary.name, stanza: plan.stanza });
      }
      if (seen.replayPaused === true) tell("LAB-REPLAY-PAUSED", host);
      if (host === primary && seen.inRecovery) tell("LAB-PG-IN-RECOVERY", host);
      for (const { name: subject, keeps } of seen.inactiveSlots) {
        const code = (keeps ?? 0) > SLOT_BYTES ? "LAB-SLOT-KEEPS-WAL" : "LAB-SLOT-UNUSED";
        tell(code, host, { subject, keeps: Math.ceil((keeps ?? 0) / MIB) });
      }
    }
    for (const standby of standbys) {
      const sender = written?.replication.find(({ address }) => address === standby.address);
      const [receiver, behind] = [standby.facts.postgresql?.receiver, sender?.behind ?? 0];
      const refusal = standby.facts.postgresql?.refusal ?? "";
      if (refusal !== "") {
        const steps = [
          ...(primary.managed.replicationRole?.steps ?? []),
          ...(primary.managed.settings?.steps ?? []),
          ...(standby.managed.settings?.steps ?? []),
        ];
        tell("LAB-REPLICATION-REFUSED", standby, { primary: primary.name, refusal, steps, involves: [primary.name] });
      }
      if (!isStreaming(standby, primary)) {
        tell("LAB-STANDBY-NOT-STREAMING", standby, {
          ...{ unit, primary: primary.name, receiver: receiver ?? "none", sender: sender?.state ?? "none" },
          involves: [primary.name],
        });
      } else if (behind > BEHIND_BYTES.warn) {
        const code = behind > BEHIND_BYTES.fail ? "LAB-STANDBY-FAR-BEHIND" : "LAB-STANDBY-BEHIND";
        tell(code, primary, { peer: standby.name, behind: Math.floor(behind / MIB) });
      }
    }
    if (written == null) return;
    const { failed, archived, failedWal } = written.archiver;
    const involves = [repository.name];
    if ((failed ?? 0) > (archived ?? 0)) {
      const words = { time: isoTime(failed ?? 0), repository: repository.name };
      tell("LAB-ARCHIVE-FAILING", primary, { subject: failedWal ?? "?", ...words, involves });
    }
    const gap = walGap(lab.stanza?.archive?.at(-1)?.max, written.segment, written.segmentSize) ?? 0;
    if (gap > UNARCHIVED_SEGMENTS.warn) {
      const code = gap > UNARCHIVED_SEGMENTS.fail ? "LAB-ARCHIVE-FAR-BEHIND" : "LAB-ARCHIVE-BEHIND";
      tell(code, primary, { subject: "archive", gap, involves });
    }
  },
);

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
