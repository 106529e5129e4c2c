import { BARMAN_HOST, POSTGRESQL_HOSTS, REPOSITORY_HOST } from "./host-names";
import { parseNetwork, renderAddress } from "./ipv4";
import type { Values } from "./schema";
import { type LibvirtSite, siteOf } from "./sites";

/** What a host is for. */
export const ROLES = ["repository", "primary", "standby", "barman"] as const;
export type Role = (typeof ROLES)[number];

/** The virtual processors, memory and disk of a host. */
export interface HostSize {
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
}

/** A host as the configuration has it, with what it leaves out filled in. */
export interface Host extends HostSize {
  readonly name: string;
  readonly role: Role;
  /** pgBackRest's index of a PostgreSQL host (`pgN-host`). */
  readonly index?: number;
  /** IPv4 address; empty where the configuration lacks it, which a rule refuses. */
  readonly address: string;
  /** Its site of `lab:sites`, where the stack has such. */
  readonly site?: string;
  /** How a machine is reached that the program did not make. */
  readonly existing?: ExistingMachine;
  /** Its cluster's data folder, where that is not its family's. */
  readonly dataFolder?: string;
  /** The port of its PostgreSQL, where that is not 5432. */
  readonly postgresqlPort?: number;
  /** The systemd unit of its PostgreSQL, where that is not its family's. */
  readonly service?: string;
}

/** What a PostgreSQL host may have of its own. */
export const CLUSTER_FIELDS = ["dataFolder", "postgresqlPort", "service"] as const;
export type ClusterField = (typeof CLUSTER_FIELDS)[number];

/**
 * A machine that was there before: an account that may use sudo, the port of its SSH server, its host key in OpenSSH format, and the jump host by
 * which this machine reaches it.
 */
export type ExistingMachine = NonNullable<Values["hosts"][string]["existing"]>;

/** What decides on a configuration's hosts. */
export type HostKeys = Pick<
  Values,
  | ("hosts" | "primary" | "standbys" | "backupApi" | "backupApiHost")
  | ("sites" | "libvirtUri" | "network" | "networkMode" | "bridge" | "addresses")
  | ("cpus" | "memoryMiB" | "diskGiB")
>;

/** pgBackRest's index of a primary: without it, pgBackRest refuses a stanza (error 037). */
export const PRIMARY_INDEX = 1;

/** The most PostgreSQL hosts, and so the highest index. */
export const MOST_MEMBERS = POSTGRESQL_HOSTS.length;

/** Offsets from the network's address; a PostgreSQL host's is its number or index further. */
const OFFSETS: Readonly<Record<"repository" | "postgresql" | "barman", number>> = {
  repository: 10,
  postgresql: 10,
  barman: 20,
};

/** Whether the stack names its hosts itself, and they may come and go under any name. */
export function hasHostMap({ hosts }: Pick<Values, "hosts">): boolean {
  return Object.keys(hosts).length > 0;
}

/**
 * All hosts of a configuration: the repository host, the primary, the standbys, and Barman's own host, if it has one. The only place that
 * knows of both ways to ask for them: `lab:hosts`, or the seed's names by `lab:primary`, `lab:standbys` and `lab:backupApiHost`.
 */
export function hostsOf(keys: HostKeys): readonly Host[] {
  return hasHostMap(keys) ? mappedHosts(keys) : seedHosts(keys);
}

/** The host of Barman and the backup API, where there are such. */
export function apiHostOf(keys: Pick<Values, "hosts" | "backupApiHost">): string {
  const [own] = Object.keys(keys.hosts).filter((name) => keys.hosts[name]?.role === "barman");
  return own ?? keys.backupApiHost;
}

/** The addresses of the lab's network: of the hosts, or, where they have the seed's names, of every possible one. */
export function placesOf(keys: HostKeys): Readonly<Record<string, string>> {
  if (hasHostMap(keys)) return Object.fromEntries(hostsOf(keys).map(({ name, address }) => [name, address]));
  return keys.networkMode === "bridge" ? keys.addresses : seedPlaces(keys.network);
}

