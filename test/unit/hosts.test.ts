import { describe, expect, it } from "vitest";
import { Lab } from "../../components/lab";
import { findChanges, renderRefusal } from "../../config/changes";
import { hostsOf } from "../../config/hosts";
import { isStandbySlot, slotOf } from "../../config/replication-slots";
import { hostOf } from "../../plan/plan";
import { replicationConnection } from "../../plan/replication";
import { renderPgBackRestConf } from "../../render/pgbackrest-conf";
import { renderPostgreSqlConf } from "../../render/postgresql-conf";
import { CLUSTERS, GUEST, PLACES } from "../support/places";
import { runMocked } from "../support/run-mocked";
import { labArgs, problemsOf, stackConfig, stackPlan } from "../support/stack-config";

const API = { backupApi: true, backupApiSource: "test/support/backup-api-stand-in" };
const BARMAN = { "barman.ops.example": { role: "barman" } };
const [REPOSITORY, PRIMARY, STANDBY] = ["backup.ops.example", "pg1.north.example", "pg1.south.example"] as const;

const standbys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, number) => [`s${number}`, { role: "standby" }]));
const withHosts = (hosts: object) => ({ hosts: { ...PLACES, ...hosts } });

describe("the hosts of lab:hosts", () => {
  it("have what the map leaves out from the lab: sizes, addresses by role and index, the lowest free index by name", () => {
    const hosts = hostsOf(stackConfig("container", { ...API, hosts: { ...PLACES, ...GUEST, ...BARMAN } }));
    expect(hosts).toEqual([
      { name: REPOSITORY, role: "repository", address: "10.83.14.40", cpus: 1, memoryMiB: 1024, diskGiB: 20 },
      { name: PRIMARY, role: "primary", index: 1, address: "10.83.14.11", cpus: 2, memoryMiB: 1536, diskGiB: 20 },
      ...[
        ["a-reader.south.example", 2, "10.83.14.12"],
        [STANDBY, 3, "10.83.14.13"],
      ].map(([name, index, address]) => ({
        ...{ name, role: "standby", index, address, cpus: 1, memoryMiB: 1024, diskGiB: 20 },
      })),
      { name: "barman.ops.example", role: "barman", address: "10.83.14.20", cpus: 1, memoryMiB: 1024, diskGiB: 20 },
    ]);
  });

  it("are the seed's where the map says what the seed's keys stand for", () => {
    const seed = {
      "pg2-srv": { role: "standby" },
      "pg1-srv": { role: "primary" },
      "pg3-srv": { role: "standby" },
      "backup-srv": { role: "repository" },
    };
    expect(stackPlan("container", { hosts: seed }).hosts).toEqual(stackPlan("container").hosts);
  });

  it("are in the plan by their names alone: peers, the API's host, addresses, the first label where it is one's own", () => {
    const plan = stackPlan("container", { ...API, hosts: { ...PLACES, ...BARMAN }, revoked: [STANDBY] });
    expect(hostOf(plan, REPOSITORY)).toMatchObject({ peers: [PRIMARY], volumes: { disk: "bac-07ba58.raw" } });
    expect(hostOf(plan, PRIMARY)).toMatchObject({ peers: [REPOSITORY], mac: "52:54:00:53:0e:0b" });
    expect(hostOf(plan, STANDBY)).toMatchObject({ peers: [], revoked: true });
    expect(plan.backupApi?.host).toBe("barman.ops.example");
    expect(plan.postgresql.addresses).toEqual(["10.83.14.11", "10.83.14.13"]);
    expect(plan.network.reservations.map(({ name, alias }) => [name, alias])).toEqual([
      [REPOSITORY, "backup"],
      [PRIMARY, undefined],
      [STANDBY, undefined],
      ["barman.ops.example", "barman"],
    ]);
    expect(stackPlan("container", { ...API, hosts: PLACES, backupApiHost: REPOSITORY }).backupApi?.host).toBe(
      REPOSITORY,
    );
  });

  it("have replication slots that are known as the lab's when their hosts are gone", () => {
    expect([slotOf("pg2-srv"), slotOf("a-reader.south.example")]).toEqual(["pg2_srv", "lab_a_reader_south_example"]);
    expect(["pg9_srv", "lab_gone_example", "own_slot"].map(isStandbySlot)).toEqual([true, true, false]);
  });
});

