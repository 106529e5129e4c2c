import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CALENDAR_ALLOWED, CALENDAR_HINT } from "../../config/schedule";
import { type ScriptRun, StandIns } from "../support/stand-ins";

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
});
afterEach(() => {
  host.remove();
});

describe("backup-plane/scheduled-run.sh", () => {
  const run = (kind: string, ...repositories: string[]): ScriptRun & { said: string } => {
    const state = host.path(kind);
    const ran = host.run("backup-plane/scheduled-run.sh", [kind, "demo", state, ...repositories]);
    return { ...ran, said: fs.readFileSync(`${state}.said`, "utf8") };
  };
  const backup = (repository: number): string =>
    `pgbackrest --stanza=demo --repo=${repository} --type=diff --log-level-console=off --log-level-stderr=warn --no-log-timestamp backup`;

  it("takes a backup in each repository, and says nothing", () => {
    host.add("pgbackrest", "");
    expect(run("diff", "1", "2")).toMatchObject({ status: 0, calls: [backup(1), backup(2)], said: "" });
  });

  it("goes on with the others when one fails, fails as it did, and keeps pgBackRest's words", () => {
    host.add(
      "pgbackrest",
      `[[ $* != *--repo=1* ]] || { printf 'P00   WARN: a\\nP00  ERROR: [041]: unable to open\\n       HINT: b\\nP01\\n' >&2; exit 41; }`,
    );
    expect(run("diff", "1", "2")).toMatchObject({
      status: 41,
      calls: [backup(1), backup(2)],
      said: "repo1: P00  ERROR: [041]: unable to open\n       HINT: b\n",
    });
  });

  it("waits for another backup, and says so", () => {
    const tried = host.path("tried");
    host.add("pgbackrest", `[[ -e ${tried} ]] || { touch ${tried}; exit 50; }`).add("sleep", "");
    expect(run("diff", "1")).toMatchObject({
      status: 0,
      calls: [backup(1), "sleep 5", backup(1)],
      stdout: "waiting: another backup or expire holds the stanza's lock\n",
      said: "",
    });
  });

  const VERIFY = "pgbackrest --stanza=demo --repo=1 --job-retry=0 --log-level-console=info verify";
  const DAMAGE = "INFO: invalid checksum '20261123-184305F/pg_data/1.gz'";

  it("verifies, and fails when damage is found twice, by the words that tell of it", () => {
    host.add("pgbackrest", `echo "P00   ${DAMAGE}"; echo "P00   INFO: verify command end"`);
    expect(run("verify", "1")).toMatchObject({ status: 1, calls: [VERIFY, VERIFY], said: `==== 1\nP00   ${DAMAGE}\n` });
  });

  it("takes what has expired meanwhile for no damage", () => {
    const asked = host.path("asked");
    host.add("pgbackrest", `[[ -e ${asked} ]] || echo "P00   INFO: missing file 'a'"; touch ${asked}`);
    expect(run("verify", "1")).toMatchObject({ status: 0, calls: [VERIFY, VERIFY], said: "" });
  });

  it("fails when verify does", () => {
    host.add("pgbackrest", `echo "P00  ERROR: [055]: unable to load"; exit 55`);
    expect(run("verify", "1")).toMatchObject({
      status: 1,
      said: "==== 1\nP00  ERROR: [055]: unable to load\nERROR: exit status 55\n",
    });
  });
});

describe("backup-plane/scheduled-record.sh", () => {
  it("keeps when a run ended, how, and its words", () => {
    const state = host.path("full");
    fs.writeFileSync(`${state}.said`, "ERROR: [041]: unable to open\n");
    host.add("date", "echo 1795872207");
    host.run("backup-plane/scheduled-record.sh", [state], "", { $SERVICE_RESULT: "timeout" });
    expect(fs.readFileSync(state, "utf8")).toBe("1795872207 timeout\nERROR: [041]: unable to open\n");
  });
});

describe("backup-plane/schedule-check.sh", () => {
  const check = (...words: string[]): ScriptRun =>
    host.run("backup-plane/schedule-check.sh", [CALENDAR_ALLOWED, CALENDAR_HINT, ...words]);

  it("lets pass what systemd understands", () => {
    expect(check("full", "Sun *-*-* 02:00", "incr", "*:0/4")).toMatchObject({ status: 0, stderr: "" });
  });

  it.each([
    ["Sonntag", "Failed to parse calendar specification 'Sonntag': Invalid argument"],
    ["2020-01-01", "which is past"],
  ])("refuses %s before anything is changed", (words, why) => {
    expect(check("full", "daily", "incr", words)).toMatchObject({
      status: 1,
      stderr: `pg1-srv: lab:schedule.incr must be systemd's calendar words, such as daily, Sun *-*-* 02:00 or *:0/15, or off, got "${words}": ${why}; hint: systemd.time(7), "Calendar Events"; systemd-analyze calendar daily\n`,
    });
  });
});

describe("backup-plane/schedule-install.sh", () => {
  const install = (...args: string[]): ScriptRun => host.run("backup-plane/schedule-install.sh", args);

  it("enables and starts timers", () => {
    host.add("systemctl", "");
    expect(install("a.timer", "b.timer", "off", host.path("c.timer")).calls).toEqual([
      "systemctl daemon-reload",
      "systemctl enable --quiet a.timer b.timer",
      "systemctl restart a.timer b.timer",
      "systemctl --quiet is-active a.timer b.timer",
    ]);
  });

  it("disables what is switched off, takes its files away, and nothing else", () => {
    host.add("systemctl", "");
    for (const name of ["c.timer", "c.service", "d.timer"]) fs.writeFileSync(host.path(name), "");
    expect(install("off", host.path("c.timer"), host.path("c.service"))).toMatchObject({
      status: 0,
      calls: ["systemctl disable --quiet --now c.timer", "systemctl daemon-reload"],
    });
    expect(fs.readdirSync(host.folder).filter((name) => /^[cd]\./.test(name))).toEqual(["d.timer"]);
  });

  it("says so when a timer does not run", () => {
    host.add("systemctl", `case $* in *is-active*) exit 3 ;; *status*) echo "it is dead" ;; esac`);
    expect(install("a.timer", "off")).toMatchObject({
      status: 1,
      stderr: "pg1-srv: a timer is not active\nit is dead\n",
    });
  });
});
