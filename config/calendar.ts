import { spawnSync } from "node:child_process";
import { CALENDAR_ALLOWED, CALENDAR_HINT, SCHEDULE_DEFAULTS, scheduledIn } from "./schedule";
import type { LabConfig } from "./schema";

/** What systemd makes of calendar words. */
export interface Calendar {
  /** The next moments, by a clock in UTC, such as `Sun 2026-11-29 02:00:00 UTC`; none for a moment that is past. */
  readonly next: readonly string[];
  /** What is wrong with the words; empty when nothing is. */
  readonly problem: string;
}

/** Reads calendar words; undefined on a machine without systemd-analyze. */
export type ReadCalendar = (words: string, moments: number) => Calendar | undefined;

/** As this machine's systemd reads them. */
export const readCalendar: ReadCalendar = (words, moments) => {
  const asked = ["calendar", `--iterations=${moments}`, words];
  const env = { ...process.env, TZ: "UTC", LC_ALL: "C", SYSTEMD_COLORS: "0" };
  const { error, status, stdout, stderr } = spawnSync("systemd-analyze", asked, { encoding: "utf8", env });
  if (error !== undefined) return undefined;
  return { next: momentsIn(stdout), problem: status === 0 ? "" : (stderr.trim().split("\n").at(-1) ?? "") };
};

/** The moments in what `systemd-analyze calendar` prints. */
export function momentsIn(told: string): string[] {
  return told.match(/\b[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/gm) ?? [];
}

/** Problems of the calendar words that a user has set, as far as this machine can tell. The repository host tells too. */
export function calendarProblems(
  config: Pick<LabConfig, "schedule">,
  read: ReadCalendar = readCalendar,
): { readonly place: string; readonly problem: string }[] {
  return scheduledIn(config).flatMap(({ kind, calendar: words }) => {
    const { next, problem } = (words === SCHEDULE_DEFAULTS[kind] ? undefined : read(words, 1)) ?? {
      next: [words],
      problem: "",
    };
    if (problem === "" && next.length > 0) return [];
    const why = problem === "" ? "which is past" : problem;
    return [
      {
        place: `.${kind}`,
        problem: `must be ${CALENDAR_ALLOWED}, got ${JSON.stringify(words)}: ${why}; ${CALENDAR_HINT}`,
      },
    ];
  });
}
