import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import { networkRange } from "./ipv4";
import { movedHostProblems } from "./bridge";
import { foreignDomainProblems, readDomains } from "./foreign-domains";
import { hasHostMap, hostsOf } from "./hosts";
import { bridgeNameOf, diskNameOf, domainNameOf, libvirtNameOf } from "./libvirt-names";
import { isOnThisMachine } from "./libvirt-uri";
import { type LiveNetwork, liveNetworkProblems, readLiveNetwork } from "./live-network";
import { parseRoutes, type Reach, remoteProblems } from "./remote-libvirt";
import type { LabConfig } from "./schema";
import { hostsAt, type LibvirtSite, siteKey, sitesOf } from "./sites";
import { askVirsh } from "./virsh";

/** The machine that the program runs on. */
export interface Machine extends Reach {
  /** The addresses of the machine's own network interfaces. */
  readonly interfaces: readonly { readonly name: string; readonly cidr: string }[];
  /** The machine's bridges; undefined where they cannot be read. */
  readonly bridges: readonly string[] | undefined;
  /** Whether a file exists, and this user may write it. */
  access(file: string): "missing" | "denied" | "granted";
  /** SHA-256 of a file, hexadecimal. */
  digest(file: string): string;
  /** The definitions of a libvirt's domains of these names, as XML. */
  domains(libvirtUri: string, names: readonly string[]): ReadonlyMap<string, string>;
  /** A libvirt's network; undefined when there is none of the name. */
  network(libvirtUri: string, name: string): LiveNetwork | undefined;
}

const ROUTES = "/proc/net/route";

/** Seconds in which a libvirt must answer at first. */
const CONNECT_SECONDS = 6;

/** This machine. */
export const THIS_MACHINE: Machine = {
  get interfaces() {
    return Object.entries(os.networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses.flatMap(({ family, cidr }) => (family === "IPv4" && cidr !== null ? [{ name, cidr }] : [])),
    );
  },
  get bridges() {
    const { status, stdout } = spawnSync("ip", ["-o", "link", "show", "type", "bridge"], { encoding: "utf8" });
    return status === 0 ? Array.from(stdout.matchAll(/^\d+: ([^:@]+)/gm), ([, name = ""]) => name) : undefined;
  },
  get routes() {
    // Linux has it.
    return fs.existsSync(ROUTES) ? parseRoutes(fs.readFileSync(ROUTES, "utf8")) : undefined;
  },
  connect: (libvirtUri) => askVirsh(libvirtUri, ["uri"], CONNECT_SECONDS).problem,
  access: (file) => {
    if (!fs.existsSync(file)) return "missing";
    try {
      fs.accessSync(file, fs.constants.R_OK | fs.constants.W_OK);
      return "granted";
    } catch {
      return "denied";
    }
  },
  digest: (file) => {
    const hash = createHash("sha256");
    const chunk = Buffer.alloc(4 * 1024 ** 2);
    const descriptor = fs.openSync(file, "r");
    for (let count = 0; (count = fs.readSync(descriptor, chunk)) > 0;) hash.update(chunk.subarray(0, count));
    fs.closeSync(descriptor);
    return hash.digest("hex");
  },
  domains: readDomains,
  network: readLiveNetwork,
};

/** The sockets of the machine's own libvirt: libvirtd's, then its modular daemons' (libvirt, "Daemons"). */
const SOCKETS: Readonly<Record<string, readonly string[]>> = {
  qemu: ["/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock"],
  lxc: ["/run/libvirt/libvirt-sock", "/run/libvirt/virtlxcd-sock"],
};

/** What `./lab` creates on this machine before the first resource: it may be missing. */
export interface Preparation {
  readonly image: boolean;
  /** A libvirtd in a network namespace of its own. */
  readonly libvirt: boolean;
}

/**
 * Problems of a configuration on the machine that the program runs on, a line each, before anything is created: the image, the
 * connection to libvirt, and the lab's network beside the machine's own.
 * @param stack The stack's name: its own bridge exists from the second run on.
 */
export function machineProblems(
  config: LabConfig,
  stack: string,
  machine: Machine,
  prepared: Preparation = { image: false, libvirt: false },
): string[] {
  const sites = sitesOf(config);
  if (sites.length === 0) return [];
  const problems =
    prepared.image && machine.access(config.imagePath) === "missing" ? [] : imageProblems(config, machine);
  if (prepared.libvirt) return problems;
  const pool = libvirtNameOf(stack);
  for (const site of sites) {
    const found = reachProblems(site, pool, machine);
    problems.push(...found);
    // One that does not answer is told in seconds: the others are not waited for.
    if (found.length > 0) break;
  }
  return problems.length > 0 ? problems : sites.flatMap((site) => libvirtsOwnProblems(config, site, stack, machine));
}

