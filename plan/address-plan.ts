/** A host's place in the lab's network. */
export interface Reservation {
  readonly name: string;
  /** IPv4 address. */
  readonly address: string;
  /** MAC address, made from the IPv4 address, in the range that QEMU uses. */
  readonly mac: string;
}

/** Every address of the lab. It depends on the network alone: libvirt does not apply later changes of a network's hosts. */
export interface AddressPlan {
  /** The hypervisor's own address: name service, DHCP. */
  readonly gateway: string;
  /** Length of the network's prefix, in bits. */
  readonly prefix: number;
  readonly reservations: readonly Reservation[];
}

/** The host that keeps the repository. */
export const REPOSITORY_HOST = "backup-srv";

/** The host that Barman and the backup API have for themselves, unless they are put on another one. */
export const BARMAN_HOST = "barman-srv";

/** The hosts that can run PostgreSQL, whether the lab has them now or not. */
export const POSTGRESQL_HOSTS: readonly string[] = Array.from({ length: 9 }, (_, index) => `pg${index + 1}-srv`);

/** The host's place behind the network's address. */
const OFFSETS: ReadonlyMap<string, number> = new Map([
  [REPOSITORY_HOST, 10],
  ...POSTGRESQL_HOSTS.map((name, index): [string, number] => [name, 11 + index]),
  [BARMAN_HOST, 20],
]);

/** The longest prefix whose network holds every reserved address. */
export const LONGEST_PREFIX = 27;

/**
 * Plans the addresses of a network.
 * @param network IPv4 CIDR, the network's own address and a prefix of 8 to 27 bits: `10.83.14.0/24`.
 * @throws RangeError when it is not.
 */
export function planAddresses(network: string): AddressPlan {
  const { base, prefix } = parseNetwork(network);
  return {
    gateway: renderAddress(base + 1),
    prefix,
    reservations: [...OFFSETS].map(([name, offset]) => {
      const address = renderAddress(base + offset);
      return { name, address, mac: renderMac(address) };
    }),
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

/**
 * The first and last address of a network, as numbers, to compare networks by.
 * @param cidr IPv4 CIDR; the address may be any of the network's.
 */
export function networkRange(cidr: string): { first: number; last: number } {
  const [address = "", prefix = "32"] = cidr.split("/");
  const size = 2 ** (32 - Number(prefix));
  const number = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const first = number - (number % size);
  return { first, last: first + size - 1 };
}

function parseNetwork(network: string): { base: number; prefix: number } {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(network);
  const [, ...numbers] = match ?? [];
  const octets = numbers.slice(0, 4).map(Number);
  const prefix = Number(numbers[4]);
  if (match === null || octets.some((octet) => octet > 255)) {
    throw new RangeError(`must be an IPv4 network such as 10.83.14.0/24, got "${network}"`);
  }
  if (prefix < 8 || prefix > LONGEST_PREFIX) {
    throw new RangeError(
      `must have a prefix of 8 to ${LONGEST_PREFIX} bits, so that every host has its address, got "${network}"`,
    );
  }
  const given = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const base = given - (given % 2 ** (32 - prefix));
  if (base !== given) {
    throw new RangeError(
      `must be the network's own address, got "${network}"; the network that holds it is ${renderAddress(base)}/${prefix}`,
    );
  }
  return { base, prefix };
}

function renderAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}

function renderMac(address: string): string {
  const octets = address.split(".").slice(1);
  return ["52", "54", "00", ...octets.map((octet) => Number(octet).toString(16).padStart(2, "0"))].join(":");
}
