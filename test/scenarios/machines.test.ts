import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { told } from "../support/observed-lab";
import type { Report } from "../../observe/report";
import { type PlayedMachine, playedMachines, wipe } from "../support/played-machines";
import { dataFolder, service } from "../support/releases";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";

/** A lab on machines that exist: containers that another stack has started, and that hold its cluster at first. */
const machines = new ScenarioLab("container", "machines");
const lab = new ScenarioLab("container", "existing", undefined, machines);
const skipped = reasonToSkip();

const [REPOSITORY, PRIMARY, STANDBY] = ["vault.ops.example", "db1.ops.example", "db2.ops.example"] as const;
const NAMES = { [REPOSITORY]: "backup-srv", [PRIMARY]: "pg1-srv", [STANDBY]: "pg2-srv" } as const;
const ROLES = { [REPOSITORY]: "repository", [PRIMARY]: "primary", [STANDBY]: "standby" } as const;
const OWNED = ["/etc/pgbackrest/pgbackrest.conf", dataFolder];
let hosts: Record<
  string,
  PlayedMachine & { role: string; existing: { jump?: PlayedMachine["existing"] & { address: string } } }
>;

const preflight = async (...more: string[]): Promise<{ status: number | null; lines: string[] }> => {
  const { status, stdout } = await lab.run("preflight", ...more);
  return { status, lines: stdout.trimEnd().split("\n") };
};

beforeAll(async () => {
  if (skipped !== undefined) return;
  await machines.begin();
  await machines.must("up", "--yes", "--config=lab:standbys=1");
  const { key, of } = await playedMachines(machines);
  hosts = Object.fromEntries(
    Object.entries(NAMES).map(([name, host]) => [name, { role: ROLES[name as keyof typeof NAMES], ...of(host) }]),
  );
  const { address = "", existing } = hosts[REPOSITORY] ?? {};
  Object.assign(hosts[STANDBY]?.existing ?? {}, { jump: { address, ...existing } });
  await lab.begin();
  lab.configure({
    ...{ family: "debian13", postgresqlVersion: 17, pgbackrestVersion: "2.55.1" },
    packages: "distribution",
    hosts,
    sshPrivateKey: key,
  });
});

afterAll(async () => {
  await lab.remove();
  await machines.remove();
});

describe.skipIf(skipped)(`machines that exist${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("are left alone while they hold what is somebody else's, each named", async () => {
    const { status, lines } = await preflight();
    expect(status).toBe(1);
    const taken = lines.map((line) =>
      /^fail LAB-MACHINE-TAKEN (\S+): (\S+) is not this stack's \(\S+\)/.exec(line)?.slice(1),
    );
    expect(taken.filter(Boolean)).toEqual([
      [REPOSITORY, "/etc/pgbackrest/pgbackrest.conf"],
      [REPOSITORY, "/backup_space"],
      ...[PRIMARY, STANDBY].flatMap((host) => OWNED.map((place) => [host, place])),
    ]);
    expect(lines.filter((line) => line.includes("something else listens on port 5432"))).toHaveLength(2);
    expect(lines.at(-1)).toBe("not ready");
    const { status: up, stdout, stderr } = await lab.run("up", "--yes");
    expect(up).toBe(1);
    expect(stdout + stderr).toContain("nothing was changed:\nfail LAB-MACHINE-TAKEN vault.ops.example: ");
    expect((await machines.status()).proven).toBe(true);
  });

  it("are ready in ten seconds once they hold nothing, unless one is another than it should be", async () => {
    await wipe(machines, Object.values(NAMES));
    const begun = performance.now();
    expect(await preflight()).toEqual({ status: 0, lines: ["ready"] });
    expect(performance.now() - begun).toBeLessThan(10_000);
    const other = { ...hosts, [PRIMARY]: { ...hosts[PRIMARY], existing: hosts[STANDBY]?.existing } };
    const { status, lines } = await preflight(`--config=lab:hosts=${JSON.stringify(other)}`);
    expect(status).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(
        /^fail LAB-MACHINE-UNREACHABLE db1\.ops\.example: no SSH connection to lab@10\.\d+\.\d+\.11, port 22: /,
      ),
      "not ready",
    ]);
  });

  it("become a lab that is proven, by the names that it gives them; one of them is reached by another alone", async () => {
    const only = "/etc/ssh/sshd_config.d/only-by-the-jump-host.conf";
    const { address, existing } = hosts[REPOSITORY] ?? {};
    await machines.on("pg2-srv", `echo 'AllowUsers ${existing?.user}@${address}' >${only}; systemctl reload ssh`);
    const { status, stdout, stderr } = await lab.run("up", "--yes");
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/^proven$/m);
    expect((await lab.run("up", "--yes")).stdout).toMatch(/^nothing to change$/m);
    const report = JSON.parse((await lab.run("doctor", "--json")).stdout) as Report;
    expect(told(report.findings)).toEqual([]);
    expect(await lab.on(STANDBY, `getent ahostsv4 ${PRIMARY} | head -n 1 | cut -d ' ' -f 1`)).toBe(
      hosts[PRIMARY]?.address,
    );
    expect(await preflight()).toEqual({ status: 0, lines: ["ready"] });
    await lab.on(STANDBY, `rm ${only}; systemctl reload ssh`);
  });

  it("are given back when it is destroyed: stopped, with their data and backups", async () => {
    await lab.query(PRIMARY, "CREATE TABLE kept AS SELECT 42 AS answer");
    await lab.must("destroy", "--yes");
    for (const host of Object.values(NAMES)) {
      const units = host === "backup-srv" ? ["pgbackrest"] : ["pgbackrest", service];
      for (const unit of units)
        expect(await machines.on(host, `systemctl is-active ${unit}; systemctl is-enabled ${unit}; true`)).toBe(
          "inactive\ndisabled",
        );
      expect(await machines.on(host, "grep -c ' # a host of the lab' /etc/hosts; ls /etc/lab/stack 2>&1; true")).toBe(
        "0\nls: cannot access '/etc/lab/stack': No such file or directory",
      );
    }
    expect(await machines.on("backup-srv", "ls /backup_space/backup/demo | grep -cE '^[0-9]{8}-[0-9]{6}F$'")).not.toBe(
      "0",
    );
    await machines.on("pg1-srv", `systemctl start ${service}`);
    expect(await machines.query("pg1-srv", "SELECT answer FROM kept")).toBe("42");
    await machines.on("pg1-srv", `systemctl stop ${service}`);
  });
});
