import { describe, expect, it } from "vitest";
import { Lab } from "../../components/lab";
import { findChanges } from "../../config/changes";
import { machineProblems, type Machine } from "../../config/this-machine";
import type { MachineFacts, ReadHost } from "../../observe/facts";
import { judge } from "../../observe/findings";
import { observedLab } from "../../observe/lab";
import { PARSERS } from "../../observe/answers";
import { ADOPTION } from "../../observe/rules/adoption";
import { MACHINES as RULES } from "../../observe/rules/machines";
import { hostOf } from "../../plan/plan";
import { ownPlaces, serversOf } from "../../plan/machines";
import { renderPgHba, renderPostgreSqlConf } from "../../render/postgresql-conf";
import { MACHINES } from "../support/machines";
import { reveal } from "../../engine/values";
import { told } from "../support/observed-lab";
import { runMocked } from "../support/run-mocked";
import { labArgs, problemsOf, stackConfig, stackPlan } from "../support/stack-config";

const [REPOSITORY, PRIMARY, STANDBY] = ["vault.ops.example", "db1.ops.example", "db2.ops.example"] as const;
const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----\n";
const changed = (name: string, change: object) => ({ ...MACHINES, [name]: { ...MACHINES[name], ...change } });
const without = (name: string, field: string) => changed(name, { [field]: undefined });
const JUMP = { address: "bastion.example", user: "jumper", hostKey: "ssh-ed25519 AAAAjump" };
const jumping = (change: object = {}) =>
  changed(PRIMARY, { existing: { ...MACHINES[PRIMARY]?.existing, jump: { ...JUMP, ...change } } });

