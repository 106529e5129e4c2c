import { networkRange } from "./ipv4";
import { isOnThisMachine, machineOf } from "./libvirt-uri";
import { type LibvirtSite, siteKey } from "./sites";
import { virshUri } from "./virsh";

/** What is asked of this machine about a libvirt on another one. */
export interface Reach {
  /** Networks with a route of their own, IPv4 CIDR: not the default route. Undefined where that cannot be read. */
  readonly routes: readonly string[] | undefined;
  /** Why libvirt cannot be connected to, in virsh's words; undefined when it answers. */
  connect(libvirtUri: string): string | undefined;
}

/** What is reached from where, for a libvirt on another machine: a line; undefined for one of this machine. */
export function describeRemote({ libvirtUri, network }: LibvirtSite): string | undefined {
  if (isOnThisMachine(libvirtUri)) return undefined;
  return `libvirt runs on ${machineOf(libvirtUri)}: this machine reaches it by virsh, and the hosts in ${network} by SSH`;
}

/** Problems with a libvirt on another machine, or with one of several, a line each: a network that is not routed from here, or no connection. */
export function remoteProblems(site: LibvirtSite, reach: Reach): string[] {
  const { libvirtUri, network, networkMode } = site;
  if (isOnThisMachine(libvirtUri)) return site.name === undefined ? [] : connectionProblems(site, reach);
  const { routes } = reach;
  if (routes !== undefined && !routes.some((route) => contains(route, network))) {
    const there = machineOf(libvirtUri);
    return [
      `no route from this machine to the hosts of libvirt at "${libvirtUri}" (${siteKey(site, "libvirtUri")}): ` +
        `${network} (${siteKey(site, "network")}) is ${networkMode} on ${there}; ` +
        `hint: bring up the lab on ${there} itself, or add a route first, such as a VPN's (ip route add ${network} dev …)`,
    ];
  }
  return connectionProblems(site, reach);
}

function connectionProblems(site: LibvirtSite, reach: Reach): string[] {
  const { libvirtUri } = site;
  const problem = reach.connect(libvirtUri);
  return problem === undefined
    ? []
    : [
        `cannot connect to libvirt at "${libvirtUri}" (${siteKey(site, "libvirtUri")}): ${problem}; hint: virsh -c "${virshUri(libvirtUri)}" uri must print the URI`,
      ];
}

function contains(route: string, network: string): boolean {
  const [outer, inner] = [networkRange(route), networkRange(network)];
  return outer.first <= inner.first && inner.last <= outer.last;
}

/** Parses the kernel's routes (`/proc/net/route`), but for default routes and unreachable networks. */
export function parseRoutes(table: string): string[] {
  const [, ...lines] = table.trimEnd().split("\n");
  return lines.flatMap((line) => {
    const [, destination = "", , flags = "", , , , mask = ""] = line.split(/\s+/);
    // Flags of linux/route.h: up, and reject.
    const isUsable = (parseInt(flags, 16) & 0x201) === 0x001;
    return mask === "00000000" || !isUsable ? [] : [`${dotted(destination)}/${ones(mask)}`];
  });
}

/** An address of the table: hexadecimal, the last octet first. */
function dotted(hex: string): string {
  return [6, 4, 2, 0].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(".");
}

function ones(mask: string): number {
  return parseInt(mask, 16).toString(2).replaceAll("0", "").length;
}
