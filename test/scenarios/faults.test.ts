import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../observe/findings";
import type { Report } from "../../observe/report";
import { told } from "../support/observed-lab";
import { dataFolder as DATA, literally, service } from "../support/releases";
import { askRestoredCopy } from "../support/restored-copy";
import { RowWriter } from "../support/row-writer";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";

/** What goes wrong in a machine room, while rows are written all the time: it is named, it heals, and no committed row is lost. */
const lab = new ScenarioLab("container", "faults");
const writer = new RowWriter(lab);
const skipped = reasonToSkip();

const REPOSITORY = "/backup_space";

/** The faults that were named and healed. */
const faults: string[] = [];

async function diagnose(...options: string[]): Promise<{ findings: readonly Finding[]; seconds: number }> {
  const begun = performance.now();
  const { stdout } = await lab.run("doctor", "--json", ...options);
  const { findings } = JSON.parse(stdout) as Report;
  return { findings, seconds: (performance.now() - begun) / 1000 };
}

/** Has the doctor look at once: each cause is told, within ten seconds, and no failure that follows from one. */
async function isNamed(...causes: readonly (string | RegExp)[]): Promise<void> {
  const { findings, seconds } = await diagnose();
  const all = told(findings);
  const isTold = (cause: string | RegExp): boolean =>
    all.some((one) => (typeof cause === "string" ? one === cause : cause.test(one)));
  const missing = causes.filter((cause) => !isTold(cause));
  expect(missing, all.join("\n")).toEqual([]);
  const others = all.filter(
    (one) => !causes.some((cause) => (typeof cause === "string" ? one === cause : cause.test(one))),
  );
  expect(others.filter((one) => one.startsWith("fail"))).toEqual([]);
  expect(seconds).toBeLessThan(10);
}

/** Waits until the doctor finds nothing wrong any more, rows go on being written, and they reach the repository. */
async function heals(fault: string): Promise<void> {
  const before = await writer.committed();
  const archived = await archivedSegments();
  const deadline = performance.now() + 90_000;
  for (;;) {
    const { findings } = await diagnose();
    const failures = told(findings).filter((each) => each.startsWith("fail"));
    if (failures.length === 0 && (await writer.committed()) > before && (await archivedSegments()) > archived) break;
    if (performance.now() > deadline)
      throw new Error(`${fault}: not healed; ${failures.join("\n") || "no row written or archived"}`);
    await sleep(1000);
  }
  faults.push(fault);
}

/** Waits until PostgreSQL was told that a segment could not be archived: pgBackRest itself has tried again by then. */
async function archivingFails(): Promise<void> {
  const failures = async (): Promise<number> =>
    Number(await lab.query("pg1-srv", "SELECT failed_count FROM pg_stat_archiver"));
  const before = await failures();
  for (let tries = 0; (await failures()) === before; tries++) {
    if (tries > 60) throw new Error("archiving does not fail");
    await sleep(1000);
  }
}

/** How many segments lie in the repository. */
async function archivedSegments(): Promise<number> {
  return Number(await lab.on("backup-srv", `find ${REPOSITORY}/archive -name '*.zst' | wc -l`));
}

/** Starts a backup that takes its time, and gives its label once it copies files. */
function startBackup(): Promise<string> {
  return lab.on(
    "backup-srv",
    `systemd-run --quiet --collect --unit=slow-backup --uid=pgbackrest \
       pgbackrest --stanza=demo --type=full --process-max=1 --compress-level=9 backup
     for ((i = 0; i < 300; i++)); do for folder in ${REPOSITORY}/backup/demo/*F; do
       [[ ! -d $folder/pg_data/base || -e $folder/backup.manifest ]] || { basename "$folder"; exit; }
     done; sleep 0.1; done; exit 1`,
  );
}

async function fix(...options: string[]): Promise<string> {
  const { status, stdout, stderr } = await lab.run("drift", "--fix", ...options);
  expect(status, stdout + stderr).toBe(0);
  return stderr;
}

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  await lab.must("up", "--yes");
  // So that a backup takes long enough to be hit.
  await lab.query("pg1-srv", "CREATE TABLE bulk AS SELECT md5(i::text) FROM generate_series(1, 1000000) i");
  await writer.start();
});

afterAll(async () => {
  await lab.remove();
});

