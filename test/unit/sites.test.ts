import { describe, expect, it } from "vitest";
import { Lab } from "../../components/lab";
import { findChanges } from "../../config/changes";
import { siteOf, sitesOf } from "../../config/sites";
import { type Machine, machineProblems } from "../../config/this-machine";
import { accessTo } from "../../plan/access";
import { serversOf } from "../../plan/machines";
import { hostOf } from "../../plan/plan";
import { runMocked } from "../support/run-mocked";
import { labArgs, problemsOf, stackConfig, stackPlan } from "../support/stack-config";

const NORTH = { libvirtUri: "lxc+ssh://root@north.example/system", network: "10.1.0.0/24" };
const SOUTH = { libvirtUri: "lxc+ssh://root@south.example/system", network: "10.2.0.0/24" };
const SITES = { north: NORTH, south: SOUTH, office: "existing" };
const existing = { user: "admin", hostKey: "ssh-ed25519 AAAAvault" };
const HOSTS = {
  "vault.office.example": { role: "repository", site: "office", address: "10.9.0.10", existing },
  "db1.north.example": { role: "primary", site: "north" },
  "db2.south.example": { role: "standby", site: "south", index: 2 },
};
type Hosts = Record<string, object>;
/** Of a stack whose file says nothing of its one site. */
const settings = (sites: unknown = SITES, hosts: Hosts = HOSTS, more: object = {}): Record<string, unknown> => ({
  ...{ libvirtUri: "qemu:///system", networkMode: "nat", sites, hosts },
  ...more,
});
const changed = (name: keyof typeof HOSTS, change: object): Hosts => ({
  ...HOSTS,
  [name]: { ...HOSTS[name], ...change },
});

