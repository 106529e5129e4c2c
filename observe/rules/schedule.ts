import { scheduleOf, serviceOf, timerOf } from "../../plan/schedule";
import { allowedAge, renderAge } from "../ages";
import type { BackupInfo } from "../facts";
import { fail, rules, warn } from "../findings";
import { isoTime } from "../lab";
import { SERVER_DOWN } from "./peers";
import { parseVerify } from "./backups";
import { stepsOfUnit } from "./units";

const FIX = { steps: true } as const;

/** The types of backup that serve as well as one of this type does. */
const AS_GOOD: Readonly<Record<string, readonly BackupInfo["type"][]>> = {
  diff: ["full", "diff"],
  incr: ["full", "diff", "incr"],
};

/** What keeps backups from being taken, on the repository host and on the primary. */
const FAILS_BACKUPS = [
  ...[...SERVER_DOWN, "LAB-POSTGRESQL-DOWN", "LAB-ARCHIVE-*", "LAB-DISK-FULL", "LAB-STANZA-*", "LAB-REPOSITORY-*"],
  ...["LAB-FILE-*", "LAB-FOLDER-*", "LAB-KEY-*", "LAB-CERT-*", "LAB-NAME-*", "LAB-PORT-*", "LAB-TLS-*", "LAB-PEER-*"],
  ...["LAB-ACCESS-DENIED", "LAB-VERSION-PGBACKREST", "LAB-PACKAGE-*"],
] as const;

/** systemd's words for how a run ended, where pgBackRest has said nothing. */
const ENDED: Readonly<Record<string, string>> = {
  timeout: "it took longer than its time limit",
  "oom-kill": "it took more memory than its limit",
};

/** What the repository host is to run by itself: whether it will, and whether it last did. */
export const SCHEDULE = rules(
  {
    "LAB-SCHEDULE-MASKED": fail("units", "{subject} is masked: nothing runs by schedule {kind}", FIX),
    "LAB-SCHEDULE-STOPPED": {
      ...fail("units", "{subject} is {state}: nothing runs by schedule {kind}", FIX),
      mendedWith: ["LAB-FILE-*"],
    },
    "LAB-SCHEDULE-DISABLED": warn("units", "{subject} runs, but is {enabled}: it will not after a reboot", FIX),
    "LAB-SCHEDULE-ALTERED": warn("units", "{subject} is altered by {files}", {
      command: "./lab ssh {host} -- sudo systemctl revert {subject}",
    }),
    "LAB-SCHEDULE-FAILED": {
      ...fail("stanza", "schedule {kind} failed at {time}: {words}", {
        command: "./lab ssh {host} -- sudo systemctl start {subject}",
      }),
      after: FAILS_BACKUPS,
    },
    "LAB-SCHEDULE-LATE": {
      ...warn("stanza", "the last backup by schedule {kind}{place}, or one that serves as well, is {age} old", {
        command: "./lab ssh {host} -- sudo systemctl start {subject}",
      }),
      after: ["LAB-SCHEDULE-*", "LAB-BACKUP-*", "LAB-STANZA-*", "LAB-REPOSITORY-*"],
    },
  },
  ({ repository, repositories, primary, plan, now }, tell) => {
    const { schedule } = repository.facts;
    for (const { kind } of schedule === undefined ? [] : scheduleOf(plan)) {
      const seen = schedule?.[kind];
      if (seen === undefined) continue;
      const [timer, service] = [timerOf(kind), serviceOf(kind)];
      const found = { subject: timer, kind, steps: stepsOfUnit(repository, timer) };
      const masked = [seen.timer, seen.service].findIndex(({ load }) => load === "masked");
      if (masked >= 0) tell("LAB-SCHEDULE-MASKED", repository, { ...found, subject: masked === 0 ? timer : service });
      else if (seen.timer.state !== "active") {
        const state = seen.timer.load === "not-found" ? "missing" : seen.timer.state;
        tell("LAB-SCHEDULE-STOPPED", repository, { ...found, state });
      } else if (seen.timer.enabled !== "enabled")
        tell("LAB-SCHEDULE-DISABLED", repository, { ...found, enabled: seen.timer.enabled || "not enabled" });
      for (const [subject, { dropIns }] of [
        [timer, seen.timer],
        [service, seen.service],
      ] as const)
        if (dropIns !== "") tell("LAB-SCHEDULE-ALTERED", repository, { ...found, subject, files: dropIns });
      const { last, interval } = seen;
      // Damage is told as what it is.
      const isDamage = kind === "verify" && parseVerify(last?.words ?? "").length > 0;
      if (last !== null && last.result !== "success" && !isDamage) {
        const said = errorIn(last.words) || (ENDED[last.result] ?? `systemd says ${last.result}`);
        tell("LAB-SCHEDULE-FAILED", repository, {
          ...{ ...found, subject: service, time: isoTime(last.time), words: said },
          involves: [primary.name],
        });
      }
      const types = AS_GOOD[kind];
      if (types === undefined || interval === undefined) continue;
      for (const { stanza: info, words } of repositories) {
        const newest = info?.backup.filter(({ type }) => types.includes(type)).at(-1);
        const age = newest === undefined ? 0 : now - newest.timestamp.stop;
        if (age > allowedAge(interval).warn)
          tell("LAB-SCHEDULE-LATE", repository, { ...found, ...words, subject: service, age: renderAge(age) });
      }
    }
  },
);

/** The first error, without what stands before it. */
function errorIn(words: string): string {
  const line = words.split("\n").find((each) => each !== "" && !each.startsWith("==== ")) ?? "";
  return line.replace(/^(repo\d+: )?.*?(ERROR: )/, "$1$2").trim();
}
