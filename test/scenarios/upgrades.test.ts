import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEBIAN_RELEASES } from "../../config/debian-releases";
import type { Update } from "../../observe/updates";
import { downloadPackages, PackageMirror, renewPackage } from "../support/package-mirror";
import { binaries, dataFolder, POSTGRESQL, RELEASE } from "../support/releases";
import { RowWriter } from "../support/row-writer";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

/** A lab whose pgBackRest is upgraded while rows are written, and its PostgreSQL updated. */
const lab = new ScenarioLab("container", "upgrades");
const rows = new RowWriter(lab);
const scratch = path.join(PROJECT_FOLDER, ".lab", `${lab.stack}-mirror`);
const MIRROR = PackageMirror.url("10.83.14.1");
const OLD = DEBIAN_RELEASES[RELEASE].pgbackrest;
const NEW = DEBIAN_RELEASES.debian14.pgbackrest;
const HOSTS = ["backup-srv", "pg1-srv", "pg2-srv"];

const SERVER = `postgresql-${POSTGRESQL}`;

const config = (version: string): string[] =>
  ["standbys=1", "packages=mirror", `mirrorUrl=${MIRROR}`, `pgbackrestVersion=${version}`].map(
    (setting) => `--config=lab:${setting}`,
  );
const versions = (): Promise<string[]> =>
  Promise.all(HOSTS.map(async (host) => (await lab.on(host, "pgbackrest version")).replace("pgBackRest ", "")));

/** What waits on the hosts, of PostgreSQL's server and pgBackRest: "HOST KIND PACKAGE AVAILABLE". */
const waiting = async (): Promise<{ status: number | null; lines: string[] }> => {
  const { status, stdout } = await lab.run("update", "--check", "--json");
  const updates = JSON.parse(stdout) as Update[];
  const wanted = updates.filter((update) => update.kind !== "other" && [SERVER, "pgbackrest"].includes(update.package));
  return {
    status,
    lines: wanted.map(
      (each) => `${each.host} ${each.kind} ${each.package} ${each.available.replace(/^(2[.\d]*)-.*/, "$1")}`,
    ),
  };
};

const skipped = reasonToSkip();
let mirror: PackageMirror | undefined;
let newer = "";

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  fs.rmSync(scratch, { recursive: true, force: true });
  downloadPackages(scratch, RELEASE, ["pgbackrest"]);
  downloadPackages(scratch, "debian14", ["pgbackrest"]);
  downloadPackages(scratch, RELEASE, [SERVER]);
  newer = renewPackage(scratch, SERVER);
  await lab.must("prepare", ...config(OLD));
  mirror = await PackageMirror.start(scratch, lab.namespace);
});

afterAll(async () => {
  mirror?.stop();
  fs.rmSync(scratch, { recursive: true, force: true });
  await lab.remove();
});

describe.skipIf(skipped)(`upgrades${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("begins with a proven lab of the old version, on whose primary rows are written all the time", async () => {
    await lab.must("up", "--yes", ...config(OLD));
    expect(await versions()).toEqual(HOSTS.map(() => OLD));
    await rows.start();
  });

  it("tells what waits on each host: PostgreSQL's newer minor version, and pgBackRest, which is held", async () => {
    const held = HOSTS.map((host) => `${host} held pgbackrest ${NEW}`);
    const { status, lines } = await waiting();
    expect(lines.sort()).toEqual(
      [...held, ...HOSTS.slice(1).map((host) => `${host} postgresql ${SERVER} ${newer}`)].sort(),
    );
    expect(status).toBe(1);
  });

  it("changes nothing where one host cannot get the packages, and names it with the reason", async () => {
    const conf = "/etc/apt/apt.conf.d/99-no-way";
    await lab.on("pg2-srv", `echo 'Acquire::http::Proxy "http://127.0.0.1:9";' >${conf}`);
    const { status, stdout } = await lab.run("up", "--yes", ...config(NEW));
    await lab.on("pg2-srv", `rm ${conf}`);
    expect(status).toBe(1);
    const told = stdout.replaceAll(/\n +/g, " ");
    expect(told).toContain(
      `pg2-srv: pgBackRest ${NEW} cannot be fetched; no host is upgraded; hint: lab:packages is mirror: the host must reach it, and find this version there`,
    );
    expect(told).toMatch(/E: .*127\.0\.0\.1:9/);
    expect(await versions()).toEqual(HOSTS.map(() => OLD));
  });

  it("is killed between two hosts: the repository host has the new version, and WAL waits on the primary", async () => {
    const waits = 'DPkg::Pre-Invoke { "while [ -e /run/wait ]; do sleep 0.2; done"; };';
    await lab.on("pg1-srv", "touch /run/wait; cat >/etc/apt/apt.conf.d/99-wait", waits);
    const up = lab.launch("up", "--yes", ...config(NEW));
    await up.printed(/backup-srv +packages-upgrade +updated in/);
    const failing = "SELECT coalesce(last_failed_time > last_archived_time, false) FROM pg_stat_archiver";
    await expect.poll(() => lab.query("pg1-srv", failing), { timeout: 60_000 }).toBe("t");
    up.kill("SIGKILL");
    expect((await up.result).status).toBe(null);
    expect(await versions()).toEqual([NEW, OLD, OLD]);
    await lab.on("pg1-srv", "rm /run/wait");
  });

  it("is completed by the next up, and proven: every pair, and WAL that waited has arrived", async () => {
    const { status, stdout, stderr } = await lab.run("up", "--yes", ...config(NEW));
    expect(status, stdout + stderr).toBe(0);
    expect(await versions()).toEqual(HOSTS.map(() => NEW));
    expect((await lab.run("up", "--yes", ...config(NEW))).stdout).toContain("nothing to change\n");
  });

  it("is not taken back: refused before anything runs", async () => {
    const { status, stderr } = await lab.run("up", "--yes", ...config(OLD));
    expect(status).toBe(1);
    expect(stderr).toContain(
      `lab:pgbackrestVersion must stay "${NEW}" on this lab, got "${OLD}": the lab does not downgrade pgBackRest; hint: bring up another stack with it`,
    );
  });

  it("updates PostgreSQL on the standby, then on the primary; each runs the new programs, and the lab is proven", async () => {
    const { status, stdout, stderr } = await lab.run("update", "--yes");
    expect(status, stdout + stderr).toBe(0);
    expect(stdout.match(/^\S+: updating .*$/gm)).toEqual([
      expect.stringMatching(`^pg2-srv: updating .*${SERVER}`),
      expect.stringMatching(`^pg1-srv: updating .*${SERVER}`),
    ]);
    for (const host of ["pg1-srv", "pg2-srv"]) {
      expect(await lab.on(host, `dpkg-query -W -f '\${Version}' ${SERVER}`)).toBe(newer);
      expect(await lab.on(host, `readlink /proc/$(head -n 1 ${dataFolder}/postmaster.pid)/exe`)).toBe(
        `${binaries}/postgres`,
      );
    }
    expect((await waiting()).lines).toEqual([]);
  });

  it("has lost no row: a doctor who reads the whole repository finds nothing, and a standby reads them all", async () => {
    const committed = await rows.committed();
    expect(committed).toBeGreaterThan(100);
    await expect
      .poll(() => lab.query("pg2-srv", `SELECT count(*) FROM written WHERE number <= ${committed}`), {
        timeout: 30_000,
      })
      .toBe(String(committed));
    const { status, stdout } = await lab.run("doctor", "--verify");
    expect(status, stdout).toBe(0);
  });
});
