import { describe, expect, it } from "vitest";
import { comingRuns, renderSchedule } from "../../cli/show/schedule";
import { calendarProblems, momentsIn, readCalendar } from "../../config/calendar";
import type { ScheduleFacts } from "../../observe/facts";
import { scheduleOf, unscheduledKinds } from "../../plan/schedule";
import { renderService, renderTimer } from "../../render/schedule";
import type { ManagedHost } from "../../steps/inventory";
import { BACKUP, deployedLab, INFO, judged, NOW, told } from "../support/observed-lab";
import { problemsOf, stackConfig, stackPlan } from "../support/stack-config";

const REFUSED = "must be systemd's calendar words, such as daily, Sun *-*-* 02:00 or *:0/15, or off, got";
const HINT = 'hint: systemd.time(7), "Calendar Events"; systemd-analyze calendar daily';

describe("lab:schedule", () => {
  it("is on by default, and off in stack container", () => {
    expect(scheduleOf(stackPlan("dev"))).toEqual([
      { kind: "full", calendar: "Sun *-*-* 02:00" },
      { kind: "diff", calendar: "Mon..Sat *-*-* 02:00" },
      { kind: "incr", calendar: "*-*-* 06/4:00" },
      { kind: "verify", calendar: "Sat *-*-* 04:00" },
    ]);
    expect(stackPlan("local").schedule).toEqual(stackPlan("dev").schedule);
    expect(stackPlan("container").schedule).toEqual([]);
    expect(unscheduledKinds(stackPlan("container"))).toEqual(["full", "diff", "incr", "verify"]);
  });

  it("keeps the defaults of what is not set", () => {
    const { schedule } = stackConfig("container", { schedule: { incr: "off" } });
    expect(schedule).toEqual({
      ...{ full: "Sun *-*-* 02:00", diff: "Mon..Sat *-*-* 02:00", incr: "off", verify: "Sat *-*-* 04:00" },
      jitterSeconds: 300,
    });
  });

  it.each([
    [
      { full: "Sonntag" },
      `.full ${REFUSED} "Sonntag": Failed to parse calendar specification 'Sonntag': Invalid argument; ${HINT}`,
    ],
    [{ incr: "2020-01-01" }, `.incr ${REFUSED} "2020-01-01": which is past; ${HINT}`],
    [{ diff: "daily\nUser=root" }, `.diff ${REFUSED} "daily\\nUser=root"; ${HINT}`],
    [{ verify: false }, `.verify ${REFUSED} false; ${HINT}`],
    [{ hourly: "daily" }, ".hourly is an unknown field; allowed are full, diff, incr, verify, jitterSeconds"],
    [{ jitterSeconds: -1 }, ".jitterSeconds must be a whole number from 0 to 86400, got -1"],
  ])("refuses %o", (schedule, problem) => {
    expect(problemsOf({ schedule })).toEqual([`lab:schedule${problem}`]);
  });

  it("is not judged where systemd-analyze is missing: the repository host does that", () => {
    const { schedule } = stackConfig("dev");
    expect(calendarProblems({ schedule: { ...schedule, full: "Sonntag" } }, () => undefined)).toEqual([]);
  });

  it("has the next moments as systemd tells them", () => {
    expect(readCalendar("*-*-* 02:00", 3)?.next).toHaveLength(3);
    expect(momentsIn("    Next elapse: Sun 2026-11-29 00:00:00 UTC\n       From now: 10h left\n")).toEqual([
      "Sun 2026-11-29 00:00:00 UTC",
    ]);
  });
});

it("is shown by preview with its next three times, where they can be told", () => {
  const config = stackConfig("container", { schedule: { diff: "off", incr: "off", verify: "off" } });
  const runs = comingRuns(config, (_, moments) => ({
    next: Array.from({ length: moments }, (_each, at) => `T${at}`),
    problem: "",
  }));
  const head = "schedule, and the next times where the repository host's clock shows UTC:\n";
  expect(renderSchedule(runs)).toBe(`${head}  full    Sun *-*-* 02:00: T0, T1, T2\n`);
  expect(renderSchedule(comingRuns(config, () => undefined))).toBe(`${head}  full    Sun *-*-* 02:00\n`);
  expect(renderSchedule(comingRuns(stackConfig("container")))).toBe("");
});