/** Every possible host with a seed's name, and its address. */
export function seedPlaces(network: string): Readonly<Record<string, string>> {
  const { base } = parseNetwork(network);
  const offsets: [string, number][] = [
    [REPOSITORY_HOST, OFFSETS.repository],
    ...POSTGRESQL_HOSTS.map((name): [string, number] => [name, OFFSETS.postgresql + numberOf(name)]),
    [BARMAN_HOST, OFFSETS.barman],
  ];
  return Object.fromEntries(offsets.map(([name, offset]) => [name, renderAddress(base + offset)]));
}

/** The names of the hosts that have PostgreSQL, or may get it: the primary lets their addresses stream. */
export function possibleMembers(keys: HostKeys): readonly string[] {
  if (!hasHostMap(keys)) return POSTGRESQL_HOSTS;
  return hostsOf(keys).flatMap(({ name, index }) => (index === undefined ? [] : [name]));
}

function seedHosts(keys: HostKeys): Host[] {
  const { primary, standbys, backupApi, backupApiHost, cpus, memoryMiB, diskGiB } = keys;
  const places = placesOf(keys);
  const host = (name: string, role: Role, index?: number): Host => ({
    ...{ name, role, ...(index === undefined ? {} : { index }) },
    ...{ address: places[name] ?? "", cpus, memoryMiB, diskGiB },
  });
  const others = POSTGRESQL_HOSTS.filter((name) => name !== primary).slice(0, standbys);
  // A standby's index is its number; the first host has the primary's, which has index 1.
  const indexOf = (name: string): number => (numberOf(name) === PRIMARY_INDEX ? numberOf(primary) : numberOf(name));
  return [
    host(REPOSITORY_HOST, "repository"),
    host(primary, "primary", PRIMARY_INDEX),
    ...others.map((name) => host(name, "standby", indexOf(name))),
    ...(backupApi && backupApiHost === BARMAN_HOST ? [host(BARMAN_HOST, "barman")] : []),
  ];
}

/** The number in a PostgreSQL host's name. */
function numberOf(name: string): number {
  return POSTGRESQL_HOSTS.indexOf(name) + 1;
}

function mappedHosts(keys: HostKeys): Host[] {
  const { hosts, cpus, memoryMiB, diskGiB } = keys;
  // An engine may hand over an object's fields in any order.
  const named = (role: Role) =>
    Object.entries(hosts)
      .filter(([, host]) => host.role === role)
      .sort(([one], [other]) => (one < other ? -1 : 1));
  const complete = ([name, given]: [string, Values["hosts"][string]], offset: number, index?: number): Host => ({
    ...{ name, role: given.role, ...(index === undefined ? {} : { index }) },
    address: given.address ?? addressIn(siteOf(keys, given), offset),
    ...(given.site === undefined ? {} : { site: given.site }),
    cpus: given.cpus ?? cpus,
    memoryMiB: given.memoryMiB ?? memoryMiB,
    diskGiB: given.diskGiB ?? diskGiB,
    ...picked(given, ["existing", ...CLUSTER_FIELDS]),
  });
  const taken = new Set(Object.values(hosts).map(({ index }) => index));
  const free = Array.from({ length: MOST_MEMBERS - PRIMARY_INDEX }, (_, place) => PRIMARY_INDEX + 1 + place).filter(
    (index) => !taken.has(index),
  );
  const standbys = named("standby").map((each) => {
    const index = each[1].index ?? free.shift() ?? MOST_MEMBERS + 1;
    return complete(each, OFFSETS.postgresql + index, index);
  });
  return [
    ...named("repository").map((each) => complete(each, OFFSETS.repository)),
    ...named("primary").map((each) => complete(each, OFFSETS.postgresql + PRIMARY_INDEX, PRIMARY_INDEX)),
    ...standbys.sort((one, other) => (one.index ?? 0) - (other.index ?? 0)),
    ...named("barman").map((each) => complete(each, OFFSETS.barman)),
  ];
}

/** These fields of an object, without those that are left out. */
function picked<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]])) as Pick<
    T,
    K
  >;
}

/** The address at an offset in a site's network; empty where somebody else decides on it. */
function addressIn(site: LibvirtSite | undefined, offset: number): string {
  return site === undefined || site.networkMode === "bridge"
    ? ""
    : renderAddress(parseNetwork(site.network).base + offset);
}
