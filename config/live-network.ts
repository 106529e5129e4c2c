import { networkRange, renderAddress } from "./ipv4";
import { type LibvirtSite, siteKey } from "./sites";
import { askVirsh } from "./virsh";

/** A network as libvirt has it. */
export interface LiveNetwork {
  /** Its own address and prefix: `10.83.14.0/24`; none on an existing bridge. */
  readonly network?: string;
  /** libvirt's forward mode; `isolated` for none. */
  readonly networkMode: string;
  /** The existing bridge. */
  readonly bridge?: string;
}

/** A network of libvirt. Undefined when there is none, or libvirt cannot be asked: then the first resource fails with the reason. */
export function readLiveNetwork(libvirtUri: string, name: string): LiveNetwork | undefined {
  const { stdout, problem } = askVirsh(libvirtUri, ["net-dumpxml", "--inactive", name]);
  return problem === undefined ? parseLiveNetwork(stdout) : undefined;
}

/** Parses the output of `virsh net-dumpxml`. */
export function parseLiveNetwork(xml: string): LiveNetwork {
  const networkMode = /<forward mode='(\w+)'/.exec(xml)?.[1] ?? "isolated";
  if (networkMode === "bridge") return { networkMode, bridge: /<bridge name='([^']+)'/.exec(xml)?.[1] };
  const [, address = "", prefix = ""] = /<ip address='([\d.]+)' prefix='(\d+)'/.exec(xml) ?? [];
  return { networkMode, network: `${renderAddress(networkRange(`${address}/${prefix}`).first)}/${prefix}` };
}

/** Problems of another network for a lab that exists, a line each: libvirt does not apply the change, and no host could be reached. */
export function liveNetworkProblems(site: LibvirtSite, name: string, live: LiveNetwork | undefined): string[] {
  if (live === undefined) return [];
  return (["network", "networkMode", "bridge"] as const)
    .filter((key) => live[key] !== undefined && site[key] !== live[key])
    .map(
      (key) =>
        `${siteKey(site, key)} cannot change on a lab that exists, got "${site[key]}", and network ${name} of libvirt has "${String(live[key])}"; ` +
        `hint: destroy the lab first, or bring up another stack beside it`,
    );
}
