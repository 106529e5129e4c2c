import type { LabConfig } from "./schema";

/** What is scheduled, and systemd's calendar words for it where none are set. They do not meet. */
export const SCHEDULE_DEFAULTS = {
  full: "Sun *-*-* 02:00",
  diff: "Mon..Sat *-*-* 02:00",
  incr: "*-*-* 06/4:00",
  verify: "Sat *-*-* 04:00",
} as const;

/** What is scheduled: a backup by pgBackRest's `--type`, or `verify`. */
export type ScheduleKind = keyof typeof SCHEDULE_DEFAULTS;

export const SCHEDULE_KINDS = Object.keys(SCHEDULE_DEFAULTS) as ScheduleKind[];

/** The word that switches one off. */
export const OFF = "off";

/** The largest random delay, in seconds, where none is set. */
export const JITTER_SECONDS = 300;

/** What must be given: on this machine and on the repository host refused in the same words. */
export const CALENDAR_ALLOWED = "systemd's calendar words, such as daily, Sun *-*-* 02:00 or *:0/15, or off";

export const CALENDAR_HINT = 'hint: systemd.time(7), "Calendar Events"; systemd-analyze calendar daily';

/** What the repository host runs by itself, and when. */
export interface Scheduled {
  readonly kind: ScheduleKind;
  /** systemd's calendar words. */
  readonly calendar: string;
}

/** What is scheduled, with its calendar words. */
export function scheduledIn({ schedule }: Pick<LabConfig, "schedule">): Scheduled[] {
  return SCHEDULE_KINDS.flatMap((kind) => (schedule[kind] === OFF ? [] : [{ kind, calendar: schedule[kind] }]));
}