describe("a map of hosts", () => {
  it.each<[Record<string, unknown>, string]>([
    [{ hosts: "pg1" }, "lab:hosts must be an object of hosts, each with a role"],
    [{ hosts: ["pg1"] }, "lab:hosts must be an object of hosts, each with a role"],
    [{ hosts: { pg1: "primary" } }, 'lab:hosts.pg1 must be an object, got "primary"'],
    [
      withHosts({ pg2: { role: "replica" } }),
      'lab:hosts.pg2.role must be one of repository, primary, standby, barman, got "replica"',
    ],
    [
      withHosts({ pg2: { role: "standby", rack: "a1" } }),
      "lab:hosts.pg2.rack is an unknown field; allowed are role, address, site, index, cpus, memoryMiB, diskGiB, dataFolder, postgresqlPort, service, existing",
    ],
    [
      withHosts({ pg2: { role: "standby", site: "north" } }),
      "lab:hosts must leave out site when lab:sites is empty, got one of pg2",
    ],
    [
      withHosts({ pg2: { role: "standby", address: "pg2" } }),
      'lab:hosts.pg2.address must be an IPv4 address, got "pg2"',
    ],
    [
      withHosts({ pg2: { role: "standby", index: 1 } }),
      "lab:hosts.pg2.index must be a whole number from 2 to 9, got 1",
    ],
    [withHosts({ pg2: { role: "standby", cpus: 0 } }), "lab:hosts.pg2.cpus must be a whole number from 1 to 64, got 0"],
    [
      withHosts({ pg2: { role: "standby", memoryMiB: 256 } }),
      "lab:hosts.pg2.memoryMiB must be a whole number from 512 to 1048576, got 256",
    ],
    [
      withHosts({ pg2: { role: "standby", diskGiB: 0.5 } }),
      "lab:hosts.pg2.diskGiB must be a whole number from 1 to 65536, got 0.5",
    ],
    ...["PG2", "pg_2", "-pg", "pg..example", "10.0.0.2", "a".repeat(60)].map(
      (name): [Record<string, unknown>, string] => [
        withHosts({ [name]: { role: "standby" } }),
        `lab:hosts has an invalid name: "${name}"; allowed are host names and FQDNs of lower-case letters, digits and "-", of at most 59 characters`,
      ],
    ),
    [withHosts({ localhost: { role: "standby" } }), "lab:hosts has an invalid name: localhost is every host's own"],
    [
      withHosts({ "lab-1": { role: "standby" } }),
      "lab:hosts has an invalid name: lab-1; names that begin with lab- are the program's own",
    ],
    [
      { hosts: { [PRIMARY]: { role: "primary" } } },
      "lab:hosts must have exactly one host with role repository, got none",
    ],
    [
      withHosts({ other: { role: "primary" } }),
      `lab:hosts must have exactly one host with role primary, got other, ${PRIMARY}`,
    ],
    [
      { hosts: { a: { role: "repository" }, b: { role: "primary" }, ...standbys(9) } },
      "lab:hosts must have at most 8 hosts with role standby, got s0, s1, s2, s3, s4, s5, s6, s7, s8",
    ],
    [
      { ...API, ...withHosts({ ...BARMAN, barman2: { role: "barman", address: "10.83.14.21" } }) },
      "lab:hosts must have at most one host with role barman, got barman.ops.example, barman2",
    ],
    [
      withHosts(BARMAN),
      "lab:hosts must have no host with role barman when lab:backupApi is false, got barman.ops.example",
    ],
    [
      { ...API, ...withHosts({}) },
      `lab:backupApiHost must be one of ${REPOSITORY}, ${PRIMARY}, ${STANDBY} when lab:hosts has no host with role barman, got "barman-srv"`,
    ],
    [
      { ...API, hosts: { a: { role: "repository" }, b: { role: "primary" }, c: { role: "barman" }, ...standbys(8) } },
      `lab:hosts must have at most 7 standbys when lab:backupApi is true, got "8"; hint: Barman needs three of PostgreSQL's ten WAL senders; set max_wal_senders in lab:postgresql`,
    ],
    [
      { ...withHosts({}), primary: "pg2-srv" },
      `lab:primary must be left out when lab:hosts is set, which says ${PRIMARY}, got "pg2-srv"`,
    ],
    [{ ...withHosts({}), standbys: 3 }, 'lab:standbys must be left out when lab:hosts is set, which says 1, got "3"'],
    [
      { ...API, ...withHosts(BARMAN), backupApiHost: REPOSITORY },
      `lab:backupApiHost must be left out when lab:hosts is set, which says barman.ops.example, got "${REPOSITORY}"`,
    ],
    [
      { ...withHosts({}), addresses: { "pg1-srv": "10.83.14.11" } },
      "lab:addresses must be empty when lab:hosts is set, got addresses of pg1-srv; hint: each host's address in lab:hosts",
    ],
    [
      { hosts: { ...PLACES, [PRIMARY]: { role: "primary", index: 2 } } },
      `lab:hosts must have an index of standbys alone, as the primary has index 1, got 2 of ${PRIMARY}`,
    ],
    [
      withHosts({ [REPOSITORY]: { role: "repository", index: 2 } }),
      `lab:hosts must have an index of standbys alone, as only PostgreSQL hosts have one, got 2 of ${REPOSITORY}`,
    ],
    [
      withHosts({ pg2: { role: "standby", index: 3, address: "10.83.14.50" } }),
      `lab:hosts must have indices that differ, got 3 of ${STANDBY} and of pg2`,
    ],
    [
      withHosts({ pg2: { role: "standby", address: "10.83.14.40" } }),
      `lab:hosts must have addresses that differ, got "10.83.14.40" of ${REPOSITORY} and of pg2`,
    ],
    [
      withHosts({ pg2: { role: "standby", address: "10.83.15.40" } }),
      'lab:hosts must have addresses in lab:network, which is 10.83.14.0/24, got "10.83.15.40" of pg2',
    ],
    ...[
      ["10.83.14.0", "the network's own address"],
      ["10.83.14.1", "the network's gateway"],
      ["10.83.14.255", "the network's broadcast address"],
    ].map(([address, what]): [Record<string, unknown>, string] => [
      withHosts({ pg2: { role: "standby", address } }),
      `lab:hosts must have addresses of hosts, got "${String(address)}" of pg2, which is ${String(what)}`,
    ]),
    [
      { ...withHosts({}), networkMode: "bridge", bridge: "br0" },
      `lab:hosts must have an address of every host when lab:networkMode is bridge, got none of ${PRIMARY}, ${STANDBY}`,
    ],
    [
      withHosts({ "a-b": { role: "standby" }, "a.b": { role: "standby" } }),
      "lab:hosts must have names whose replication slots differ, got a-b and of a.b, whose slot is lab_a_b",
    ],
    [
      withHosts({ [REPOSITORY]: { role: "repository", dataFolder: "/srv/x" } }),
      `lab:hosts must have dataFolder of PostgreSQL hosts alone, got "/srv/x" of ${REPOSITORY}`,
    ],
    [
      withHosts({ pg2: { role: "standby", service: "postgresql-17.service" } }),
      'lab:hosts must have postgresql@17-NAME.service, with the cluster\'s NAME, as its service with family debian13, got "postgresql-17.service" of pg2',
    ],
    [
      withHosts({ pg2: { role: "standby", postgresqlPort: 8432 } }),
      "lab:hosts must have another postgresqlPort than pgBackRest's server, got 8432 of pg2",
    ],
    [{ ...withHosts({}), revoked: ["pg2-srv"] }, `lab:revoked must name standbys (${STANDBY}), got "pg2-srv"`],
    [
      { ...withHosts({}), revoked: [PRIMARY] },
      `lab:revoked must name standbys (${STANDBY}), got "${PRIMARY}", the primary, without which nothing is archived; hint: lab:keyGeneration gives all hosts new keys`,
    ],
  ])("is refused with %o", (settings, problem) => {
    expect(problemsOf(settings)).toEqual([problem]);
  });

  it("is allowed on a bridge with every host's address, and with the derived keys said again", () => {
    const hosts = { a: { role: "repository", address: "10.83.14.2" }, b: { role: "primary", address: "10.83.14.1" } };
    expect(problemsOf({ networkMode: "bridge", bridge: "br0", hosts })).toEqual([]);
    expect(problemsOf({ ...withHosts({}), standbys: 1 })).toEqual([]);
  });
});