describe.skipIf(skipped)(
  `a lab in which something fails${skipped === undefined ? "" : ` (skipped: ${skipped})`}`,
  () => {
    it("stands a full repository disk", async () => {
      await lab.on(
        "backup-srv",
        `fallocate -l $(($(df --output=avail -B1 ${REPOSITORY} | tail -1) - 8388608)) ${REPOSITORY}/filler
       runuser -u pgbackrest -- bash -c 'cat /dev/zero >${REPOSITORY}/filler-too' 2>&1 | grep 'No space left on device'`,
      );
      // A segment of a few rows would find a place in what a file system keeps for itself.
      await lab.query("pg1-srv", "CREATE TABLE more AS SELECT md5(i::text) FROM generate_series(1, 200000) i");
      try {
        await archivingFails();
        await isNamed(`fail LAB-DISK-FULL backup-srv: the file system of ${REPOSITORY} has 0 % free (0 MiB)`);
      } finally {
        await lab.on("backup-srv", `rm ${REPOSITORY}/filler ${REPOSITORY}/filler-too`);
      }
      await heals("repository disk full");
    });

    it("stands a network that is cut", async () => {
      const index = await lab.on("backup-srv", "cat /sys/class/net/eth0/iflink");
      const inside = (...command: string[]): string =>
        execFileSync("ip", ["netns", "exec", lab.namespace, "ip", ...command], { encoding: "utf8" });
      const port = new RegExp(`^${index}: ([^@:]+)`, "m").exec(inside("-o", "link"))?.[1] ?? "";
      inside("link", "set", port, "down");
      try {
        await isNamed(/^fail LAB-HOST-UNREACHABLE backup-srv: no SSH connection to 10\.\d+\.\d+\.10: /);
      } finally {
        inside("link", "set", port, "up");
      }
      await heals("network to the repository cut");
    });

    it("stands a standby's PostgreSQL that is killed while it delivers a backup", async () => {
      const label = await startBackup();
      await lab.on("pg2-srv", `kill -KILL $(head -1 ${DATA}/postmaster.pid)`);
      await isNamed(new RegExp(`^fail LAB-POSTGRESQL-DOWN pg2-srv: ${literally(service)} is failed`));
      await fix();
      await lab.on("backup-srv", "while systemctl -q is-active slow-backup; do sleep 0.5; done");
      await heals(`standby killed in backup ${label}`);
    });

    it("stands a backup process that is killed", async () => {
      const label = await startBackup();
      await lab.on("backup-srv", "systemctl kill -s KILL slow-backup");
      await isNamed(`warn LAB-BACKUP-INTERRUPTED backup-srv: backup ${label} was interrupted`);
      await lab.on("backup-srv", "runuser -u pgbackrest -- pgbackrest --stanza=demo --type=full backup");
      expect(told((await diagnose()).findings)).toEqual([]);
      await heals("backup process killed");
    });

    it("finds a damaged file of the repository, and takes a new backup", async () => {
      const file = await lab.on(
        "backup-srv",
        `cd ${REPOSITORY}/backup/demo; file=$(find $(ls -d *F | tail -1)/bundle -size +8k | head -1)
       printf XXXX | dd of=$file bs=1 seek=4000 conv=notrunc status=none; echo $file`,
      );
      const { findings, seconds } = await diagnose("--verify");
      const damaged = findings.filter(({ subject }) => subject === file);
      expect(told(damaged)).toEqual([
        expect.stringMatching(/^fail LAB-BACKUP-DAMAGED backup-srv: repo1 holds a damaged file, \S+: invalid /),
      ]);
      process.stderr.write(`  doctor --verify: ${seconds.toFixed(1)} s\n`);
      expect(await fix("--verify")).toMatch(/lab: full backup \d{8}-\d{6}F\n/);
      const after = (await diagnose("--verify")).findings.filter(({ level }) => level === "fail");
      expect(told(after)).toEqual([]);
      await heals("repository file damaged");
    });

    it.each(["backup-srv", "pg1-srv"])("stands %s without power", async (host) => {
      lab.virsh("destroy", lab.domainOf(host));
      await isNamed(new RegExp(`^fail LAB-HOST-UNREACHABLE ${host}: no SSH connection to `));
      lab.virsh("start", lab.domainOf(host));
      await heals(`${host} without power`);
    });

    it("gives back every row that was committed, from the repository, to a point in time", async () => {
      await lab.on("pg1-srv", "systemctl disable --now --quiet row-writer");
      const committed = await writer.committed();
      const time = await lab.query("pg1-srv", "SELECT clock_timestamp()");
      // Recovery stops at the first commit after that time.
      await lab.query("pg1-srv", "DROP TABLE written");
      await lab.query("pg1-srv", "SELECT pg_switch_wal()");
      await lab.on("pg1-srv", "runuser -u postgres -- pgbackrest --stanza=demo check");
      const restored = await askRestoredCopy(
        lab,
        "pg3-srv",
        `SELECT count(*) FROM written WHERE number <= ${committed}`,
        ...["--type=time", "--target-action=promote", `--target="${time}"`],
      );
      const lost = committed - Number(restored);
      process.stderr.write(`${faults.length} faults × ${committed} rows × ${lost} lost\n`);
      expect(lost).toBe(0);
      // After each of them rows were committed and archived: `heals` waited for both.
      expect(faults).toHaveLength(7);
    });
  },
);