describe("several sites", () => {
  it("are each a libvirt with a routed network or a bridge, or machines that exist", () => {
    expect(problemsOf(settings())).toEqual([]);
    const bridge = { ...SOUTH, bridge: "br0" };
    const config = stackConfig(
      "container",
      settings({ ...SITES, south: bridge }, changed("db2.south.example", { address: "10.2.0.77" })),
    );
    expect(sitesOf(config)).toEqual([
      { name: "north", ...NORTH, bridge: "", networkMode: "route" },
      { name: "south", ...bridge, networkMode: "bridge" },
    ]);
    expect(Object.values(config.hosts).map((host) => siteOf(config, host)?.name)).toEqual([
      undefined,
      "north",
      "south",
    ]);
  });

  it("give their hosts addresses in their own networks", () => {
    const plan = stackPlan("container", settings());
    expect(plan.hosts.map(({ name, address, site }) => [name, address, site])).toEqual([
      ["vault.office.example", "10.9.0.10", "office"],
      ["db1.north.example", "10.1.0.11", "north"],
      ["db2.south.example", "10.2.0.12", "south"],
    ]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      "a word",
      settings({ ...SITES, office: "exists" }),
      'lab:sites.office must be existing, or an object with libvirtUri and network, got "exists"',
    ],
    ["a list", settings([]), "lab:sites must be an object of sites, each existing or with libvirtUri and network"],
    [
      "a name",
      settings({ ...SITES, West_1: NORTH }),
      'lab:sites.West_1 has an invalid name; allowed are at most 20 lower-case letters, digits and "-"',
    ],
    [
      "no URI",
      settings({ ...SITES, north: { ...NORTH, libvirtUri: "north.example" } }),
      'lab:sites.north.libvirtUri must be a libvirt URI (qemu or lxc), got "north.example"',
    ],
    [
      "no network",
      settings({ ...SITES, north: { ...NORTH, network: "10.1.0.7/24" } }),
      'lab:sites.north.network must be the network\'s own address, got "10.1.0.7/24"; the network that holds it is 10.1.0.0/24',
    ],
    [
      "an unknown field",
      settings({ ...SITES, north: { ...NORTH, networkMode: "nat" } }),
      "lab:sites.north.networkMode is an unknown field; allowed are libvirtUri, network, bridge",
    ],
    ["no hosts", settings(SITES, {}), "lab:sites must be empty when lab:hosts is: each host of it names its site"],
    [
      "the one site's keys",
      settings(SITES, HOSTS, { network: "10.84.14.0/24" }),
      'lab:network must be left out when lab:sites is set, got "10.84.14.0/24"; hint: each site has its own',
    ],
    [
      "a site without hosts",
      settings({ ...SITES, west: { libvirtUri: "lxc:///system", network: "10.3.0.0/24" } }),
      "lab:sites must have a host in every site, got none in west",
    ],
    [
      "a host of another site",
      settings(SITES, { ...HOSTS, db3: { role: "standby", site: "west" } }),
      'lab:hosts must have sites of lab:sites (north, south, office), got "west" of db3',
    ],
    [
      "a host without a site",
      settings(SITES, { ...HOSTS, db3: { role: "standby" } }),
      "lab:hosts must have a site of every host when lab:sites is set, got none of db3",
    ],
    [
      "a host that does not exist",
      settings(SITES, { ...HOSTS, db3: { role: "standby", site: "office" } }),
      "lab:hosts must have existing of every host whose site is existing, got none of db3 in office",
    ],
    [
      "a machine in a libvirt",
      settings(SITES, { ...HOSTS, db3: { role: "standby", site: "south", address: "10.2.0.13", existing } }),
      "lab:hosts must leave out existing of db3: its site south is libvirt's",
    ],
    [
      "an address outside",
      settings(SITES, changed("db2.south.example", { address: "10.1.0.12" })),
      'lab:hosts must have addresses in lab:sites.south.network, which is 10.2.0.0/24, got "10.1.0.12" of db2.south.example',
    ],
    [
      "one address of two hosts",
      settings(SITES, changed("vault.office.example", { address: "10.1.0.11" })),
      'lab:hosts must have addresses that differ, got "10.1.0.11" of vault.office.example and of db1.north.example',
    ],
    [
      "a bridge that leaves the address open",
      settings({ ...SITES, south: { ...SOUTH, bridge: "br0" } }),
      "lab:hosts must have an address of every host when its site has a bridge, got none of db2.south.example",
    ],
    [
      "one libvirt",
      settings({ ...SITES, south: { ...SOUTH, libvirtUri: NORTH.libvirtUri } }),
      'lab:sites must have libvirts that differ, got "lxc+ssh://root@north.example/system" of north and of south',
    ],
    [
      "networks that overlap",
      settings(
        { ...SITES, south: { ...SOUTH, network: "10.0.0.0/8" } },
        changed("db2.south.example", { address: "10.2.0.12" }),
      ),
      'lab:sites must have networks that do not overlap, got "10.1.0.0/24" of north and "10.0.0.0/8" of south',
    ],
    [
      "a private libvirtd",
      settings({ ...SITES, north: { ...NORTH, libvirtUri: "lxc:///system?socket=.lab/local/run/libvirt-sock" } }),
      'lab:sites.north.libvirtUri must be a libvirt that runs without this program, got the private libvirtd of stack "local"',
    ],
  ])("are refused with %s", (_, given, problem) => {
    expect(problemsOf(given)).toEqual([problem]);
  });

  it("are named where they do not answer; the next ones are not waited for", () => {
    const asked: string[] = [];
    const machine = {
      access: () => "granted",
      digest: () => "",
      interfaces: [],
      bridges: [],
      routes: ["10.1.0.0/24", "10.2.0.0/24"],
      connect: (uri: string) => {
        asked.push(uri);
        return "no answer in 6 s";
      },
    } as unknown as Machine;
    expect(machineProblems(stackConfig("container", settings()), "container", machine)).toEqual([
      `cannot connect to libvirt at "${NORTH.libvirtUri}" (lab:sites.north.libvirtUri): no answer in 6 s; hint: virsh -c "${NORTH.libvirtUri}" uri must print the URI`,
    ]);
    expect(asked).toEqual([NORTH.libvirtUri]);
    const far = { ...machine, routes: [] } as Machine;
    expect(machineProblems(stackConfig("container", settings()), "container", far)).toEqual([
      expect.stringMatching(
        /^no route from this machine .* 10\.1\.0\.0\/24 \(lab:sites\.north\.network\) is route on north\.example; /,
      ),
    ]);
  });

  it("have each a provider, a network of its own hosts, and a pool; hosts have all names, and their steps their own libvirt", async () => {
    const args = labArgs("container", settings(SITES, HOSTS));
    const resources = await runMocked(() => new Lab("lab", args));
    const named = (type: string) => resources.filter((each) => each.type === type);
    expect(named("pulumi:providers:libvirt").map(({ name, inputs }) => [name, inputs.uri])).toEqual([
      ["lab-north-libvirt", NORTH.libvirtUri],
      ["lab-south-libvirt", SOUTH.libvirtUri],
    ]);
    expect(named("libvirt:index/network:Network").map(({ name, inputs }) => [name, inputs.forward])).toEqual([
      ["lab-north-network", { mode: "route" }],
      ["lab-south-network", { mode: "route" }],
    ]);
    expect(named("libvirt:index/pool:Pool").map(({ name }) => name)).toEqual([
      "lab-north-storage",
      "lab-south-storage",
    ]);
    const step = (name: string): string =>
      JSON.stringify(resources.find((each) => each.name === name)?.inputs ?? expect.fail(name));
    expect(step("lab-south-network-entries")).toContain("10.2.0.12 db2.south.example db2");
    expect(step("lab-south-network-entries")).not.toContain("10.1.0.11");
    for (const host of Object.keys(HOSTS)) expect(step(`${host}-names`)).toContain("db1.north.example db1=10.1.0.11");
    expect(step("db2.south.example-resize")).toContain(SOUTH.libvirtUri);
    expect(step("db2.south.example-undefine")).toContain(SOUTH.libvirtUri);
  });
});