describe("another map of hosts on a lab that is up", () => {
  const deployed = { hosts: { ...PLACES, ...GUEST } };
  const change = (to: Record<string, unknown>, from: Record<string, unknown> = deployed) =>
    findChanges(stackConfig("container", from), stackConfig("container", to));
  const without = (name: string) =>
    Object.fromEntries(Object.entries(deployed.hosts).filter(([host]) => host !== name));

  it.each<[string, Record<string, unknown>, string[]]>([
    ["a further standby", withHosts({ ...GUEST, pg5: { role: "standby" } }), ["hosts live"]],
    ["a standby less", withHosts({}), ["hosts live"]],
    [
      "another size",
      { hosts: { ...deployed.hosts, [PRIMARY]: { role: "primary", memoryMiB: 2048 } } },
      ["hosts restart"],
    ],
    ["an index that it has", withHosts({ "a-reader.south.example": { role: "standby", index: 2 } }), ["hosts live"]],
  ])("%s: %o", (_, to, effects) => {
    expect(change(to).map(({ key, effect }) => `${key} ${effect}`)).toEqual(effects);
  });

  it("is nothing but live when it says what the seed's keys said before, whatever those were", () => {
    const seed = {
      "backup-srv": { role: "repository" },
      "pg2-srv": { role: "primary", address: "10.83.14.12" },
      "pg1-srv": { role: "standby", index: 2, address: "10.83.14.11" },
    };
    expect(
      change({ hosts: seed }, { primary: "pg2-srv", standbys: 1 }).map(({ key, effect }) => `${key} ${effect}`),
    ).toEqual(["hosts live", "primary live", "standbys live"]);
  });

  it.each<[string, Record<string, unknown>, string, Record<string, unknown>?]>([
    [
      "another primary",
      { ...without(PRIMARY), other: { role: "primary" } },
      "the lab promotes no standby; two primaries would archive into one stanza; hint: bring up another stack with it, and move the data there (pg_dump)",
    ],
    [
      "another repository host",
      { ...without(REPOSITORY), other: { role: "repository" } },
      "backups and WAL are on the repository host; hint: bring up another stack with it, and move the data there (pg_dump)",
    ],
    [
      "another role",
      { ...deployed.hosts, [STANDBY]: { role: "barman", address: "10.83.14.13" } },
      `${STANDBY} is a standby; hint: give the barman another name`,
      API,
    ],
    [
      "a standby whose name comes first, and would push the others on",
      { ...deployed.hosts, "a-first.example": { role: "standby" } },
      `pgBackRest's index of a-reader.south.example is 2; hint: "index": 2 of a-reader.south.example`,
    ],
    [
      "another address",
      { ...deployed.hosts, [STANDBY]: { role: "standby", index: 3, address: "10.83.14.60" } },
      `${STANDBY} exists, and has address 10.83.14.13; hint: "address": "10.83.14.13" of ${STANDBY}`,
    ],
    [
      "another port",
      { ...deployed.hosts, [STANDBY]: { role: "standby", index: 3, postgresqlPort: 5433 } },
      `the cluster of ${STANDBY} is there, and no step moves it; hint: ${STANDBY} without postgresqlPort`,
    ],
    [
      "a standby in the place of one that goes in the same run",
      { ...without("a-reader.south.example"), "b-reader.south.example": { role: "standby" } },
      "b-reader.south.example would have address 10.83.14.12 while a-reader.south.example still has it; " +
        "hint: ./lab up without a-reader.south.example first, then with b-reader.south.example, or another address of b-reader.south.example",
    ],
  ])("is refused for %s", (_, hosts, problem, settings = {}) => {
    const [refusal, ...others] = change({ hosts, ...settings })
      .filter(({ effect }) => effect === "refused")
      .map(renderRefusal);
    expect(others).toEqual([]);
    expect(refusal?.replace(/^lab:hosts must stay .* on this lab, got .*?: (?=[^{"])/, "")).toBe(problem);
  });

  it("names only the hosts that differ", () => {
    const [found] = change({ hosts: { ...deployed.hosts, [STANDBY]: { role: "standby", index: 4 } } });
    expect(found && renderRefusal(found)).toBe(
      `lab:hosts must stay {"${STANDBY}":{"index":3}} on this lab, got {"${STANDBY}":{"index":4}}: ` +
        `pgBackRest's index of ${STANDBY} is 3; hint: "index": 3 of ${STANDBY}`,
    );
  });
});

it("has clusters with a data folder, port and service of their own, by which pgBackRest, standbys and steps find them", async () => {
  const settings = { hosts: { ...PLACES, ...CLUSTERS } };
  const resources = await runMocked(() => new Lab("lab", labArgs("container", settings)));
  const inputs = (name: string) => resources.find((each) => each.name === name)?.inputs ?? {};
  const plan = stackPlan("container", settings);
  expect(hostOf(plan, PRIMARY)).toMatchObject({
    units: ["pgbackrest.service", "postgresql@17-sales.service"],
    folders: ["/srv/sales", "/var/log"],
  });
  expect(inputs(`${PRIMARY}-postgresql-create`).create).toContain(" /srv/sales postgresql@17-sales.service 5433 ");
  expect(inputs(`${PRIMARY}-postgresql-start`).create).toContain(
    " /usr/lib/postgresql/17/bin postgresql@17-sales.service /etc/postgresql/17/sales/postgresql.conf /etc/lab/postgresql.conf primary /srv/sales ",
  );
  expect(inputs(`${PRIMARY}-replication-slots-keep`).stdin).toMatch(/^export PGPORT=5433\n/);
  expect(inputs(`${STANDBY}-postgresql-create`).stdin).not.toContain("PGPORT=");
  expect(replicationConnection(plan, hostOf(plan, STANDBY))).toMatch(/^host=pg1\.north\.example port=5433 user=/);
  const conf = { ...labArgs("container", settings).config, cpus: 1 };
  expect(renderPgBackRestConf(plan, hostOf(plan, REPOSITORY), conf)).toContain("pg1-path=/srv/sales\npg1-port=5433\n");
  expect(renderPgBackRestConf(plan, hostOf(plan, PRIMARY), conf)).toContain("pg1-path=/srv/sales\npg1-port=5433\n");
  expect(renderPostgreSqlConf(plan, hostOf(plan, PRIMARY), {})).toContain("\nport = 5433\n");
});

it("has a network that knows hosts by a step, before they boot, as libvirt's provider applies no later change", async () => {
  const run = (settings: Record<string, unknown>) => runMocked(() => new Lab("lab", labArgs("container", settings)));
  const resources = await run({ hosts: PLACES });
  const find = (name: string) => resources.find((each) => each.name === name);
  const network = resources.find(({ type }) => type === "libvirt:index/network:Network");
  expect(network?.options.ignoreChanges).toEqual(["dns", "ips"]);
  expect(network?.inputs).not.toHaveProperty("dns");
  expect(network?.inputs.ips).toEqual([
    { address: "10.83.14.1", prefix: 24, dhcp: { ranges: [{ start: "10.83.14.10", end: "10.83.14.20" }] } },
  ]);
  const { libvirtUri } = labArgs("container").config;
  expect(find("lab-network-entries")?.inputs.create).toBe(
    `bash scripts/site/network-entries.sh '${libvirtUri}' lab-test '52:54:00:53:0e:28 10.83.14.40 ${REPOSITORY} backup' ` +
      `'52:54:00:53:0e:0b 10.83.14.11 ${PRIMARY}' '52:54:00:53:0e:0d 10.83.14.13 ${STANDBY}'`,
  );
  const domain = find(`${PRIMARY}-domain`);
  expect(domain?.options.dependsOn).toEqual([find("lab-network-entries")?.resource]);
  expect(domain?.inputs).toMatchObject({ name: `lab-test-${PRIMARY}`, memory: 1536, vcpu: 2 });
  expect(find(`${STANDBY}-domain`)?.inputs).toMatchObject({ memory: 1024, vcpu: 1 });
  expect(find(`${PRIMARY}-resize`)?.inputs.create).toMatch(/ 2 1536$/);
  expect(find(`${PRIMARY}-certificate-request`)?.inputs).toMatchObject({
    subject: { commonName: PRIMARY },
    dnsNames: [PRIMARY],
    ipAddresses: ["10.83.14.11"],
  });
  expect(find(`${REPOSITORY}-standbys-forget`)?.inputs.create).toContain(
    ` /etc/pgbackrest/conf.d/standbys.conf ${STANDBY} `,
  );
  expect(find(`${PRIMARY}-replication-slots-keep`)?.inputs.create).toContain(" lab_pg1_south_example ");
});
