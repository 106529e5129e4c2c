import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabState } from "../support/lab-state";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";

/** A lab that is interrupted while it comes up, and whose hosts are lost afterwards. */
const lab = new ScenarioLab("container", "interrupted");
const state = new LabState(lab);
const HOSTS = ["backup-srv", "pg1-srv", "pg2-srv", "pg3-srv"];
const INTERRUPTED = 128 + 2;

/** A line of progress: a step of a host that is done. Each of a list comes after the one before it. */
const done = (host: string, step: string): RegExp => new RegExp(`${host} +${step} +(created|replaced|updated) in`);

const skipped = reasonToSkip();

beforeAll(async () => {
  if (skipped === undefined) await lab.begin();
});

afterAll(() => lab.remove());

const lock = path.join(lab.stateFolder, "lock");
const holder = (): { pid: string; since: string } =>
  JSON.parse(fs.readFileSync(lock, "utf8")) as { pid: string; since: string };

describe.skipIf(skipped)(`a lab that is interrupted${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("finishes what runs at the first Ctrl-C, keeps the state, and exits with 130", async () => {
    const up = lab.launch("up", "--yes");
    await up.printed(done("backup-srv", "disk"));
    up.kill("SIGINT");
    const { status, stdout, stderr } = await up.result;
    expect(status).toBe(INTERRUPTED);
    expect(stdout).toContain("stopping after the running operations; Ctrl-C again stops at once\n");
    expect(stderr).toContain(
      "lab: interrupted: running operations were finished, no others begun; the state is saved\n",
    );
    expect(state.unfinished()).toEqual([]);
    expect(fs.existsSync(lock)).toBe(false);
  });

  it("refuses a second run while one works, with who and since when; ends at once at the second Ctrl-C", async () => {
    const up = lab.launch("up", "--yes");
    await up.printed(done("backup-srv", "pgbackrest-certificate"));
    const { pid, since } = holder();
    const second = await lab.run("destroy", "--yes");
    expect(second.stderr).toContain(
      `lab: stack "${lab.stack}" is in use: process ${pid} runs up since ${since}; hint: wait for it, or kill ${pid}\n`,
    );
    expect(second.status).toBe(1);
    // The first backup has been running for a while then, and takes seconds.
    await up.printed(done("backup-srv", "stanza-check"));
    up.kill("SIGINT");
    await up.printed(/^stopping after the running operations/m);
    // Two within 300 ms count as one.
    await sleep(400);
    const begun = performance.now();
    up.kill("SIGINT");
    expect((await up.result).status).toBe(INTERRUPTED);
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(holder().pid).toBe(pid);
    await lab.must("destroy", "--yes");
  });

  it.each([
    [/lab: stack "/],
    [done("lab", "network")],
    [done("backup-srv", "disk")],
    [done("backup-srv", "domain")],
    [done("backup-srv", "pgbackrest-certificate")],
    [done("backup-srv", "pgbackrest-start")],
    [done("backup-srv", "stanza-create")],
    [done("backup-srv", "stanza-backup")],
    [done("pg2-srv", "postgresql-restore")],
    [done("backup-srv", "standbys-conf")],
  ])("is killed as soon as it has printed %s", async (moment) => {
    const up = lab.launch("up", "--yes");
    await up.printed(moment);
    up.kill("SIGKILL");
    expect((await up.result).status).toBe(null);
    if (fs.existsSync(lock)) await expect.poll(() => isAlive(holder().pid)).toBe(false);
  });

  it("is completed by the next up, which takes over the dead run's lock; nothing is there twice", async () => {
    const { status, stdout, stderr } = await lab.run("up", "--yes");
    expect(status, stdout + stderr).toBe(0);
    expect(lab.virsh("list", "--all", "--name").sort()).toEqual(HOSTS.map((host) => lab.domainOf(host)));
    expect(lab.virsh("vol-list", `lab-${lab.stack}`).sort()).toEqual(HOSTS.map((host) => `${host}.raw`));
    expect(lab.virsh("net-list", "--all", "--name")).toEqual([`lab-${lab.stack}`]);
    const urns = state.urns();
    expect(new Set(urns).size).toBe(urns.length);
    expect(state.unfinished()).toEqual([]);
    expect(await lab.on("pg1-srv", "pg_lsclusters -h | wc -l")).toBe("1");
    expect((await lab.status()).backups.map(({ type, fromStandby }) => [type, fromStandby])).toEqual([
      ["full", false],
      ["full", true],
    ]);
    expect((await lab.run("up", "--yes")).stdout).toContain("nothing to change\n");
  });
});

describe.skipIf(skipped)(`a lab whose hosts are lost${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("gets a standby back with everything on it, from the repository, and starts a host that is shut off", async () => {
    await lab.query("pg1-srv", "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number");
    lab.lose("pg3-srv");
    lab.virsh("destroy", lab.domainOf("pg2-srv"));
    const { status, stdout, stderr } = await lab.run("up", "--yes");
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain("pg2-srv was shut off, starting it\n");
    for (const standby of ["pg2-srv", "pg3-srv"]) await hasRows(standby);
  });

  it("refuses to begin the primary anew, and says what would be lost", async () => {
    const segment = await lab.query("pg1-srv", "SELECT pg_walfile_name(pg_current_wal_insert_lsn())");
    await lab.query("pg1-srv", "SELECT pg_switch_wal()");
    await until("pg1-srv", `SELECT last_archived_wal >= '${segment}' FROM pg_stat_archiver`);
    // This is on the standbys, and not in the repository.
    await lab.query("pg1-srv", "CREATE TABLE late AS SELECT 1 AS number");
    for (const standby of ["pg2-srv", "pg3-srv"]) await until(standby, "SELECT to_regclass('late') IS NOT NULL");
    lab.lose("pg1-srv");
    const { status, stderr } = await lab.run("up", "--yes");
    expect(status).toBe(1);
    expect(stderr.slice(stderr.indexOf("lab: pg1-srv"))).toMatch(
      new RegExp(
        [
          "^lab: pg1-srv is the primary: disk not found",
          "  lost: every transaction after the last archived WAL segment \\(0000000100000000000000[0-9A-F]{2}\\)",
          "  up restores it from backup \\d{8}-\\d{6}F and the WAL archived since; pg2-srv, pg3-srv: data ahead of that is moved aside, and the standby is rebuilt",
          `hint: to accept the loss, \\./lab up --stack ${lab.stack} --yes-replace pg1-srv\n$`,
        ].join("\n"),
      ),
    );
    expect(lab.virsh("list", "--all", "--name").sort()).toEqual(
      HOSTS.filter((host) => host !== "pg1-srv").map((host) => lab.domainOf(host)),
    );
  });

  it("restores the primary when told to, and rebuilds the standbys that are ahead of it, whose data is kept", async () => {
    const { status, stdout, stderr } = await lab.run("up", "--yes", "--yes-replace", "pg1-srv");
    expect(status, stdout + stderr).toBe(0);
    await hasRows("pg1-srv");
    expect(await lab.query("pg1-srv", "SELECT to_regclass('late') IS NULL")).toBe("t");
    for (const standby of ["pg2-srv", "pg3-srv"]) {
      const [, aside] = new RegExp(`moved aside: ${standby}: .*; it is now (\\S+)`).exec(stdout + stderr) ?? [];
      expect(await lab.on(standby, `ls ${String(aside)}/global/pg_control`)).toBe(`${String(aside)}/global/pg_control`);
      await hasRows(standby);
    }
    expect(await lab.status()).toMatchObject({ proven: true });
  });

  it("refuses to begin the repository anew; when told to, makes the stanza and its backups anew", async () => {
    const before = (await lab.status()).backups.map(({ label }) => label);
    lab.loseDisk("backup-srv");
    const refused = await lab.run("up", "--yes");
    expect(refused.status).toBe(1);
    expect(refused.stderr.slice(refused.stderr.indexOf("lab: backup-srv"))).toBe(
      [
        "lab: backup-srv is the repository: disk not found",
        '  lost: every backup of stanza "demo" and its archived WAL',
        "  up creates an empty repository and the stanza, and takes a full backup",
        `hint: to accept the loss, ./lab up --stack ${lab.stack} --yes-replace backup-srv\n`,
      ].join("\n"),
    );
    const { status, stdout, stderr } = await lab.run("up", "--yes", "--yes-replace", "backup-srv");
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain("backup-srv: disk not found, recreating the host\n");
    const { proven, backups } = await lab.status();
    expect(proven).toBe(true);
    expect(backups.map(({ fromStandby }) => fromStandby)).toEqual([false, true]);
    expect(backups.filter(({ label }) => before.includes(label))).toEqual([]);
    for (const host of HOSTS.slice(1)) await hasRows(host);
    expect((await lab.run("up", "--yes")).stdout).toContain("nothing to change\n");
  });
});

async function hasRows(host: string): Promise<void> {
  await expect.poll(() => lab.query(host, "SELECT sum(number) FROM kept"), { timeout: 30_000 }).toBe("500500");
}

async function until(host: string, sql: string): Promise<void> {
  await expect.poll(() => lab.query(host, sql), { timeout: 60_000 }).toBe("t");
}

function isAlive(pid: string): boolean {
  const file = `/proc/${pid}/cmdline`;
  return fs.existsSync(file) && fs.readFileSync(file).length > 0;
}
