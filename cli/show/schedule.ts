import { type ReadCalendar, readCalendar } from "../../config/calendar";
import { scheduledIn } from "../../config/schedule";
import type { LabConfig } from "../../config/schema";

const MOMENTS = 3;

/** A kind that is scheduled, its calendar words, and its next moments by a clock in UTC; none where this machine cannot tell. */
export interface ComingRuns {
  readonly kind: string;
  readonly calendar: string;
  readonly next: readonly string[];
}

/** When the repository host will run what is scheduled. */
export function comingRuns(config: Pick<LabConfig, "schedule">, read: ReadCalendar = readCalendar): ComingRuns[] {
  return scheduledIn(config).map((each) => ({ ...each, next: read(each.calendar, MOMENTS)?.next ?? [] }));
}

/** A line for each kind. A host's clock may be another one than UTC's. */
export function renderSchedule(runs: readonly ComingRuns[]): string {
  if (runs.length === 0) return "";
  const lines = runs.map(
    ({ kind, calendar, next }) =>
      `  ${kind.padEnd(6)}  ${calendar}${next.length === 0 ? "" : ": "}${next.join(", ")}\n`,
  );
  return `schedule, and the next times where the repository host's clock shows UTC:\n${lines.join("")}`;
}
