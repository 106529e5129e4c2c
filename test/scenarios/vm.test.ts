import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testDepth } from "../../cli/test-depth";
import { LabState } from "../support/lab-state";
import { POSTGRESQL } from "../support/releases";
import { ON_PULUMI, reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { expectSpentSeeds } from "../support/spent-seeds";

/** The default stack: virtual machines, on kvm where that works, else emulated. */
const lab = new ScenarioLab("local", "local", ON_PULUMI);
/** Emulated hosts take minutes: another size is tried by scenario `cloud-image`. */
const isFull = testDepth() === "full";
const standbys = isFull ? 2 : 1;
const STANDBY = "pg2-srv";

const skipped = reasonToSkip({ vm: true });

const up = (...args: string[]) => lab.run("up", "--yes", `--config=lab:standbys=${standbys}`, ...args);

beforeAll(async () => {
  if (skipped === undefined) await lab.begin();
});

afterAll(() => lab.remove());

describe.skipIf(skipped)(`a lab on virtual machines${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("says what they run on, comes up from nothing, and is proven", async () => {
    const { status, stdout, stderr } = await up();
    expect(status, stdout + stderr).toBe(0);
    const [, runOn] = /\busing (KVM|emulation)/.exec(stderr) ?? [];
    expect(runOn, stderr).toBeDefined();
    // Where they are emulated, they went on from a guest that was saved after its boot.
    for (const host of ["backup-srv", "pg1-srv", STANDBY].slice(0, 2 + standbys))
      expect(lab.stateOf(host), host).toBe(runOn === "emulation" ? "running (restored)" : "running (booted)");
    const { proven, hosts, backups } = await lab.status();
    expect(proven).toBe(true);
    expect(hosts.filter(({ streaming }) => streaming)).toHaveLength(standbys);
    expect(backups.map(({ type, fromStandby }) => [type, fromStandby])).toEqual([
      ["full", false],
      ["full", true],
    ]);
    await lab.query("pg1-srv", "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number");
  });

  it("leaves no SSH host key in a seed that was read, but a seed: one that a guest can read", () => {
    expectSpentSeeds(lab, 2 + standbys);
  });

  it("has nothing to change the second time", async () => {
    const { status, stdout, stderr } = await up();
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("nothing to change\n");
    if (ON_PULUMI === "pulumi") new LabState(lab).refresh();
  });

  it("gets back a standby that has lost its disk, with its rows, a host that was shut off, and a lost definition without harm to the disk", async () => {
    const { backups } = await lab.status();
    lab.loseDisk(STANDBY);
    lab.virsh("destroy", lab.domainOf("pg1-srv"));
    // The memory of a saved guest would ruin a disk that hosts have written to: the guest finds out, and boots from that.
    for (const command of ["destroy", "undefine"]) lab.virsh(command, lab.domainOf("backup-srv"));
    const { status, stdout, stderr } = await up();
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain(`${STANDBY}: disk not found, recreating the host\n`);
    expect(stdout).toContain("pg1-srv was shut off, starting it\n");
    // How far each restores has moved on.
    expect((await lab.status()).backups.map(({ label }) => label)).toEqual(backups.map(({ label }) => label));
    await expect
      .poll(() => lab.query(STANDBY, "SELECT sum(number) FROM kept"), { timeout: 60_000, interval: 2000 })
      .toBe("500500");
  });

  it.runIf(isFull)(
    "restarts one host after the other for another size: each shuts down, and is back before the next",
    async () => {
      // Hosts that exist need no saved guest of that size.
      const { status, stdout, stderr } = await up("--config=lab:memoryMiB=1152", "--config=lab:savedGuestPath=");
      expect(status, stdout + stderr).toBe(0);
      const hosts = [STANDBY, ...(standbys > 1 ? ["pg3-srv"] : []), "backup-srv", "pg1-srv"];
      expect(
        [...stdout.matchAll(/(\S+) +(resize|back) +updated in/g)].map(([, host, step]) => `${host} ${step}`),
      ).toEqual(hosts.flatMap((host) => [`${host} resize`, `${host} back`]));
      for (const host of hosts) expect(lab.memoryOf(host), host).toBe(`${1152 * 1024} KiB`);
      expect(await lab.query(STANDBY, "SELECT sum(number) FROM kept")).toBe("500500");
      // PostgreSQL was shut down, and did not have to recover. (-a: the power cut left zeros in its log.)
      expect(
        await lab.on(
          "pg1-srv",
          `grep -a 'database system was' /var/log/postgresql/postgresql-${POSTGRESQL}-main.log | tail -n 1`,
        ),
      ).toContain("database system was shut down at");
    },
  );

  it("leaves nothing when it is destroyed, but the image", async () => {
    const { namespace } = lab;
    await lab.must("destroy", "--yes");
    expect(lab.remains(namespace)).toEqual([]);
  });
});
