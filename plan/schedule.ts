import { SCHEDULE_KINDS, type Scheduled, type ScheduleKind } from "../config/schedule";
import type { LabPlan } from "./plan";

/** The folder in which the outcome of each kind's last run is kept, on the repository host. */
export const SCHEDULE_FOLDER = "lab-schedule";

/** The same as a path: systemd has it in its folder for states. */
export const SCHEDULE_STATES = `/var/lib/${SCHEDULE_FOLDER}`;

/** The systemd unit that says when. */
export function timerOf(kind: ScheduleKind): string {
  return `lab-pgbackrest-${kind}.timer`;
}

/** The systemd unit that runs it. */
export function serviceOf(kind: ScheduleKind): string {
  return `lab-pgbackrest-${kind}.service`;
}

/** A unit's file. */
export function unitFileOf(unit: string): string {
  return `/etc/systemd/system/${unit}`;
}

/** What is scheduled; nothing in the plan of a lab that is older than schedules. */
export function scheduleOf({ schedule }: Pick<LabPlan, "schedule">): readonly Scheduled[] {
  return schedule ?? [];
}

/** The kinds that are switched off. */
export function unscheduledKinds(plan: Pick<LabPlan, "schedule">): ScheduleKind[] {
  return SCHEDULE_KINDS.filter((kind) => scheduleOf(plan).every((each) => each.kind !== kind));
}

/** Every unit that a schedule may have. */
export const SCHEDULE_UNITS = SCHEDULE_KINDS.flatMap((kind) => [timerOf(kind), serviceOf(kind)]);