describe("machines that exist", () => {
  it("are hosts wherever their addresses are, and ask nothing of this machine's libvirt", () => {
    expect(problemsOf({ hosts: MACHINES })).toEqual([]);
    const nothing = {} as Machine;
    expect(machineProblems(stackConfig("container", { hosts: MACHINES }), "container", nothing)).toEqual([]);
    expect(hostOf(stackPlan("container", { hosts: MACHINES }), STANDBY)).toMatchObject({
      address: "10.21.0.12",
      existing: { user: "admin", port: 22, hostKey: "ssh-ed25519 AAAAstandby" },
    });
  });

  it.each<[Record<string, unknown>, string]>([
    [
      { hosts: without(STANDBY, "existing") },
      `lab:hosts must have existing on every host or on none when lab:sites is empty, got none of ${STANDBY}; hint: a site for either kind in lab:sites`,
    ],
    [
      { hosts: without(STANDBY, "address") },
      `lab:hosts must have an address of every host when it exists, got none of ${STANDBY}`,
    ],
    [
      { hosts: changed(STANDBY, { address: "10.20.0.11" }) },
      `lab:hosts must have addresses that differ, got "10.20.0.11" of ${PRIMARY} and of ${STANDBY}`,
    ],
    [
      { hosts: changed(PRIMARY, { diskGiB: 20 }) },
      `lab:hosts must leave out diskGiB of ${PRIMARY}, which exists: it is what the machine has`,
    ],
    [
      { hosts: changed(PRIMARY, { existing: { user: "admin", hostKey: "SHA256:yK1" } }) },
      `lab:hosts.${PRIMARY}.existing.hostKey must be the machine's public host key, two words as in /etc/ssh/ssh_host_ed25519_key.pub, got "SHA256:yK1"`,
    ],
    [
      { hosts: jumping({ hostKey: "ssh-ed25519" }) },
      `lab:hosts.${PRIMARY}.existing.jump.hostKey must be the machine's public host key, two words as in /etc/ssh/ssh_host_ed25519_key.pub, got "ssh-ed25519"`,
    ],
    [
      { hosts: jumping({ address: "ssh://bastion" }) },
      `lab:hosts.${PRIMARY}.existing.jump.address must be an IPv4 address or a host name, got "ssh://bastion"`,
    ],
    [
      { hosts: jumping({ user: "Admin" }) },
      `lab:hosts.${PRIMARY}.existing.jump.user must be the name of an account, got "Admin"`,
    ],
    [
      { hosts: jumping({ port: 0 }) },
      `lab:hosts.${PRIMARY}.existing.jump.port must be a whole number from 1 to 65535, got 0`,
    ],
    [
      { hosts: jumping({ privateKey: "hunter2" }) },
      `lab:hosts.${PRIMARY}.existing.jump.privateKey is an unknown field; allowed are address, user, port, hostKey`,
    ],
    [
      { hosts: jumping({ address: "10.20.0.11" }) },
      `lab:hosts must have another host than ${PRIMARY} itself as jump, got "10.20.0.11" of ${PRIMARY}`,
    ],
    [
      { hosts: changed(STANDBY, { existing: { ...MACHINES[STANDBY]?.existing, adopt: true } }) },
      `lab:hosts must have adopt of the primary alone, got true of ${STANDBY}; hint: standbys come from the repository`,
    ],
    [{ sshPrivateKey: KEY }, "lab:sshPrivateKey must be empty when no host of lab:hosts has existing"],
    [
      { hosts: MACHINES, sshPrivateKey: "hunter2" },
      "lab:sshPrivateKey must be empty or the text of a private key, as OpenSSH or PEM has it",
    ],
  ])("are refused with %o", (settings, problem) => {
    expect(problemsOf(settings).filter((each) => !each.includes("addresses in lab:network"))).toEqual([problem]);
  });

  it("get no domain, network, pool or volume; each passes before the first is changed; all have their own host key", async () => {
    const args = { ...labArgs("container", { hosts: MACHINES, sshPrivateKey: KEY }), sshPrivateKey: KEY };
    const resources = await runMocked(() => new Lab("lab", args));
    expect(
      resources
        .map(({ type }) => type)
        .filter((type) => /^(libvirt|command:local|pulumi:providers:libvirt)/.test(type)),
    ).toEqual([]);
    const commands = resources.filter(({ type }) => type === "command:remote:Command");
    const names = commands.map(({ name }) => name);
    const last = Math.max(...Object.keys(MACHINES).map((host) => names.indexOf(`${host}-passed`)));
    const first = Math.min(...names.flatMap((name, index) => (name.endsWith("-passed") ? [] : [index])));
    expect(last).toBeLessThan(first);
    for (const host of Object.keys(MACHINES))
      expect(names).toEqual(expect.arrayContaining([`${host}-passed`, `${host}-released`, `${host}-ready`]));
    expect(JSON.stringify(commands.find(({ name }) => name === `${STANDBY}-ready`)?.inputs.connection)).toMatch(
      /"host":"10\.21\.0\.12","hostKey":"ssh-ed25519 AAAAstandby",.*"port":22,.*"user":"admin"/,
    );
  });
});

it("keeps the repository host and the primary from being given back when lab:protect is true", async () => {
  const resources = await runMocked(() => new Lab("lab", labArgs("container", { hosts: MACHINES, protect: true })));
  const kept = resources.filter(({ options }) => options.protect === true).map(({ name }) => name);
  expect(kept.sort()).toEqual([`${PRIMARY}-released`, `${REPOSITORY}-released`]);
});

describe("a machine behind a jump host", () => {
  it("is reached by it, with the same key, and both host keys are checked", async () => {
    const args = { ...labArgs("container", { hosts: jumping(), sshPrivateKey: KEY }), sshPrivateKey: KEY };
    const resources = await runMocked(() => new Lab("lab", args));
    const connection = (host: string): unknown =>
      reveal(resources.find(({ name }) => name === `${host}-ready`)?.inputs.connection);
    const key = { privateKey: KEY, dialErrorLimit: 3, perDialTimeout: 15 };
    expect(connection(PRIMARY)).toEqual({
      ...{ host: "10.20.0.11", port: 22, user: "admin", hostKey: "ssh-ed25519 AAAAprimary", ...key },
      proxy: { host: "bastion.example", port: 22, user: "jumper", hostKey: "ssh-ed25519 AAAAjump", ...key },
    });
    expect(connection(STANDBY)).not.toHaveProperty("proxy");
  });
});

