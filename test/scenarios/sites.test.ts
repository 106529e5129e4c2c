import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../observe/report";
import type { SshAccess } from "../../plan/access";
import { told } from "../support/observed-lab";
import { containerImage, dataFolder, service } from "../support/releases";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";

/** Two libvirts that run without the lab, each in a network namespace of its own, and machines that exist in a third. */
const north = new ScenarioLab("container", "sites-north");
const south = new ScenarioLab("container", "sites-south");
const office = new ScenarioLab("container", "office");
/** One lab over the three. The deployment runs in the north. */
const lab = new ScenarioLab("container", "sites", undefined, north);
const skipped = reasonToSkip();

const [VAULT, DB1, DB2, DB3] = [
  "vault.office.example",
  "db1.north.example",
  "db2.south.example",
  "db3.office.example",
] as const;
const ADDRESSES = { [VAULT]: "10.91.3.10", [DB1]: "10.91.1.11", [DB2]: "10.91.2.12", [DB3]: "10.91.3.11" };
const OFFICE = "10.91.3.0/24";

const uriOf = (site: ScenarioLab): string => `lxc:///system?socket=/run/lab/${site.namespace}/libvirt-sock`;

let hosts: Record<string, object>;

/** What users have between their sites: a link, and routes over it. */
function join(site: ScenarioLab, link: number, network: string): void {
  const [here, there] = [`10.91.0.${4 * link + 1}`, `10.91.0.${4 * link + 2}`];
  const ip = (where: ScenarioLab, ...args: string[]): void =>
    void execFileSync("ip", ["-n", where.namespace, ...args], { stdio: "inherit" });
  ip(north, ...["link", "add", `to-${link}`, "type", "veth", "peer", "name", "to-north", "netns", site.namespace]);
  ip(north, "address", "add", `${here}/30`, "dev", `to-${link}`);
  ip(site, "address", "add", `${there}/30`, "dev", "to-north");
  ip(north, "link", "set", `to-${link}`, "up");
  ip(site, "link", "set", "to-north", "up");
  ip(north, "route", "add", network, "via", there);
  ip(site, "route", "add", "10.91.0.0/16", "via", here);
}

/** Takes everything of the lab that was there off the machines: what is left is a system with packages. */
async function wipe(host: string, own: string): Promise<void> {
  await office.on(
    host,
    `systemctl disable --quiet --now ${own} pgbackrest 2>/dev/null
     rm -rf ${dataFolder} /backup_space /etc/pgbackrest /etc/lab /etc/systemd/system/pgbackrest.service.d /etc/postgresql/*`,
  );
}

/** What is left in the libvirt of a site. */
const left = (site: ScenarioLab): string[] =>
  ["list", "net-list", "pool-list"].flatMap((list) => site.virsh(list, "--all", "--name"));

beforeAll(async () => {
  if (skipped !== undefined) return;
  for (const site of [north, south]) {
    await site.begin();
    await site.must("prepare");
  }
  await office.begin();
  await office.must(
    "up",
    "--yes",
    ...[`network=${OFFICE}`, "networkMode=route", "standbys=0"].map((setting) => `--config=lab:${setting}`),
  );
  join(south, 0, "10.91.2.0/24");
  join(office, 1, OFFICE);
  const { ssh } = JSON.parse(await office.must("outputs", "--json", "--show-secrets")) as { ssh: SshAccess };
  await wipe("pg1-srv", service);
  await wipe("backup-srv", "");
  const existing = (host: string): object => ({
    user: ssh.user,
    hostKey: ssh.hostKeys[host]?.trim().split(" ").slice(0, 2).join(" "),
  });
  await lab.begin();
  lab.configure({
    ...{ hypervisor: "lxc", imagePath: containerImage("baked"), memoryMiB: 512 },
    ...{ family: "debian13", postgresqlVersion: 17, pgbackrestVersion: "2.55.1", packages: "distribution" },
    sshPrivateKey: ssh.privateKey,
  });
  fs.appendFileSync(
    `Pulumi.${lab.stack}.yaml`,
    `  lab:sites: {
      north: { libvirtUri: "${uriOf(north)}", network: 10.91.1.0/24 },
      south: { libvirtUri: "${uriOf(south)}", network: 10.91.2.0/24 },
      office: existing,
    }\n`,
  );
  hosts = {
    [VAULT]: { role: "repository", site: "office", address: ADDRESSES[VAULT], existing: existing("backup-srv") },
    [DB1]: { role: "primary", site: "north" },
    [DB2]: { role: "standby", site: "south", index: 2 },
    [DB3]: { role: "standby", site: "office", index: 3, address: ADDRESSES[DB3], existing: existing("pg1-srv") },
  };
  lab.configure({ hosts });
});

