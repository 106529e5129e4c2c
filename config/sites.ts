import type { NetworkMode, Values } from "./schema";

/** A libvirt, and the network that the lab's hosts have there. */
export interface LibvirtSite {
  /** Its name in `lab:sites`; undefined for the only one of a stack without sites. */
  readonly name?: string;
  readonly libvirtUri: string;
  /** IPv4 CIDR. */
  readonly network: string;
  readonly networkMode: NetworkMode;
  /** The existing bridge; empty where the network is the lab's own. */
  readonly bridge: string;
}

/** What decides on a configuration's sites: the configuration of an older lab has no `sites`. */
export type SiteKeys = Pick<Values, "hosts" | "libvirtUri" | "network" | "networkMode" | "bridge"> &
  Partial<Pick<Values, "sites">>;

/** Whether some hosts are machines that exist. */
export function someExist({ hosts }: Pick<Values, "hosts">): boolean {
  return Object.values(hosts).some(({ existing }) => existing !== undefined);
}

/** Whether the stack names its sites. */
export function hasSites({ sites = {} }: Partial<Pick<Values, "sites">>): boolean {
  return Object.keys(sites).length > 0;
}

/**
 * The libvirts of a configuration, by name; none where all hosts are machines that exist. The only place that knows of both ways to ask for
 * them: `lab:sites`, or one by `lab:libvirtUri` and the keys of its network.
 */
export function sitesOf(keys: SiteKeys): readonly LibvirtSite[] {
  const { sites = {}, libvirtUri, network, networkMode, bridge } = keys;
  if (!hasSites(keys)) return someExist(keys) ? [] : [{ libvirtUri, network, networkMode, bridge }];
  return Object.entries(sites)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, site]) => (site === "existing" ? [] : { name, ...site, ...modeOf(site.bridge) }));
}

/** The libvirt of a host; undefined for a machine that exists. */
export function siteOf(
  keys: SiteKeys,
  { site, existing }: Pick<Values["hosts"][string], "site" | "existing">,
): LibvirtSite | undefined {
  return existing === undefined
    ? sitesOf(keys).find(({ name }) => name === (hasSites(keys) ? site : undefined))
    : undefined;
}

/** Those of the hosts that a libvirt of `sitesOf` has. */
export function hostsAt<T extends Parameters<typeof siteOf>[1]>(
  keys: SiteKeys,
  { name }: LibvirtSite,
  hosts: readonly T[],
): T[] {
  return hosts.filter((host) => siteOf(keys, host)?.name === name);
}

/** The key that says this of a site: `lab:network`, or `lab:sites.north.network`. */
export function siteKey(
  { name }: Pick<LibvirtSite, "name">,
  field: "libvirtUri" | "network" | "networkMode" | "bridge",
): string {
  return name === undefined ? `lab:${field}` : `lab:sites.${name}.${field}`;
}

/** Hosts of several sites reach each other: translated addresses would be refused, and libvirt lets nobody in behind them. */
function modeOf(bridge = ""): Pick<LibvirtSite, "networkMode" | "bridge"> {
  return { bridge, networkMode: bridge === "" ? "route" : "bridge" };
}
