/** The longest prefix whose network holds every reserved address. */
const LONGEST_PREFIX = 27;

/** An IPv4 network: its own address as a number, and the length of its prefix in bits. */
export interface Ipv4Network {
  readonly base: number;
  readonly prefix: number;
}

/**
 * Reads the network of a lab.
 * @param network IPv4 CIDR, the network's own address and a prefix of 8 to 27 bits: `10.83.14.0/24`.
 * @throws RangeError with the problem, to follow the key's name.
 */
export function parseNetwork(network: string): Ipv4Network {
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

/** An address, dotted. */
export function renderAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
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

/** The MAC address of a host at an address, in QEMU's range. */
export function macOf(address: string): string {
  const octets = address.split(".").slice(1);
  return ["52", "54", "00", ...octets.map((octet) => Number(octet).toString(16).padStart(2, "0"))].join(":");
}