describe("its units", () => {
  const plan = stackPlan("dev", { repositories: [{ path: "/a" }, { path: "/b" }] });

  it("are a timer", () => {
    expect(renderTimer(plan, { kind: "incr", calendar: "*-*-* 06/4:00" }, 300)).toBe(`[Unit]
Description=When stanza demo gets its incremental backup

[Timer]
OnCalendar=*-*-* 06/4:00
AccuracySec=1s
RandomizedDelaySec=300
Persistent=yes

[Install]
WantedBy=timers.target
`);
  });

  it("are a service that runs as pgBackRest's account, bounded, for each repository", () => {
    expect(renderService(plan, "full")).toBe(`[Unit]
Description=Scheduled full backup of stanza demo
Wants=network-online.target
After=network-online.target pgbackrest.service

[Service]
Type=oneshot
User=pgbackrest
Group=pgbackrest
ExecStart=/bin/bash /usr/local/lib/lab/scheduled-run.sh full demo /var/lib/lab-schedule/full 1 2
ExecStopPost=/bin/bash /usr/local/lib/lab/scheduled-record.sh /var/lib/lab-schedule/full
StateDirectory=lab-schedule
TimeoutStartSec=24h
Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=7
MemoryMax=75%
NoNewPrivileges=yes
`);
  });
});

