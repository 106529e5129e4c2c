import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Machine, machineProblems, THIS_MACHINE } from "../../config/this-machine";
import { bridgeNameOf } from "../../config/libvirt-names";
import { stackConfig } from "../support/stack-config";

const IMAGE = "/images/base.qcow2";
const SOCKET = "/run/libvirt/libvirt-sock";
const DIGEST = "1".repeat(64);
const USER = os.userInfo().username;

/** A machine with an image and a libvirt, on which all is well. */
function machine(changes: Partial<Machine> & { files?: Record<string, "denied" | "granted"> } = {}): Machine {
  const { files = { [IMAGE]: "granted", [SOCKET]: "granted" } } = changes;
  return {
    interfaces: [
      { name: "lo", cidr: "127.0.0.1/8" },
      { name: "eth0", cidr: "192.168.1.7/24" },
      { name: bridgeNameOf("lab-dev"), cidr: "10.83.14.1/24" },
    ],
    access: (file) => files[file] ?? "missing",
    digest: () => DIGEST,
    bridges: ["br0", bridgeNameOf("lab-dev")],
    routes: ["192.168.1.0/24"],
    connect: () => undefined,
    domains: () => new Map(),
    network: () => undefined,
    ...changes,
  };
}

const problems = (settings: Record<string, unknown>, given = machine()): string[] =>
  machineProblems(stackConfig("dev", { imagePath: IMAGE, imageChecksum: "", ...settings }), "dev", given);