function reachProblems(site: LibvirtSite, pool: string, machine: Machine): string[] {
  const problems = libvirtProblems(site, machine);
  return [
    ...problems,
    ...(problems.length === 0 ? remoteProblems(site, machine) : []),
    ...bridgeProblems(site, machine),
    ...networkProblems(site, site.networkMode === "bridge" ? site.bridge : bridgeNameOf(pool), machine),
  ];
}

/** Problems with what a libvirt has already. */
function libvirtsOwnProblems(config: LabConfig, site: LibvirtSite, stack: string, machine: Machine): string[] {
  const { libvirtUri } = site;
  const pool = libvirtNameOf(stack);
  const own = hostsAt(config, site, hostsOf(config)).map((host) => ({
    host,
    name: domainNameOf(stack, host.name),
    disk: diskNameOf(host.name, config.hypervisor),
  }));
  const domains = machine.domains(
    libvirtUri,
    own.map(({ name }) => name),
  );
  const key = hasHostMap(config) ? "hosts" : "addresses";
  const moved = key === "hosts" || site.networkMode === "bridge" ? movedHostProblems(key, own, domains) : [];
  return [
    ...moved,
    ...liveNetworkProblems(site, pool, machine.network(libvirtUri, pool)),
    ...foreignDomainProblems(libvirtUri, pool, own, domains),
  ];
}

function imageProblems({ imagePath, imageChecksum }: LabConfig, machine: Machine): string[] {
  if (/^https?:/.test(imagePath)) return [];
  if (machine.access(imagePath) === "missing") {
    return [`lab:imagePath must be an image that exists, got "${imagePath}"; hint: ./lab prepare builds the lab's own`];
  }
  if (imageChecksum === "") return [];
  const found = `sha256:${machine.digest(imagePath)}`;
  if (found === imageChecksum) return [];
  return [`lab:imageChecksum does not match ${imagePath}: the file has ${found}, got "${imageChecksum}"`];
}

function libvirtProblems(site: LibvirtSite, machine: Machine): string[] {
  const { libvirtUri } = site;
  // A session's libvirt is the user's own, and starts on demand.
  const [, driver = "", given] = /^(qemu|lxc):\/\/\/system(?:\?socket=([^&]+))?/.exec(libvirtUri) ?? [];
  if (driver === "") return [];
  const sockets = given === undefined ? (SOCKETS[driver] ?? []) : [given];
  const [socket] = sockets.filter((file) => machine.access(file) !== "missing");
  if (socket === undefined) {
    return [
      `cannot connect to libvirt at "${libvirtUri}" (${siteKey(site, "libvirtUri")}): missing ${sockets.join(" and ")}; ` +
        `hint: systemctl start libvirtd, or a stack with a libvirt of its own (./lab up)`,
    ];
  }
  if (machine.access(socket) === "granted") return [];
  return [
    `cannot connect to libvirt at "${libvirtUri}" (${siteKey(site, "libvirtUri")}): ${os.userInfo().username} has no permission for ${socket}; ` +
      `hint: usermod -aG libvirt ${os.userInfo().username}, then log in again`,
  ];
}

function bridgeProblems(site: LibvirtSite, machine: Machine): string[] {
  const { networkMode, bridge, network, libvirtUri } = site;
  const { bridges, interfaces } = machine;
  if (networkMode !== "bridge" || !isOnThisMachine(libvirtUri) || bridges === undefined) return [];
  if (!bridges.includes(bridge)) {
    return [
      `${siteKey(site, "bridge")} must be a bridge of this machine, got "${bridge}"; it has ${bridges.join(", ") || "none"}; ` +
        `hint: ip link add ${bridge} type bridge, or libvirt's own network: lab:networkMode nat`,
    ];
  }
  const own = networkRange(network);
  const networks = interfaces.filter(({ name }) => name === bridge).map(({ cidr }) => cidr);
  const isThere = (cidr: string): boolean =>
    networkRange(cidr).first <= own.first && own.last <= networkRange(cidr).last;
  if (networks.length === 0 || networks.some(isThere)) return [];
  return [
    `${siteKey(site, "network")} must be a network of bridge ${bridge}, which has ${networks.join(", ")}, got "${network}"`,
  ];
}

function networkProblems(site: LibvirtSite, bridge: string, { interfaces }: Machine): string[] {
  const { network, libvirtUri } = site;
  if (!isOnThisMachine(libvirtUri)) return [];
  const own = networkRange(network);
  return interfaces
    .filter(({ name }) => name !== bridge)
    .filter(({ cidr }) => {
      const other = networkRange(cidr);
      return own.first <= other.last && other.first <= own.last;
    })
    .map(
      ({ name, cidr }) =>
        `${siteKey(site, "network")} must not overlap a network of this machine, got "${network}", and ${name} has ${cidr}; hint: another one, such as 10.84.14.0/24`,
    );
}