describe("another lab:hosts on a lab of machines that exist", () => {
  const deployed = stackConfig("container", { hosts: MACHINES });
  const change = (hosts: Record<string, unknown>, from = deployed): string[] =>
    findChanges(from, stackConfig("container", { hosts })).map(({ effect, text }) => `${effect}: ${text}`);

  it("rebuilds what is on a machine with another host key, and reaches one at another port", () => {
    const existing = { user: "admin", hostKey: "ssh-ed25519 AAAAother" };
    expect(change(changed(STANDBY, { existing }))).toEqual([
      "rebuild: a machine with another host key is another one: every step runs on it",
    ]);
    const moved = { ...MACHINES[STANDBY]?.existing, port: 2222 };
    expect(change(changed(STANDBY, { existing: moved }))).toEqual([
      "live: standbys are added and restored from the repository, or removed with their disks",
    ]);
  });

  it("neither adopts a cluster that is the program's own, nor the other way round, unless the machine is another", () => {
    const adopted = changed(PRIMARY, { existing: { ...MACHINES[PRIMARY]?.existing, adopt: true } });
    expect(change(adopted)).toEqual([`refused: the cluster of ${PRIMARY} is the program's own`]);
    const from = stackConfig("container", { hosts: adopted });
    expect(change(MACHINES, from)).toEqual([`refused: the cluster of ${PRIMARY} was adopted`]);
    const another = { user: "admin", hostKey: "ssh-ed25519 AAAAother" };
    expect(change(changed(PRIMARY, { existing: another }), from)).toEqual([
      "rebuild: a machine with another host key is another one: every step runs on it",
    ]);
  });

  it("never makes a machine of libvirt's host, nor the other way round", () => {
    const made = Object.fromEntries(Object.entries(MACHINES).map(([name, { role }]) => [name, { role }]));
    expect(change(made)).toEqual([`refused: ${REPOSITORY} is a machine that exists, and no other takes its place`]);
    expect(change(MACHINES, stackConfig("container", { hosts: made }))).toEqual([
      `refused: ${REPOSITORY} is libvirt's, made by the program, and no other takes its place`,
    ]);
  });
});

