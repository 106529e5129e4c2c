import type { Scheduled, ScheduleKind } from "../config/schedule";
import { PGBACKREST_UNIT, REPOSITORY_ACCOUNT } from "../plan/layout";
import { repositoriesOf, type LabPlan } from "../plan/plan";
import { SCHEDULE_FOLDER, SCHEDULE_STATES } from "../plan/schedule";
import { renderSystemdIni } from "./ini-dialects";

/** The script that a service runs, and the one that keeps its outcome. */
export const SCHEDULE_SCRIPTS = {
  run: "/usr/local/lib/lab/scheduled-run.sh",
  record: "/usr/local/lib/lab/scheduled-record.sh",
} as const;

/** What each is called. */
const TITLES: Readonly<Record<ScheduleKind, string>> = {
  full: "full backup",
  diff: "differential backup",
  incr: "incremental backup",
  verify: "verification",
};

/** A run that takes longer is ended. */
const LIMIT = "24h";

/** The timer of a kind. */
export function renderTimer({ stanza }: Pick<LabPlan, "stanza">, { kind, calendar }: Scheduled, jitterSeconds: number) {
  return renderSystemdIni({
    Unit: { Description: `When stanza ${stanza} gets its ${TITLES[kind]}` },
    Timer: {
      OnCalendar: calendar,
      // By itself, systemd puts runs together within a minute.
      AccuracySec: "1s",
      RandomizedDelaySec: jitterSeconds,
      // What was due while the host was off is made up for.
      Persistent: true,
    },
    Install: { WantedBy: "timers.target" },
  });
}

/**
 * The service of a kind: in every repository, one after the other. It yields to whatever else the host does; PostgreSQL hosts read as the
 * backup asks them to. systemd starts no second one beside it.
 */
export function renderService(plan: LabPlan, kind: ScheduleKind): string {
  const state = `${SCHEDULE_STATES}/${kind}`;
  const repositories = repositoriesOf(plan).map(({ number }) => number);
  return renderSystemdIni({
    Unit: {
      Description: `Scheduled ${TITLES[kind]} of stanza ${plan.stanza}`,
      Wants: "network-online.target",
      After: `network-online.target ${PGBACKREST_UNIT}`,
    },
    Service: {
      Type: "oneshot",
      User: REPOSITORY_ACCOUNT,
      Group: REPOSITORY_ACCOUNT,
      ExecStart: `/bin/bash ${SCHEDULE_SCRIPTS.run} ${[kind, plan.stanza, state, ...repositories].join(" ")}`,
      ExecStopPost: `/bin/bash ${SCHEDULE_SCRIPTS.record} ${state}`,
      StateDirectory: SCHEDULE_FOLDER,
      TimeoutStartSec: LIMIT,
      Nice: 10,
      IOSchedulingClass: "best-effort",
      IOSchedulingPriority: 7,
      MemoryMax: "75%",
      NoNewPrivileges: true,
    },
  });
}