describe("a stack of both kinds", () => {
  const hosts = {
    "vault.north.example": { role: "repository", site: "north" },
    "db1.office.example": { role: "primary", site: "office", address: "10.9.0.11", existing },
    "db2.office.example": { role: "standby", site: "office", index: 2, address: "10.9.0.12", existing },
  };
  const sites = { north: NORTH, office: "existing" };

  it("gives a primary that exists back before libvirt's repository host goes", async () => {
    const resources = await runMocked(() => new Lab("lab", labArgs("container", settings(sites, hosts))));
    const { options } = resources.find(({ name }) => name === "db1.office.example-released") ?? expect.fail();
    const ready = resources.find(({ name }) => name === "vault.north.example-ready") ?? expect.fail();
    expect(options.dependsOn).toContain(ready.resource);
  });

  it("asks machines after the ways between them: libvirt's hosts may not be there yet", () => {
    const plan = stackPlan("container", settings(sites, hosts));
    expect(serversOf(plan, hostOf(plan, "db2.office.example"))).toEqual(["10.9.0.11:5432"]);
  });
});

it("are one by the keys of its network in the configuration of a lab that is older than they are", () => {
  const { sites, ...older } = stackConfig("container");
  expect(sites).toEqual({});
  expect(sitesOf(older)).toMatchObject([{ network: "10.83.14.0/24", networkMode: "isolated" }]);
});

describe("other sites of a lab that lives", () => {
  const deployed = stackConfig("container", settings());
  const change = (sites: unknown, hosts: Hosts = HOSTS, from = deployed): string[] =>
    findChanges(from, stackConfig("container", settings(sites, hosts)))
      .filter(({ key }) => key === "sites" || key === "hosts")
      .map(({ key, effect, text }) => `${key} ${effect}: ${text}`);

  it("come and go with their hosts", () => {
    const west = { ...SITES, west: { libvirtUri: "lxc:///system", network: "10.3.0.0/24" } };
    expect(change(west, { ...HOSTS, db3: { role: "standby", site: "west", index: 3 } })).toEqual([
      "hosts live: standbys are added and restored from the repository, or removed with their disks",
      "sites live: sites come and go with their hosts",
    ]);
  });

  it("keep their networks, and their hosts", () => {
    expect(change({ ...SITES, south: { ...SOUTH, network: "10.2.0.0/25" } })).toEqual([
      "sites refused: libvirt applies no such change to a network that exists (lab:sites.south.network)",
    ]);
    expect(
      change(SITES, {
        ...changed("db2.south.example", { site: "north", address: "10.1.0.12" }),
        db3: { role: "standby", site: "south", index: 3 },
      }),
    ).toEqual(["hosts refused: db2.south.example has its disk in site south"]);
    const uri = "lxc+ssh://admin@south.example/system";
    expect(change({ ...SITES, south: { ...SOUTH, libvirtUri: uri } })).toEqual([
      "sites live: lab:sites.south.libvirtUri must be another URI of the same libvirt: elsewhere the hosts' disks are missing, and `./lab up` refuses",
    ]);
  });

  it("are not made of a lab's one site, but of machines that exist", () => {
    const hosts = {
      vault: { role: "repository", address: "10.83.14.10" },
      db1: { role: "primary", address: "10.83.14.11" },
    };
    const one = stackConfig("container", { libvirtUri: "qemu:///system", networkMode: "nat", hosts });
    const inNorth = (all: Hosts): Hosts =>
      Object.fromEntries(Object.entries(all).map(([name, host]) => [name, { ...host, site: "north" }]));
    expect(change({ north: { ...NORTH, network: "10.83.14.0/24" } }, inNorth(hosts), one)).toContain(
      "sites refused: hosts of libvirt stay in the one that they are in, and its network keeps its name",
    );
    const machines = Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, { ...host, existing }]));
    const placed = Object.fromEntries(
      Object.entries(machines).map(([name, host]) => [name, { ...host, site: "office" }]),
    );
    const grown = { ...placed, db2: { role: "standby", site: "north", index: 2 } };
    const before = stackConfig("container", { libvirtUri: "qemu:///system", networkMode: "nat", hosts: machines });
    expect(change({ north: NORTH, office: "existing" }, grown, before).map((line) => line.split(":")[0])).toEqual([
      "hosts live",
      "sites live",
    ]);
  });
});

it("reaches libvirt's hosts with the deployment's key, and machines that exist with their own", () => {
  const plan = stackPlan("container", settings());
  const hostKeys = { "vault.office.example": "ssh-ed25519 AAAAvault", "db1.north.example": "ssh-ed25519 AAAAdb1" };
  const to = (name: string, machineKey: string) =>
    accessTo({ user: "lab", privateKey: "DEPLOYMENT", machineKey, hostKeys }, hostOf(plan, name));
  expect(to("db1.north.example", "MACHINES")).toMatchObject({ user: "lab", privateKey: "DEPLOYMENT" });
  expect(to("vault.office.example", "MACHINES")).toMatchObject({ user: "admin", privateKey: "MACHINES" });
  expect(to("vault.office.example", "")).not.toHaveProperty("privateKey");
});
