import { isOff } from "../../config/data-path";
import { fail, rules, warn } from "../findings";
import { isoTime, type ObservedHost, type ObservedLab, type ObservedRepository } from "../lab";
import { type Reach, reaches } from "../wal";

/** Seconds in which segments that several processes archive may arrive in any order, unless PostgreSQL says how far it is. */
const ASYNC_SECONDS = 60;

/** Seconds that the looks at a primary and at its repository may lie apart. */
const LOOK_SECONDS = 5;

/** Bytes of a WAL segment, where no PostgreSQL says so. */
const SEGMENT_SIZE = 16 * 1024 ** 2;

/** Options with which pgBackRest leaves WAL out, or removes WAL that backups need to get to the newest moment. */
const DROPPING = /^(archive-push-queue-max|repo\d+-retention-archive)$/;

const proof = { proof: true } as const;
const UNSEEN = ["LAB-STANZA-*", "LAB-REPOSITORY-*"] as const;

/** WAL in the repository: whether a restore gets to the newest moment. */
export const WAL = rules(
  {
    "LAB-WAL-HOLE": {
      ...fail("stanza", "no backup{place} restores to the newest moment: {why}; {reaches}", { fullBackup: true }),
      ...{ ...proof, after: UNSEEN },
    },
    "LAB-WAL-UNLISTED": {
      ...fail("stanza", "pgBackRest cannot list the WAL in {its}: {error}", {
        command: "./lab ssh {host} -- sudo -u {account} pgbackrest --stanza={stanza}{option} repo-ls archive/{stanza}",
      }),
      ...{ ...proof, after: UNSEEN },
    },
    "LAB-WAL-DROPPED": {
      ...warn("stanza", "with {subject}, pgBackRest drops WAL that a restore to a later moment needs", {
        sentence: "take {subject} out of lab:pgbackrest or lab:repositories, and watch the free disk space instead",
      }),
      ...proof,
    },
  },
  (lab, tell) => {
    const { repository, repositories, plan, pgbackrest } = lab;
    for (const each of repositories) {
      const words = { ...each.words, subject: "archive", account: repository.account, stanza: plan.stanza };
      const wal = each.facts?.wal;
      if (typeof wal === "string") tell("LAB-WAL-UNLISTED", repository, { ...words, error: wal });
      const found = reachesOf(lab, each);
      if (found.length > 0 && !found.some(({ newest }) => newest)) {
        // What an older backup misses includes what a later one does.
        const missing = found.find((one) => one.missing.length > 0)?.missing.join(", ");
        const why = missing === undefined ? "the cluster left their timeline" : `WAL is missing: ${missing}`;
        const reaches = found.map((reach) => `${reach.label} ${describeReach(reach)}`).join("; ");
        tell("LAB-WAL-HOLE", repository, { ...words, why, reaches });
      }
    }
    for (const subject of Object.keys(pgbackrest).filter((option) => DROPPING.test(option))) {
      tell("LAB-WAL-DROPPED", repository, { subject });
    }
  },
);

/** How far the backups of the present cluster in a repository restore, the oldest first; none where its WAL could not be listed. */
export function reachesOf(
  { primary, standbys, pgbackrest, now }: ObservedLab,
  { stanza, facts }: ObservedRepository,
): Reach[] {
  const archive = stanza?.archive?.at(-1);
  const wal = facts?.wal;
  if (stanza === undefined || archive === undefined || wal === undefined || typeof wal === "string") return [];
  const answering = [primary, ...standbys].map(({ facts }) => facts.postgresql).find((each) => each != null);
  return reaches(
    stanza.backup.filter(({ database }) => database.id === archive.database.id),
    wal[archive.id] ?? { segments: {}, histories: {} },
    {
      timeline: primary.facts.postgresql?.segment?.slice(0, 8),
      segmentSize: answering?.segmentSize ?? SEGMENT_SIZE,
      ...(isOff(pgbackrest["archive-async"]) ? {} : { before: now - ASYNC_SECONDS }),
      acknowledged: acknowledged(primary, now),
    },
  );
}

/** The segment up to which a primary was told that all are archived: it hands them to pgBackRest in order, and deletes none before. */
function acknowledged({ facts }: ObservedHost, now: number): string | undefined {
  const { archivedWal, archived } = facts.postgresql?.archiver ?? {};
  return (archived ?? now) < now - LOOK_SECONDS ? /^[0-9A-F]{24}/.exec(archivedWal ?? "")?.[0] : undefined;
}

/** How far a backup restores, in words. */
export function describeReach({ newest, segment, time }: Omit<Reach, "label">): string {
  if (newest) return "restores to the newest moment";
  if (segment === null) return "restores to no moment: WAL that makes it consistent is missing";
  return `restores to ${isoTime(time ?? 0)} at most, the end of ${segment}`;
}