afterAll(async () => {
  await lab.remove();
  for (const site of [office, south, north]) await site.remove();
});

describe.skipIf(skipped)(`several sites${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("are named in ten seconds when they do not answer, before the first resource", async () => {
    const daemon = Number(fs.readFileSync(`/run/lab/${south.namespace}/libvirtd.pid`, "utf8"));
    process.kill(daemon, "SIGSTOP");
    try {
      const begun = performance.now();
      const { status, stderr } = await lab.run("up", "--yes");
      expect(performance.now() - begun).toBeLessThan(10_000);
      expect(status).toBe(1);
      expect(stderr).toContain(
        `cannot connect to libvirt at "${uriOf(south)}" (lab:sites.south.libvirtUri): no answer in 6 s; ` +
          `hint: virsh -c "${uriOf(south)}" uri must print the URI\n`,
      );
    } finally {
      process.kill(daemon, "SIGCONT");
    }
    expect(left(north)).toEqual([]);
  });

  it("make one lab that is proven, whose hosts know each other by name wherever they are", async () => {
    const { status, stdout, stderr } = await lab.run("up", "--yes");
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/^proven$/m);
    const { hosts } = await lab.status();
    expect(hosts.map(({ name, address, streaming }) => [name, address, streaming ?? false])).toEqual([
      [VAULT, ADDRESSES[VAULT], false],
      [DB1, ADDRESSES[DB1], false],
      [DB2, ADDRESSES[DB2], true],
      [DB3, ADDRESSES[DB3], true],
    ]);
    const names = Object.keys(ADDRESSES);
    for (const host of names) {
      const resolved = `getent hosts ${names.join(" ")} | awk '{ print $1 }' | xargs`;
      expect(await lab.on(host, resolved), host).toBe(Object.values(ADDRESSES).join(" "));
    }
    expect([north, south].map((site) => site.virsh("list", "--name"))).toEqual([
      [lab.domainOf(DB1)],
      [lab.domainOf(DB2)],
    ]);
    expect((await lab.run("up", "--yes")).stdout).toMatch(/^nothing to change$/m);
    const report = JSON.parse((await lab.run("doctor", "--json")).stdout) as Report;
    expect(told(report.findings)).toEqual([]);
  });

  it("start a host that is shut off in one of them, and give it another size", async () => {
    south.virsh("destroy", lab.domainOf(DB2));
    const larger = { ...hosts, [DB2]: { ...hosts[DB2], memoryMiB: 768 } };
    const stdout = await lab.must("up", "--yes", `--config=lab:hosts=${JSON.stringify(larger)}`);
    expect(stdout).toContain(`${DB2} was shut off, starting it\n`);
    expect(stdout).toMatch(/ db2\.south\.example +resize +updated in/);
    expect(stdout).toMatch(/^proven$/m);
    const known = execFileSync("virsh", ["-q", "-c", uriOf(south), "dominfo", lab.domainOf(DB2)], { encoding: "utf8" });
    expect(known).toMatch(/^Max memory: +786432 KiB$/m);
  });

  it("get a lost standby back", async () => {
    for (const command of ["destroy", "undefine"]) south.virsh(command, lab.domainOf(DB2));
    const pool = `lab-${lab.stack}`;
    for (const volume of south.virsh("vol-list", pool)) south.virsh("vol-delete", volume, "--pool", pool);
    await lab.query(DB1, "CREATE TABLE seen AS SELECT 42 AS answer");
    const stdout = await lab.must("up", "--yes");
    expect(stdout).toMatch(/^proven$/m);
    expect(await lab.query(DB2, "SELECT answer FROM seen")).toBe("42");
  });

  it("have nothing left when it is destroyed, but data on the machines that exist", async () => {
    await lab.must("destroy", "--yes");
    expect([north, south].map(left)).toEqual([[], []]);
    expect(await office.on("backup-srv", "ls /etc/lab/stack 2>&1; ls /backup_space/backup")).toBe(
      "ls: cannot access '/etc/lab/stack': No such file or directory\ndemo",
    );
    const spaces = [north, south].map((site) => [site, site.namespace] as const);
    for (const [site, namespace] of spaces) {
      await site.must("destroy", "--yes");
      expect(site.remains(namespace)).toEqual([]);
    }
  });
});
