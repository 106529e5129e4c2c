import { describe, expect, it } from "vitest";
import { Lab } from "../../components/lab";
import { parseLiveNetwork } from "../../config/live-network";
import { hostOf } from "../../plan/plan";
import { runMocked } from "../support/run-mocked";
import { labArgs, problemsOf, stackPlan } from "../support/stack-config";

const ADDRESSES = { "backup-srv": "192.168.7.30", "pg1-srv": "192.168.7.31", "pg2-srv": "192.168.7.132" };
const BRIDGE = { networkMode: "bridge", bridge: "br0", network: "192.168.7.0/24", standbys: 1, addresses: ADDRESSES };
const HOSTS = "backup-srv, pg1-srv, pg2-srv, pg3-srv, pg4-srv, pg5-srv, pg6-srv, pg7-srv, pg8-srv, pg9-srv, barman-srv";

describe("an existing bridge", () => {
  it("has each host at the given address, and no other address", async () => {
    const plan = stackPlan("container", { ...BRIDGE, addresses: { ...ADDRESSES, "pg9-srv": "192.168.7.39" } });
    expect(hostOf(plan, "pg2-srv")).toMatchObject({ address: "192.168.7.132", mac: "52:54:00:a8:07:84" });
    expect(plan.postgresql.addresses).toEqual(["192.168.7.31", "192.168.7.132", "192.168.7.39"]);

    const resources = await runMocked(() => new Lab("lab", labArgs("container", BRIDGE)));
    const network = resources.find(({ type }) => type === "libvirt:index/network:Network")?.inputs;
    expect(network).toEqual({
      name: "lab-test",
      autostart: true,
      forward: { mode: "bridge" },
      bridge: { name: "br0" },
    });
    const steps = resources.map(({ name }) => name).filter((name) => /^pg1-srv-(address|names|ready)$/.test(name));
    expect(steps).toEqual(["pg1-srv-address", "pg1-srv-names", "pg1-srv-ready"]);
    expect(resources.find(({ name }) => name === "pg1-srv-address")?.inputs).toMatchObject({
      create: `bash scripts/site/address-await.sh '${labArgs("container", BRIDGE).config.libvirtUri}' lab-test-pg1-srv 192.168.7.31 br0 52:54:00:a8:07:1f 120 40`,
      triggers: ["pg1-srv-domain-uuid"],
    });
    expect(resources.find(({ name }) => name === "pg1-srv-names")?.inputs.create).toContain("pg2-srv=192.168.7.132");
  });

  it.each<[Record<string, unknown>, string]>([
    [{ bridge: "" }, 'lab:bridge must be the name of an existing bridge when lab:networkMode is bridge, got ""'],
    [
      { bridge: "a bridge" },
      'lab:bridge must be a bridge\'s name of at most 15 letters, digits, "_", "." and "-", got "a bridge"',
    ],
    [
      { standbys: 2, backupApi: true, backupApiSource: "test/support/backup-api-stand-in" },
      "lab:addresses must have an address of every host when lab:networkMode is bridge, got none of pg3-srv, barman-srv",
    ],
    [
      { addresses: { ...ADDRESSES, "pg2-srv": "192.168.8.32" } },
      'lab:addresses must be in lab:network, which is 192.168.7.0/24, got "192.168.8.32" of pg2-srv',
    ],
    [
      { addresses: { ...ADDRESSES, "pg2-srv": "192.168.7.255" } },
      'lab:addresses must be in lab:network, which is 192.168.7.0/24, got "192.168.7.255" of pg2-srv',
    ],
    [
      { addresses: { ...ADDRESSES, "pg2-srv": "192.168.7.30" } },
      'lab:addresses must differ, got "192.168.7.30" of backup-srv and of pg2-srv',
    ],
    [
      { addresses: { ...ADDRESSES, web: "192.168.7.40" } },
      `lab:addresses has an unknown host: web; the hosts are ${HOSTS}`,
    ],
    [{ addresses: { ...ADDRESSES, "pg2-srv": "pg2" } }, 'lab:addresses.pg2-srv must be an IPv4 address, got "pg2"'],
    [{ addresses: "none" }, "lab:addresses must be an object of hosts and their IPv4 addresses"],
    [
      { networkMode: "isolated", addresses: {} },
      'lab:bridge must be empty when lab:networkMode is isolated, got "br0"',
    ],
    [
      { networkMode: "nat", bridge: "" },
      "lab:addresses must be empty when lab:networkMode is nat, got addresses of backup-srv, pg1-srv, pg2-srv",
    ],
  ])("is refused with %o", (settings, problem) => {
    expect(problemsOf({ ...BRIDGE, ...settings })).toEqual([problem]);
  });

  it("is known from libvirt", () => {
    const xml = "<network>\n  <name>lab-dev</name>\n  <forward mode='bridge'/>\n  <bridge name='br0'/>\n</network>\n";
    expect(parseLiveNetwork(xml)).toEqual({ networkMode: "bridge", bridge: "br0" });
  });
});
