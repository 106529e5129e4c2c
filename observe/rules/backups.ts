import { allowedAge, renderAge } from "../ages";
import type { ScheduleFacts, StanzaInfo } from "../facts";
import { fail, rules, warn } from "../findings";
import { isFromStandby, lastFullBackup } from "../lab";

const DAY = 24 * 60 * 60;

/** Seconds since the last full backup: over these, where no schedule says how often there is one. */
const FULL_BACKUP_AGE = { warn: 9 * DAY - 1, fail: 30 * DAY - 1 } as const;

const proof = { proof: true } as const;
const AGAIN = { fullBackup: true } as const;
const UNSEEN = ["LAB-STANZA-*", "LAB-REPOSITORY-*"] as const;
const NOT_NEEDED = {
  sentence: "none is needed: a later full backup does without it, and pgBackRest expires it",
} as const;
const OLD = "the last full backup{place}, {subject}, is {age} old";

/** Backups in the repository: whether a restore finds them whole. */
export const BACKUPS = rules(
  {
    "LAB-BACKUP-NONE": {
      ...fail("stanza", "there is no full backup{place}", AGAIN),
      ...proof,
      after: UNSEEN,
    },
    "LAB-BACKUP-NO-STANDBY": {
      ...fail("stanza", "there is no backup from a standby{place}", AGAIN),
      ...{ ...proof, after: ["LAB-BACKUP-NONE", "LAB-HOST-UNREAD", ...UNSEEN] },
    },
    "LAB-BACKUP-CHECKSUM": { ...fail("stanza", "backup {subject} has pages with wrong checksums", AGAIN), ...proof },
    "LAB-BACKUP-LOST": fail("stanza", "backup {subject} is in backup.info{place}, but its folder is missing", AGAIN),
    "LAB-BACKUP-TOO-OLD": fail("stanza", OLD, AGAIN),
    "LAB-BACKUP-OLD": warn("stanza", OLD, {
      command: "./lab ssh {host} -- sudo -u {account} pgbackrest --stanza={stanza}{option} --type=full backup",
    }),
    "LAB-BACKUP-INTERRUPTED": {
      ...warn("stanza", "backup {subject} was interrupted{place}", {
        sentence: "the next backup resumes or removes it",
      }),
      after: UNSEEN,
    },
    "LAB-BACKUP-DAMAGED": fail("stanza", "repo{repo} holds a damaged file, {subject}: {problem}", AGAIN),
    "LAB-BACKUP-DAMAGED-OLD": warn("stanza", "repo{repo} holds a damaged file, {subject}: {problem}", NOT_NEEDED),
    "LAB-VERIFY-FAILED": {
      ...fail("stanza", "pgbackrest verify of repo{repo} failed: {error}", {
        command: "./lab ssh {host} -- sudo -u {account} pgbackrest --stanza={stanza} --repo={repo} verify",
      }),
      after: UNSEEN,
    },
  },
  ({ repository, repositories, standbys, plan, now, stanza: known }, tell) => {
    const { stanza: told, schedule = {} } = repository.facts;
    const verified = repository.facts.verified ?? verifiedBySchedule(schedule.verify);
    const isEarlier = repository.facts.verified === undefined;
    const interval = schedule.full?.interval;
    const age = interval === undefined ? FULL_BACKUP_AGE : allowedAge(interval);
    const isIdle = known?.status.lock?.backup.held !== true;
    for (const each of repositories) {
      const { stanza: info, number: repo } = each;
      const words = { ...each.words, account: repository.account, stanza: plan.stanza };
      const said = verified[repo] ?? "";
      const error = /ERROR: \[\d+\]: .*/.exec(said)?.[0];
      if (error !== undefined) tell("LAB-VERIFY-FAILED", repository, { ...words, subject: `repo${repo}`, repo, error });
      else {
        for (const { path: subject, problem } of parseVerify(said)) {
          const backup = /^\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?/.exec(subject)?.[0];
          // Of a verification that is days old: it has expired since.
          if (isEarlier && backup !== undefined && info?.backup.every(({ label }) => label !== backup)) continue;
          const code = isNeeded(subject, info) ? "LAB-BACKUP-DAMAGED" : "LAB-BACKUP-DAMAGED-OLD";
          tell(code, repository, { ...each.words, subject, repo, problem });
        }
      }
      if (info === undefined) continue;
      const listed = new Set(info.backup.map(({ label }) => label));
      for (const { label: subject, error: hasError } of info.backup) {
        if (hasError === true) tell("LAB-BACKUP-CHECKSUM", repository, { ...words, subject });
      }
      if (isIdle) {
        const labels = told?.labels?.[repo] ?? [...listed];
        for (const subject of labels.filter((label) => !listed.has(label))) {
          tell("LAB-BACKUP-INTERRUPTED", repository, { ...words, subject });
        }
        for (const subject of [...listed].filter((label) => !labels.includes(label))) {
          tell("LAB-BACKUP-LOST", repository, { ...words, subject });
        }
      }
      const last = info.backup.filter(({ type }) => type === "full").at(-1);
      if (last === undefined) tell("LAB-BACKUP-NONE", repository, { ...words, subject: "full" });
      else {
        const seconds = Math.floor(now - last.timestamp.stop);
        const code = seconds > age.fail ? "LAB-BACKUP-TOO-OLD" : "LAB-BACKUP-OLD";
        if (seconds > age.warn) tell(code, repository, { ...words, subject: last.label, age: renderAge(seconds) });
      }
      if (standbys.some(({ revoked }) => !revoked) && !info.backup.some(({ label }) => isFromStandby(each, label))) {
        tell("LAB-BACKUP-NO-STANDBY", repository, { ...words, subject: "standby" });
      }
    }
  },
);

/** Reads what `verify` says at log level `info`. */
export function parseVerify(said: string): { path: string; problem: string }[] {
  const lines = said.matchAll(/INFO: ((?:invalid|missing) \w+) '?([^':\s]+)'?(?:: (.*))?$/gm);
  return [...lines].map(([, problem = "", path = "", why]) => ({
    path,
    problem: why === undefined ? problem : `${problem} (${why})`,
  }));
}

/** Whether the last full backup, or what comes after it, needs a file: a backup by its label, a WAL segment by its name. */
function isNeeded(path: string, info: StanzaInfo | undefined): boolean {
  const last = lastFullBackup(info);
  if (last === undefined) return true;
  const label = /^\d{8}-\d{6}F/.exec(path)?.[0];
  if (label !== undefined) return label >= last.label;
  const segment = /\/[0-9A-F]{8}([0-9A-F]{16})-/.exec(path)?.[1];
  // Of another timeline, it may be older or newer: the log's position tells.
  return segment === undefined || segment >= last.archive.start.slice(8);
}

/** The damage that the last scheduled verify found, by the repository's number. */
function verifiedBySchedule(verify: ScheduleFacts | undefined): Record<string, string> {
  const words = verify?.last?.words ?? "";
  const sections = words.split(/^==== /m).slice(1);
  const damage = (lines: readonly string[]): string => lines.filter((line) => line.includes("INFO: ")).join("\n");
  return Object.fromEntries(
    sections.map((section) => {
      const [repository = "", ...lines] = section.split("\n");
      return [repository, damage(lines)];
    }),
  );
}