describe("what is wrong on this machine", () => {
  it("is nothing, the lab's own bridge included, when all is well", () => {
    expect(problems({})).toEqual([]);
    expect(problems({ imageChecksum: `sha256:${DIGEST}` })).toEqual([]);
    expect(problems({ imagePath: "https://example.org/image" }, machine({ files: { [SOCKET]: "granted" } }))).toEqual(
      [],
    );
  });

  it("is an image that is missing, or is another one", () => {
    expect(problems({}, machine({ files: { [SOCKET]: "granted" } }))).toEqual([
      `lab:imagePath must be an image that exists, got "${IMAGE}"; hint: ./lab prepare builds the lab's own`,
    ]);
    expect(problems({ imageChecksum: `sha256:${"2".repeat(64)}` })).toEqual([
      `lab:imageChecksum does not match ${IMAGE}: the file has sha256:${DIGEST}, got "sha256:${"2".repeat(64)}"`,
    ]);
  });

  it("is a libvirt that is not there, or not for this user", () => {
    expect(problems({}, machine({ files: { [IMAGE]: "granted" } }))).toEqual([
      `cannot connect to libvirt at "qemu:///system" (lab:libvirtUri): missing ${SOCKET} and /run/libvirt/virtqemud-sock; ` +
        "hint: systemctl start libvirtd, or a stack with a libvirt of its own (./lab up)",
    ]);
    expect(problems({}, machine({ files: { [IMAGE]: "granted", [SOCKET]: "denied" } }))).toEqual([
      `cannot connect to libvirt at "qemu:///system" (lab:libvirtUri): ${USER} has no permission for ${SOCKET}; ` +
        `hint: usermod -aG libvirt ${USER}, then log in again`,
    ]);
    expect(problems({ libvirtUri: "lxc:///system?socket=/no/sock" })).toEqual([
      expect.stringContaining('"lxc:///system?socket=/no/sock" (lab:libvirtUri): missing /no/sock; hint') as string,
    ]);
  });

  it("is no network of this machine when libvirt is on another one", () => {
    const libvirtUri = "qemu+ssh://hypervisor.example.com/system";
    expect(problems({ network: "192.168.1.0/27", libvirtUri })).toEqual([]);
    // Nor need there be an image or a socket.
    const other = machine({ files: {} });
    expect(problems({ network: "192.168.1.0/27", libvirtUri, imagePath: "https://example.org/image" }, other)).toEqual(
      [],
    );
  });

  it("is a domain with the name of one of the lab's hosts", () => {
    const domains = new Map([["lab-dev-pg2-srv", "<domain><source file='/elsewhere/pg2-srv.qcow2'/></domain>"]]);
    expect(problems({}, machine({ domains: () => domains }))).toEqual([
      expect.stringMatching(
        /^domain "lab-dev-pg2-srv" of qemu:\/\/\/system is not this lab's: its disk is \/elsewhere/,
      ),
    ]);
  });

  it("is nothing that ./lab is about to create", () => {
    const given = machine({ files: {} });
    const wanted = stackConfig("container", { network: "192.168.1.0/24" });
    expect(machineProblems(wanted, "container", given, { image: true, libvirt: true })).toEqual([]);
    expect(machineProblems(wanted, "container", given)).toHaveLength(3);
  });

  it.each(["192.168.1.0/27", "192.168.0.0/16"])("is network %s, which overlaps one of the machine's", (network) => {
    expect(problems({ network })).toEqual([
      `lab:network must not overlap a network of this machine, got "${network}", and eth0 has 192.168.1.7/24; hint: another one, such as 10.84.14.0/24`,
    ]);
  });

  describe("on a bridge", () => {
    const addresses = { "backup-srv": "192.168.7.30", "pg1-srv": "192.168.7.31" };
    const bridge = { networkMode: "bridge", bridge: "br0", standbys: 0, network: "192.168.7.0/24", addresses };
    const at = (cidr: string) => machine({ interfaces: [{ name: "br0", cidr }] });

    it("is nothing when the bridge is there: in its network, or without an address", () => {
      expect(problems(bridge)).toEqual([]);
      expect(problems(bridge, at("192.168.7.1/24"))).toEqual([]);
      expect(problems(bridge, at("192.168.0.1/16"))).toEqual([]);
      expect(problems(bridge, machine({ bridges: undefined }))).toEqual([]);
      expect(problems({ ...bridge, bridge: "br1", libvirtUri: "qemu+ssh://other.example.com/system" })).toEqual([
        expect.stringContaining("no route") as string,
      ]);
    });

    it("is another address for a host that exists", () => {
      const domain = (mac: string): string =>
        `<domain><source file='/pools/lab-dev/pg1-srv.qcow2'/><mac address='${mac}'/></domain>`;
      const on = (mac: string) => machine({ domains: () => new Map([["lab-dev-pg1-srv", domain(mac)]]) });
      expect(problems(bridge, on("52:54:00:a8:07:1f"))).toEqual([]);
      expect(problems(bridge, on("52:54:00:a8:07:20"))).toEqual([
        'lab:addresses cannot change for a host that exists, got "192.168.7.31" of pg1-srv, and domain lab-dev-pg1-srv of libvirt has ' +
          "MAC address 52:54:00:a8:07:20; hint: keep its address, or bring up another stack beside it",
      ]);
    });

    it("is another address for a host of lab:hosts that exists, on any network", () => {
      const hosts = { "pg1.example": { role: "primary" }, "backup.example": { role: "repository" } };
      const xml =
        "<domain><source file='/pools/lab-dev/pg1.example.qcow2'/><mac address='52:54:00:53:0e:0c'/></domain>";
      const on = machine({ domains: () => new Map([["lab-dev-pg1.example", xml]]) });
      expect(problems({ hosts }, on)).toEqual([
        'lab:hosts cannot change the address of a host that exists, got "10.83.14.11" of pg1.example, and domain lab-dev-pg1.example of ' +
          "libvirt has MAC address 52:54:00:53:0e:0c; hint: keep its address, or bring up another stack beside it",
      ]);
    });

    it("is a bridge that is missing, or has another network", () => {
      const hint = "hint: ip link add br1 type bridge, or libvirt's own network: lab:networkMode nat";
      expect(problems({ ...bridge, bridge: "br1" })).toEqual([
        `lab:bridge must be a bridge of this machine, got "br1"; it has br0, ${bridgeNameOf("lab-dev")}; ${hint}`,
      ]);
      expect(problems({ ...bridge, bridge: "br1" }, machine({ bridges: [] }))).toEqual([
        `lab:bridge must be a bridge of this machine, got "br1"; it has none; ${hint}`,
      ]);
      expect(problems(bridge, at("192.168.8.1/24"))).toEqual([
        'lab:network must be a network of bridge br0, which has 192.168.8.1/24, got "192.168.7.0/24"',
      ]);
    });
  });

  it("is another network than the one that the lab has in libvirt", () => {
    const asked: string[] = [];
    const network = (...names: string[]) => {
      asked.push(...names);
      return { network: "10.83.14.0/24", networkMode: "nat" };
    };
    expect(problems({}, machine({ network }))).toEqual([]);
    expect(problems({ network: "10.84.14.0/24" }, machine({ network }))).toEqual([
      `lab:network cannot change on a lab that exists, got "10.84.14.0/24", and network lab-dev of libvirt has "10.83.14.0/24"; ` +
        "hint: destroy the lab first, or bring up another stack beside it",
    ]);
    expect(asked.slice(0, 2)).toEqual(["qemu:///system", "lab-dev"]);
  });
});

describe("this machine", () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-machine-"));
  });
  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it("tells a file's checksum, its own addresses, and what is missing", () => {
    const content = Buffer.alloc(5 * 1024 ** 2, "image");
    fs.writeFileSync(path.join(folder, "image"), content);
    expect(THIS_MACHINE.digest(path.join(folder, "image"))).toBe(createHash("sha256").update(content).digest("hex"));
    expect(THIS_MACHINE.access(path.join(folder, "image"))).toBe("granted");
    expect(THIS_MACHINE.access(path.join(folder, "none"))).toBe("missing");
    expect(THIS_MACHINE.interfaces).toContainEqual({ name: "lo", cidr: "127.0.0.1/8" });
  });
});