describe("the preflight", () => {
  const lab = (() => {
    const configuration = stackConfig("container", { hosts: MACHINES });
    return { stack: "staging", plan: stackPlan("container", { hosts: MACHINES }), configuration };
  })();
  const good = (name: string): MachineFacts => {
    const host = hostOf(lab.plan, name);
    return {
      ...{
        system: "debian 13",
        behind: 0.4,
        memoryMiB: 4096,
        owner: "",
        taken: {},
        listening: ["0.0.0.0:22"],
      },
      freeMiB: Object.fromEntries(ownPlaces(lab.plan, host).map((place) => [place, 9000])),
      connections: Object.fromEntries(
        serversOf(lab.plan, host).map((server) => [server, "bash: connect: Connection refused"]),
      ),
    };
  };
  const found = (changes: Record<string, Partial<MachineFacts> | Partial<ReadHost>> = {}): string[] => {
    const read = lab.plan.hosts.map(({ name }): [string, ReadHost] => {
      const change = changes[name] ?? {};
      if ("unreachable" in change || "unread" in change) return [name, { facts: {}, unread: {}, ...change }];
      return [name, { facts: { machine: { ...good(name), ...change } }, unread: {} }];
    });
    return told(judge(observedLab(lab, new Map(read)), [RULES]).causes);
  };

  it("finds nothing on machines that are ready, nor on those that the stack has", () => {
    expect(found()).toEqual([]);
    const taken = { "/var/lib/postgresql/17/main": "24G" };
    expect(found({ [PRIMARY]: { owner: "lab/staging", taken, listening: ["0.0.0.0:5432"] } })).toEqual([]);
  });

  it("tells a command that goes by the jump host", () => {
    const configuration = stackConfig("container", { hosts: jumping({ port: 2222 }) });
    const plan = stackPlan("container", { hosts: jumping({ port: 2222 }) });
    const machine = { ...good(PRIMARY), listening: ["0.0.0.0:5432"] };
    const read = new Map(plan.hosts.map(({ name }): [string, ReadHost] => [name, { facts: {}, unread: {} }]));
    read.set(PRIMARY, { facts: { machine }, unread: {} });
    const { causes } = judge(observedLab({ ...lab, plan, configuration }, read), [RULES]);
    expect(causes.map(({ remedy }) => remedy)).toContain(
      "ssh -J jumper@bastion.example:2222 -p 22 admin@10.20.0.11 sudo ss -ltnp sport = :5432",
    );
  });

  it("asks after the ways that the lab needs", () => {
    expect(serversOf(lab.plan, hostOf(lab.plan, REPOSITORY))).toEqual(["10.20.0.11:8432", "10.21.0.12:8432"]);
    expect(serversOf(lab.plan, hostOf(lab.plan, PRIMARY))).toEqual(["10.20.0.10:8432"]);
    expect(serversOf(lab.plan, hostOf(lab.plan, STANDBY))).toEqual(["10.20.0.10:8432", "10.20.0.11:5432"]);
  });

  it.each<[Record<string, Partial<MachineFacts> | Partial<ReadHost>>, string]>([
    [
      { [PRIMARY]: { unreachable: "All configured authentication methods failed" } },
      `fail LAB-MACHINE-UNREACHABLE ${PRIMARY}: no SSH connection to admin@10.20.0.11, port 22: All configured authentication methods failed`,
    ],
    [
      { [PRIMARY]: { unread: { everything: "exit status 1: sudo: a password is required" } } },
      `fail LAB-MACHINE-UNREAD ${PRIMARY}: admin cannot run commands as root: exit status 1: sudo: a password is required`,
    ],
    [
      { [PRIMARY]: { system: "rocky 8.10" } },
      `fail LAB-MACHINE-SYSTEM ${PRIMARY}: it runs rocky 8.10, and family debian13 is Debian 13`,
    ],
    [
      { [PRIMARY]: { taken: { "/var/lib/postgresql/17/main": "24G" } } },
      `fail LAB-MACHINE-TAKEN ${PRIMARY}: /var/lib/postgresql/17/main is not this stack's (24G)`,
    ],
    [
      { [PRIMARY]: { owner: "lab/dev", taken: { "/var/lib/postgresql/17/main": "24G" } } },
      `fail LAB-MACHINE-OWNED ${PRIMARY}: it belongs to stack lab/dev`,
    ],
    [
      { [STANDBY]: { listening: ["127.0.0.1:5432"] } },
      `fail LAB-MACHINE-PORT ${STANDBY}: something else listens on port 5432`,
    ],
    [
      { [STANDBY]: { connections: { "10.20.0.10:8432": "", "10.20.0.11:5432": "timed out" } } },
      `fail LAB-MACHINE-BLOCKED ${STANDBY}: no way to 10.20.0.11:5432: timed out`,
    ],
    [
      { [REPOSITORY]: { behind: 300.2 } },
      `fail LAB-MACHINE-CLOCK ${REPOSITORY}: its clock is 300 seconds behind this machine's`,
    ],
    [
      { [REPOSITORY]: { memoryMiB: 256 } },
      `fail LAB-MACHINE-MEMORY ${REPOSITORY}: it has 256 MiB of memory; PostgreSQL and pgBackRest need 512`,
    ],
    [
      { [REPOSITORY]: { freeMiB: { "/backup_space": 900 } } },
      `warn LAB-MACHINE-DISK ${REPOSITORY}: /backup_space has 900 MiB free`,
    ],
  ])("names what is in the way: %o", (changes, line) => {
    expect(found(changes)).toEqual([line]);
  });
});

