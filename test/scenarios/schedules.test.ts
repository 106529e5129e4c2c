import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";

/** Timers on the repository host: they fire, one that fails is seen, one that is stopped comes back, and off takes them away. */
const lab = new ScenarioLab("container", "schedules");
const skipped = reasonToSkip();

const OFTEN = { full: "*:0/1:30", diff: "*:*:10/30", incr: "*:*:0/20", verify: "*:0/1:50", jitterSeconds: 0 };
const SELDOM = { full: "Sun *-*-* 02:00", diff: "daily", incr: "*-*-* 06/4:00", verify: "off" };
const NEVER = { full: "off", diff: "off", incr: "off", verify: "off" };

const options = (schedule: object): string[] => [
  ...["--config=lab:standbys=0", `--config=lab:schedule=${JSON.stringify(schedule)}`],
];
const up = (schedule: object): Promise<string> => lab.must("up", "--yes", ...options(schedule));

interface Told {
  readonly code: string;
  readonly cause: string;
  readonly remedy: string;
  readonly follows?: string;
}
async function doctor(): Promise<{ healthy: boolean; findings: Told[]; consequences: Told[] }> {
  return JSON.parse((await lab.run("doctor", "--json")).stdout) as Awaited<ReturnType<typeof doctor>>;
}
const codes = async (): Promise<string[]> => (await doctor()).findings.map(({ code }) => code);

interface Schedule {
  readonly kind: string;
  readonly next: string | null;
  readonly last: { readonly time: string; readonly outcome: string } | null;
}
const schedule = async (): Promise<readonly Schedule[]> =>
  ((await lab.status()) as unknown as { schedule: Schedule[] }).schedule;
const onHost = (command: string): Promise<string> => lab.on("backup-srv", `cd /; ${command}`);
const unitFiles = (): Promise<string> =>
  onHost("ls /etc/systemd/system /usr/local/lib/lab 2>/dev/null | grep -E '^(lab-pgbackrest|scheduled)' || true");

/** Waits, so many seconds at most, until this holds. */
async function until(seconds: number, holds: () => Promise<boolean>): Promise<void> {
  const begun = Date.now();
  while (!(await holds())) {
    if (Date.now() - begun > seconds * 1000) throw new Error(`it does not hold within ${seconds} s`);
  }
}

beforeAll(async () => {
  if (skipped === undefined) await lab.begin();
});

afterAll(async () => {
  await lab.remove();
});

