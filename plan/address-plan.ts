import { seedPlaces } from "../config/hosts";
import { macOf, parseNetwork, renderAddress } from "../config/ipv4";

/** A host's place in the lab's network. */
export interface Reservation {
  readonly name: string;
  /** The first label of an FQDN, where no other host has that. */
  readonly alias?: string;
  /** IPv4 address. */
  readonly address: string;
  /** MAC address, derived from the IPv4 address, in QEMU's range. */
  readonly mac: string;
}

/**
 * Every address of the lab. In a network of its own, it depends on the network alone: libvirt does not apply later changes of a network's
 * hosts.
 */
export interface AddressPlan {
  /** The hypervisor's own address: name service, DHCP. */
  readonly gateway: string;
  /** Length of the network's prefix, in bits. */
  readonly prefix: number;
  /** What DHCP gives to machines that it does not know. */
  readonly range: { readonly start: string; readonly end: string };
  readonly reservations: readonly Reservation[];
}

/**
 * Plans the addresses of a network.
 * @param network IPv4 CIDR, the network's own address and a prefix of 8 to 27 bits: `10.83.14.0/24`.
 * @param places Addresses by host.
 * @throws RangeError when it is not.
 */
export function planAddresses(network: string, places = seedPlaces(network)): AddressPlan {
  const { base, prefix } = parseNetwork(network);
  const labels = Object.keys(places).map(firstLabel);
  return {
    gateway: renderAddress(base + 1),
    prefix,
    range: { start: renderAddress(base + 10), end: renderAddress(base + 20) },
    reservations: Object.entries(places).map(([name, address]) => {
      const alias = firstLabel(name);
      const isAlias = alias !== name && labels.filter((label) => label === alias).length === 1;
      return { name, ...(isAlias ? { alias } : {}), address, mac: macOf(address) };
    }),
  };
}

/** All names of a host, its own first. */
export function namesOf({ name, alias }: Reservation): string[] {
  return alias === undefined ? [name] : [name, alias];
}

function firstLabel(name: string): string {
  return name.replace(/\..*/, "");
}
