import { BARMAN_HOST, POSTGRESQL_HOSTS, REPOSITORY_HOST } from "../config/host-names";
import { macOf, parseNetwork, renderAddress } from "../config/ipv4";

/** A host's place in the lab's network. */
export interface Reservation {
  readonly name: string;
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
  readonly reservations: readonly Reservation[];
}

/** Each host's offset from the network's address. */
const OFFSETS: ReadonlyMap<string, number> = new Map([
  [REPOSITORY_HOST, 10],
  ...POSTGRESQL_HOSTS.map((name, index): [string, number] => [name, 11 + index]),
  [BARMAN_HOST, 20],
]);

/**
 * Plans the addresses of a network.
 * @param network IPv4 CIDR, the network's own address and a prefix of 8 to 27 bits: `10.83.14.0/24`.
 * @param given Addresses by host, of a network that is not the lab's own.
 * @throws RangeError when it is not.
 */
export function planAddresses(network: string, given?: Readonly<Record<string, string>>): AddressPlan {
  const { base, prefix } = parseNetwork(network);
  const places =
    given ?? Object.fromEntries([...OFFSETS].map(([name, offset]) => [name, renderAddress(base + offset)]));
  return {
    gateway: renderAddress(base + 1),
    prefix,
    reservations: Object.entries(places).map(([name, address]) => ({ name, address, mac: macOf(address) })),
  };
}

/**
 * The reservation of a host.
 * @throws RangeError when no address is reserved for the name.
 */
export function reservationOf(plan: AddressPlan, name: string): Reservation {
  const reservation = plan.reservations.find((candidate) => candidate.name === name);
  if (reservation === undefined) {
    const names = plan.reservations.map((candidate) => candidate.name).join(", ");
    throw new RangeError(`no address is reserved for host "${name}"; reserved are ${names}`);
  }
  return reservation;
}