describe.skipIf(skipped)(`schedules${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("are refused before anything is made when systemd does not understand them", async () => {
    const { status, stderr } = await lab.run("up", "--yes", ...options({ incr: "every now and then" }));
    expect([status, stderr]).toEqual([
      1,
      `lab: lab:schedule.incr must be systemd's calendar words, such as daily, Sun *-*-* 02:00 or *:0/15, or off, got "every now and then": ` +
        `Failed to parse calendar specification 'every now and then': Invalid argument; hint: systemd.time(7), "Calendar Events"; systemd-analyze calendar daily\n`,
    ]);
  });

  it("have every kind run, as pgBackRest's account, and disturb neither the doctor nor up", async () => {
    await up(OFTEN);
    await until(240, async () => {
      const told = await schedule();
      return told.length === 4 && told.every(({ last }) => last?.outcome === "good");
    });
    const types = (await lab.status()).backups.map(({ type }) => type);
    expect([...new Set(types)].sort()).toEqual(["diff", "full", "incr"]);
    expect(await onHost("stat -c %U /var/lib/lab-schedule/*[!d] | sort -u")).toBe("pgbackrest");
    for (let times = 0; times < 5; times++) {
      expect((await doctor()).findings).toEqual([]);
      expect((await lab.status()).proven).toBe(true);
    }
    expect(await up(OFTEN)).toMatch(/^nothing to change$/m);
  });

  it("change on a lab that lives, and the next times are shown", async () => {
    const preview = await lab.must("preview", ...options(SELDOM));
    expect(preview).toMatch(/│ lab:schedule .*│ live: the timers on the repository host/);
    const moment = String.raw`\w{3} \d{4}-\d\d-\d\d 02:00:00 UTC`;
    expect(preview).toMatch(
      new RegExp(`^  full    Sun \\*-\\*-\\* 02:00: Sun ${moment.slice(6)}(, ${moment}){2}$`, "m"),
    );
    expect(await up(SELDOM)).toMatch(/^schedule full +last \S+Z good; next \S+T02:0\d:\d\dZ$/m);
    expect((await schedule()).map(({ kind }) => kind)).toEqual(["full", "diff", "incr"]);
    expect(await unitFiles()).not.toContain("verify");
    expect((await doctor()).findings).toEqual([]);
    expect(await up(SELDOM)).toMatch(/^nothing to change$/m);
  });

  it("tell of a run that failed by pgBackRest's words, until one is good again", async () => {
    await onHost("chmod 0 /backup_space; sudo systemctl start lab-pgbackrest-incr.service || true");
    const down = await doctor();
    expect(down.findings.map(({ code }) => code)).toEqual(["LAB-REPOSITORY-MODE"]);
    expect(down.consequences.map(({ code }) => code)).toContain("LAB-SCHEDULE-FAILED");
    await onHost("chmod 0750 /backup_space");
    const { healthy, findings } = await doctor();
    expect([healthy, findings.map(({ code }) => code)]).toEqual([false, ["LAB-SCHEDULE-FAILED"]]);
    expect(findings[0]?.cause).toMatch(/^schedule incr failed at \S+Z: ERROR: \[\d+\]: .*\/backup_space/);
    const [, command = ""] = /^\.\/lab ssh --stack \S+ backup-srv -- (.*)$/.exec(findings[0]?.remedy ?? "") ?? [];
    expect(command).toBe("sudo systemctl start lab-pgbackrest-incr.service");
    await onHost(command);
    expect(await doctor()).toMatchObject({ healthy: true, findings: [] });
  });

  it.each([
    ["stopped", "systemctl stop lab-pgbackrest-full.timer", "LAB-SCHEDULE-STOPPED"],
    ["disabled", "systemctl disable lab-pgbackrest-full.timer", "LAB-SCHEDULE-DISABLED"],
    [
      "masked",
      "systemctl stop lab-pgbackrest-full.timer; ln -sf /dev/null /etc/systemd/system/lab-pgbackrest-full.timer; systemctl daemon-reload",
      "LAB-SCHEDULE-MASKED",
    ],
    ["edited", "sed -i s/02:00/03:00/ /etc/systemd/system/lab-pgbackrest-full.timer", "LAB-FILE-CONTENT"],
    [
      "deleted",
      "systemctl disable --now lab-pgbackrest-full.timer; rm /etc/systemd/system/lab-pgbackrest-full.timer; systemctl daemon-reload",
      "LAB-FILE-MISSING",
    ],
  ])("put a timer right that was %s by hand", async (_, harm, code) => {
    await onHost(harm);
    expect(await codes()).toContain(code);
    await up(SELDOM);
    expect(await codes()).toEqual([]);
    expect(
      await onHost("systemctl is-active lab-pgbackrest-full.timer; systemctl is-enabled lab-pgbackrest-full.timer"),
    ).toBe("active\nenabled");
  });

  it("tell of a drop-in, and its remedy takes it away", async () => {
    await onHost(
      "mkdir /etc/systemd/system/lab-pgbackrest-full.timer.d; printf '[Timer]\\nOnCalendar=daily\\n' >/etc/systemd/system/lab-pgbackrest-full.timer.d/mine.conf; systemctl daemon-reload",
    );
    const { findings } = await doctor();
    expect(findings.map(({ code }) => code)).toEqual(["LAB-SCHEDULE-ALTERED"]);
    await onHost((findings[0]?.remedy ?? "").replace(/^.* -- /, ""));
    expect(await codes()).toEqual([]);
  });

  it("are gone once they are off", async () => {
    expect(await up(NEVER)).toContain("; later ones are yours to schedule");
    expect(await unitFiles()).toBe("");
    expect(
      await onHost(
        "systemctl list-units --all 'lab-pgbackrest-*.timer' --no-legend; ls /etc/systemd/system/timers.target.wants",
      ),
    ).not.toContain("lab-pgbackrest");
    expect(await up(NEVER)).toMatch(/^nothing to change$/m);
    expect((await doctor()).findings).toEqual([]);
  });
});
