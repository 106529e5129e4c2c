import { networkRange, renderAddress } from "./ipv4";
import type { LabConfig } from "./schema";
import { askVirsh } from "./virsh";

/** A network as libvirt has it. */
export interface LiveNetwork {
  /** Its own address and prefix: `10.83.14.0/24`. */
  readonly network: string;
  /** libvirt's forward mode; `isolated` for none. */
  readonly networkMode: string;
}

/** A network of libvirt. Undefined when there is none, or libvirt cannot be asked: then the first resource fails with the reason. */
export function readLiveNetwork(libvirtUri: string, name: string): LiveNetwork | undefined {
  const { stdout, problem } = askVirsh(libvirtUri, ["net-dumpxml", "--inactive", name]);
  return problem === undefined ? parseLiveNetwork(stdout) : undefined;
}

/** Parses the output of `virsh net-dumpxml`. */
export function parseLiveNetwork(xml: string): LiveNetwork {
  const [, address = "", prefix = ""] = /<ip address='([\d.]+)' prefix='(\d+)'/.exec(xml) ?? [];
  return {
    network: `${renderAddress(networkRange(`${address}/${prefix}`).first)}/${prefix}`,
    networkMode: /<forward mode='(\w+)'/.exec(xml)?.[1] ?? "isolated",
  };
}

/** Problems of another network for a lab that exists, a line each: libvirt does not apply the change, and no host could be reached. */
export function liveNetworkProblems(config: LabConfig, name: string, live: LiveNetwork | undefined): string[] {
  if (live === undefined) return [];
  return (["network", "networkMode"] as const)
    .filter((key) => config[key] !== live[key])
    .map(
      (key) =>
        `lab:${key} cannot change on a lab that exists, got "${config[key]}", and network ${name} of libvirt has "${live[key]}"; ` +
        `hint: destroy the lab first, or bring up another stack beside it`,
    );
}
