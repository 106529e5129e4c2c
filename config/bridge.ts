import { BARMAN_HOST, POSTGRESQL_HOSTS, REPOSITORY_HOST } from "./host-names";
import { hasHostMap, type Host, type HostKeys, hostsOf } from "./hosts";
import { macOf, networkRange } from "./ipv4";
import type { Refuse } from "./rules";
import type { Values } from "./schema";

type Given = HostKeys & Pick<Values, "bridge">;

/** Rules of an existing bridge and of the hosts' addresses on it. */
export function checkBridge(values: Given, refuse: Refuse): void {
  const { networkMode, bridge, addresses } = values;
  const given = Object.keys(addresses);
  if (networkMode === "bridge") {
    if (bridge === "") {
      refuse("bridge", 'must be the name of an existing bridge when lab:networkMode is bridge, got ""');
    }
    if (!hasHostMap(values)) checkAddresses(values, refuse);
    return;
  }
  if (bridge !== "") refuse("bridge", `must be empty when lab:networkMode is ${networkMode}, got "${bridge}"`);
  if (given.length > 0 && !hasHostMap(values)) {
    refuse("addresses", `must be empty when lab:networkMode is ${networkMode}, got addresses of ${given.join(", ")}`);
  }
}

function checkAddresses(values: Given, refuse: Refuse): void {
  const { addresses, network } = values;
  const possible = [REPOSITORY_HOST, ...POSTGRESQL_HOSTS, BARMAN_HOST];
  refuseMissingAddresses("addresses", hostsOf(values), refuse);
  const { first, last } = networkRange(network);
  const owners = new Map<string, string>();
  for (const [name, address] of Object.entries(addresses)) {
    const number = networkRange(address).first;
    const other = owners.get(address);
    owners.set(address, name);
    if (!possible.includes(name))
      refuse("addresses", `has an unknown host: ${name}; the hosts are ${possible.join(", ")}`);
    // The first and the last address are the network's own and its broadcast's.
    else if (number <= first || number >= last) {
      refuse("addresses", `must be in lab:network, which is ${network}, got "${address}" of ${name}`);
    } else if (other !== undefined) refuse("addresses", `must differ, got "${address}" of ${other} and of ${name}`);
  }
}

/**
 * Refuses hosts that have no address where a bridge's DHCP server decides on it.
 * @param key The key that has the addresses.
 */
export function refuseMissingAddresses(key: "addresses" | "hosts", hosts: readonly Host[], refuse: Refuse): void {
  const missing = hosts.filter(({ address }) => address === "");
  const when = ({ existing, site }: Host): string =>
    existing !== undefined ? "it exists" : site === undefined ? "lab:networkMode is bridge" : "its site has a bridge";
  for (const reason of new Set(missing.map(when))) {
    const names = missing.filter((host) => when(host) === reason).map(({ name }) => name);
    refuse(key, `must have an address of every host when ${reason}, got none of ${names.join(", ")}`);
  }
}

/**
 * Problems of other addresses for hosts that exist, a line each: nothing would bring them there.
 * @param key The key that has the addresses.
 */
export function movedHostProblems(
  key: "addresses" | "hosts",
  hosts: readonly { readonly host: Pick<Host, "name" | "address">; readonly name: string }[],
  domains: ReadonlyMap<string, string>,
): string[] {
  return hosts.flatMap(({ host, name }) => {
    const [, mac] = /<mac address='([^']+)'/.exec(domains.get(name) ?? "") ?? [];
    if (mac === undefined || mac === macOf(host.address)) return [];
    const what = key === "hosts" ? "lab:hosts cannot change the address of" : "lab:addresses cannot change for";
    return [
      `${what} a host that exists, got "${host.address}" of ${host.name}, and domain ${name} of libvirt has MAC address ${mac}; ` +
        "hint: keep its address, or bring up another stack beside it",
    ];
  });
}