describe("its findings", () => {
  const GOOD_UNIT = { load: "loaded", state: "active", enabled: "enabled", dropIns: "" };
  const KIND: ScheduleFacts = {
    timer: GOOD_UNIT,
    service: { ...GOOD_UNIT, state: "inactive", enabled: "static" },
    next: NOW + 60,
    last: { time: NOW - 60, result: "success", words: "" },
  };
  const lab = deployedLab({ schedule: { full: "daily", incr: "off", verify: "daily" } });
  const units = [{ name: "lab-pgbackrest-full.timer", steps: ["backup-srv-schedule-install"] }];
  const managed = { ...lab.managed, "backup-srv": { ...lab.managed?.["backup-srv"], units } as ManagedHost };
  const find = (kind: "full" | "diff" | "verify", changes: Partial<ScheduleFacts>, more: object = {}) =>
    judged(
      { "backup-srv": { schedule: { full: KIND, [kind]: { ...KIND, ...changes } }, ...more } },
      { ...lab, managed },
    );
  const causes = (...args: Parameters<typeof find>): string[] => told(find(...args).causes);
  const AT = new Date((NOW - 60) * 1000).toISOString().replace(".000", "");
  const failed = (result: string, words: string) => ({ last: { time: NOW - 60, result, words } });

  it.each<[string, Partial<ScheduleFacts>, string[]]>([
    ["what runs by itself", {}, []],
    ["a run that left a repository out", failed("success", "repo2: left out: another backup"), []],
    [
      "a timer that was stopped",
      { timer: { ...GOOD_UNIT, state: "inactive" } },
      ["fail LAB-SCHEDULE-STOPPED backup-srv: lab-pgbackrest-full.timer is inactive: nothing runs by schedule full"],
    ],
    [
      "one that is missing",
      { timer: { load: "not-found", state: "inactive", enabled: "", dropIns: "" } },
      ["fail LAB-SCHEDULE-STOPPED backup-srv: lab-pgbackrest-full.timer is missing: nothing runs by schedule full"],
    ],
    [
      "one that does not start with the host",
      { timer: { ...GOOD_UNIT, enabled: "disabled" } },
      [
        "warn LAB-SCHEDULE-DISABLED backup-srv: lab-pgbackrest-full.timer runs, but is disabled: it will not after a reboot",
      ],
    ],
    [
      "a unit that is masked",
      { service: { ...GOOD_UNIT, load: "masked" } },
      ["fail LAB-SCHEDULE-MASKED backup-srv: lab-pgbackrest-full.service is masked: nothing runs by schedule full"],
    ],
    [
      "a drop-in",
      { timer: { ...GOOD_UNIT, dropIns: "/etc/systemd/system/lab-pgbackrest-full.timer.d/mine.conf" } },
      [
        "warn LAB-SCHEDULE-ALTERED backup-srv: lab-pgbackrest-full.timer is altered by /etc/systemd/system/lab-pgbackrest-full.timer.d/mine.conf",
      ],
    ],
    [
      "a run that failed",
      failed("exit-code", "repo2: P00  ERROR: [041]: unable to open\n       HINT: b"),
      [`fail LAB-SCHEDULE-FAILED backup-srv: schedule full failed at ${AT}: repo2: ERROR: [041]: unable to open`],
    ],
    [
      "a run that took too long",
      failed("timeout", ""),
      [`fail LAB-SCHEDULE-FAILED backup-srv: schedule full failed at ${AT}: it took longer than its time limit`],
    ],
    [
      "a run that a signal ended",
      failed("signal", ""),
      [`fail LAB-SCHEDULE-FAILED backup-srv: schedule full failed at ${AT}: systemd says signal`],
    ],
  ])("are right for %s", (_, changes, expected) => {
    expect(causes("full", changes)).toEqual(expected);
  });

  it("are put right by the step, or by a run of the service", () => {
    expect(find("full", { timer: { ...GOOD_UNIT, state: "inactive" } }).causes[0]).toMatchObject({
      remedy: "./lab drift --fix",
      steps: ["backup-srv-schedule-install"],
    });
    const { causes: found, proven } = find("full", failed("exit-code", "ERROR: [041]: a"));
    expect([found[0]?.remedy, found[0]?.steps, proven]).toEqual([
      "./lab ssh backup-srv -- sudo systemctl start lab-pgbackrest-full.service",
      undefined,
      true,
    ]);
  });

  it("follow from what keeps backups from being taken", () => {
    const found = judged(
      {
        "backup-srv": { schedule: { full: { ...KIND, ...failed("exit-code", "ERROR: [056]: a") } } },
        "pg1-srv": "no route",
      },
      lab,
    );
    expect(found.consequences.map(({ code, follows }) => [code, follows])).toContainEqual([
      "LAB-SCHEDULE-FAILED",
      "LAB-HOST-UNREACHABLE pg1-srv",
    ]);
  });

  const HOURLY = 3600;
  it("judge ages by the schedule", () => {
    const old = (hours: number) => {
      const backup = { ...BACKUP, timestamp: { start: 0, stop: NOW - hours * 3600 } };
      return {
        stanza: { version: "2.45", stopped: [], info: [{ ...INFO, backup: [backup] }], labels: { 1: [BACKUP.label] } },
      };
    };
    expect(causes("full", { interval: HOURLY }, old(2))).toEqual([]);
    expect(causes("full", { interval: HOURLY }, old(3))).toEqual([
      `warn LAB-BACKUP-OLD backup-srv: the last full backup, ${BACKUP.label}, is 3 hours old`,
    ]);
    expect(causes("full", { interval: HOURLY }, old(6))).toEqual([
      `fail LAB-BACKUP-TOO-OLD backup-srv: the last full backup, ${BACKUP.label}, is 6 hours old`,
    ]);
    expect(causes("full", {}, old(8 * 24))).toEqual([]);
    expect(causes("diff", { interval: HOURLY }, old(3))).toEqual([
      "warn LAB-SCHEDULE-LATE backup-srv: the last backup by schedule diff, or one that serves as well, is 3 hours old",
    ]);
  });

  it("tell of damage that a verification found, unless it has expired, and of an error of its own", () => {
    const damage = (label: string): string => `==== 1\nP00   INFO: invalid checksum '${label}/pg_data/1.gz'`;
    expect(causes("verify", failed("exit-code", damage(BACKUP.label)))).toEqual([
      `fail LAB-BACKUP-DAMAGED backup-srv: repo1 holds a damaged file, ${BACKUP.label}/pg_data/1.gz: invalid checksum`,
    ]);
    expect(causes("verify", failed("exit-code", damage("20261101-020000F")))).toEqual([]);
    expect(causes("verify", failed("exit-code", "==== 1\nP00  ERROR: [055]: unable to load"))).toEqual([
      `fail LAB-SCHEDULE-FAILED backup-srv: schedule verify failed at ${AT}: ERROR: [055]: unable to load`,
    ]);
  });
});