describe("a cluster that is adopted", () => {
  const hosts = changed(PRIMARY, {
    ...{ dataFolder: "/srv/sales", postgresqlPort: 5433, service: "postgresql@17-sales.service" },
    existing: { ...MACHINES[PRIMARY]?.existing, adopt: true },
  });
  const plan = stackPlan("container", { hosts });
  const primary = hostOf(plan, PRIMARY);

  it("keeps its port, its pg_hba.conf and its pg_ident.conf, and gets the standbys' rows alone", () => {
    expect(renderPostgreSqlConf(plan, primary, { work_mem: "8MB" })).toBe(
      `${[
        "max_slot_wal_keep_size = '1GB'",
        "work_mem = '8MB'",
        "listen_addresses = '*'",
        "ssl = on",
        "ssl_cert_file = '/etc/pgbackrest/cert/host.crt'",
        "ssl_key_file = '/etc/pgbackrest/cert/host.key'",
        "ssl_ca_file = '/etc/pgbackrest/cert/ca.crt'",
        "archive_mode = on",
        "archive_command = 'pgbackrest --stanza=demo archive-push %p'",
      ].join("\n")}\n`,
    );
    expect(renderPgHba(primary, plan)).toMatch(
      /^hostssl replication,postgres replic_user 10\.21\.0\.12\/32 +cert map=lab\n$/,
    );
    expect(ownPlaces(plan, primary)).toEqual(["/etc/pgbackrest/pgbackrest.conf"]);
  });

  it("is looked at before its machine passes, and adopted before it has its settings", async () => {
    const resources = await runMocked(() => new Lab("lab", labArgs("container", { hosts })));
    const find = (name: string) => resources.find((each) => each.name === name);
    expect(find(`${PRIMARY}-adoptable`)?.inputs.create).toContain(
      "lab/test /usr/lib/postgresql/17/bin 17 /srv/sales postgresql@17-sales.service /etc/postgresql/17/sales/postgresql.conf replic_user max_slot_wal_keep_size=1GB",
    );
    expect(find(`${PRIMARY}-passed`)?.options.dependsOn).toContain(find(`${PRIMARY}-adoptable`)?.resource);
    const names = resources.map(({ name }) => name);
    expect(names.indexOf(`${PRIMARY}-postgresql-adopt`)).toBeGreaterThan(names.indexOf(`${PRIMARY}-passed`));
    expect(names.indexOf(`${PRIMARY}-postgresql-start`)).toBeGreaterThan(names.indexOf(`${PRIMARY}-postgresql-adopt`));
    expect(find(`${STANDBY}-postgresql-adopt`)).toBeUndefined();
    expect(find(`${PRIMARY}-postgresql-start`)?.inputs.stdin).not.toContain("/etc/lab/pg_hba.conf");
  });

  it("is told with its changes, its restart and why it cannot be adopted", () => {
    const configuration = stackConfig("container", { hosts });
    const lab = { stack: "staging", plan, configuration };
    const adoption = PARSERS.adoption(
      "==== refusals\nit is a standby; hint: name its primary\n==== changes\narchive_mode\toff\ton\trestart\nssl\toff\ton\treload\n==== files\n/etc/x/pg_hba.conf\n/etc/x/postgresql.conf\n",
    );
    const read = new Map<string, ReadHost>([[PRIMARY, { facts: { adoption: adoption ?? undefined }, unread: {} }]]);
    expect(told(judge(observedLab(lab, read), [ADOPTION]).causes)).toEqual([
      `fail LAB-ADOPT-REFUSED ${PRIMARY}: its cluster cannot be adopted: it is a standby`,
      `warn LAB-ADOPT-SETTING ${PRIMARY}: archive_mode of its cluster changes from "off" to "on", by a restart`,
      `warn LAB-ADOPT-SETTING ${PRIMARY}: ssl of its cluster changes from "off" to "on"`,
      `warn LAB-ADOPT-FILE ${PRIMARY}: /etc/x/pg_hba.conf gets the lab's lines, before its own`,
      `warn LAB-ADOPT-FILE ${PRIMARY}: /etc/x/postgresql.conf gets the lab's lines, behind its own`,
      `warn LAB-ADOPT-RESTART ${PRIMARY}: PostgreSQL restarts once, for archive_mode`,
    ]);
  });
});
