import { refuseMissingAddresses } from "./bridge";
import { familyOf } from "./families";
import { CLUSTER_FIELDS, type Host, hasHostMap, hostsOf, MOST_MEMBERS, PRIMARY_INDEX, type Role, ROLES } from "./hosts";
import { networkRange } from "./ipv4";
import { PORTS } from "./ports";
import { slotOf } from "./replication-slots";
import type { Refuse } from "./rules";
import { SCHEMA, type Values } from "./schema";
import { checkPlacement } from "./site-rules";
import { hasSites, siteKey, siteOf, someExist } from "./sites";

/** Rules of `lab:hosts`, and of the keys that it replaces. */
export function checkHosts(values: Values, refuse: Refuse): void {
  if (values.sshPrivateKey !== "" && !someExist(values))
    refuse("sshPrivateKey", "must be empty when no host of lab:hosts has existing");
  if (!hasHostMap(values)) return;
  const hosts = hostsOf(values);
  // Hosts of one role too many have one place.
  if (!checkRoles(hosts, refuse)) return;
  checkBarman(values, hosts, refuse);
  checkReplaced(values, hosts, refuse);
  checkIndices(values, refuse);
  checkExisting(values, hosts, refuse);
  checkClusters(values, refuse);
  if (!checkPlacement(values, hosts, refuse)) return;
  checkAddresses(values, hosts, refuse);
  for (const [slot, names] of shared(hosts, ({ name }) => slotOf(name))) {
    refuse("hosts", `must have names whose replication slots differ, got ${names}, whose slot is ${slot}`);
  }
}

const MOST_STANDBYS = MOST_MEMBERS - PRIMARY_INDEX;

/** How many hosts of a role there are. */
const NUMBERS: Readonly<Record<Role, { readonly least: number; readonly most: number; readonly words: string }>> = {
  repository: { least: 1, most: 1, words: "exactly one host" },
  primary: { least: 1, most: 1, words: "exactly one host" },
  standby: { least: 0, most: MOST_STANDBYS, words: `at most ${MOST_STANDBYS} hosts` },
  barman: { least: 0, most: 1, words: "at most one host" },
};

function checkRoles(hosts: readonly Host[], refuse: Refuse): boolean {
  const wrong = ROLES.filter((role) => {
    const { least, most, words } = NUMBERS[role];
    const names = hosts.filter((host) => host.role === role).map(({ name }) => name);
    if (least <= names.length && names.length <= most) return false;
    refuse("hosts", `must have ${words} with role ${role}, got ${names.join(", ") || "none"}`);
    return true;
  });
  return wrong.length === 0;
}

function checkBarman({ backupApi, backupApiHost }: Values, hosts: readonly Host[], refuse: Refuse): void {
  const barman = hosts.find(({ role }) => role === "barman")?.name;
  if (barman !== undefined && !backupApi) {
    refuse("hosts", `must have no host with role barman when lab:backupApi is false, got ${barman}`);
  }
  if (barman !== undefined || !backupApi) return;
  const names = hosts.map(({ name }) => name);
  if (!names.includes(backupApiHost)) {
    refuse(
      "backupApiHost",
      `must be one of ${names.join(", ")} when lab:hosts has no host with role barman, got "${backupApiHost}"`,
    );
  }
}

/** Pulumi hands over the defaults as if they had been set: another value has been. */
function checkReplaced(values: Values, hosts: readonly Host[], refuse: Refuse): void {
  const nameOf = (role: Role): string | undefined => hosts.find((host) => host.role === role)?.name;
  const standbys = hosts.filter(({ role }) => role === "standby").length;
  const replaced = { primary: nameOf("primary"), standbys, backupApiHost: nameOf("barman") };
  for (const key of ["primary", "standbys", "backupApiHost"] as const) {
    const said = replaced[key];
    if (said === undefined || values[key] === SCHEMA[key].default || values[key] === said) continue;
    refuse(key, `must be left out when lab:hosts is set, which says ${said}, got "${values[key]}"`);
  }
  const given = Object.keys(values.addresses);
  if (given.length > 0) {
    refuse(
      "addresses",
      `must be empty when lab:hosts is set, got addresses of ${given.join(", ")}; hint: each host's address in lab:hosts`,
    );
  }
}

function checkIndices({ hosts }: Values, refuse: Refuse): void {
  const given = Object.entries(hosts).flatMap(([name, { role, index }]) =>
    index === undefined ? [] : [{ name, role, index }],
  );
  for (const { name, role, index } of given.filter(({ role }) => role !== "standby")) {
    const why = role === "primary" ? `the primary has index ${PRIMARY_INDEX}` : "only PostgreSQL hosts have one";
    refuse("hosts", `must have an index of standbys alone, as ${why}, got ${index} of ${name}`);
  }
  for (const [index, names] of shared(given, ({ index }) => String(index))) {
    refuse("hosts", `must have indices that differ, got ${index} of ${names}`);
  }
}

/** What libvirt gives to the hosts that it has. */
const MADE = ["memoryMiB", "diskGiB"] as const;

function checkExisting(values: Values, planned: readonly Host[], refuse: Refuse): void {
  const { hosts } = values;
  const [others, machines] = [false, true].map((exists) =>
    planned.filter(({ existing }) => (existing !== undefined) === exists).map(({ name }) => name),
  ) as [string[], string[]];
  if (machines.length === 0) return;
  if (others.length > 0 && !hasSites(values))
    refuse(
      "hosts",
      `must have existing on every host or on none when lab:sites is empty, got none of ${others.join(", ")}; ` +
        "hint: a site for either kind in lab:sites",
    );
  for (const { name, address, existing } of planned) {
    if (existing?.jump?.address === address && existing.jump.port === existing.port)
      refuse("hosts", `must have another host than ${name} itself as jump, got "${address}" of ${name}`);
  }
  for (const { name } of planned.filter(({ role, existing }) => existing?.adopt === true && role !== "primary"))
    refuse(
      "hosts",
      `must have adopt of the primary alone, got true of ${name}; hint: standbys come from the repository`,
    );
  for (const name of machines) {
    for (const field of MADE.filter((each) => hosts[name]?.[each] !== undefined))
      refuse("hosts", `must leave out ${field} of ${name}, which exists: it is what the machine has`);
  }
}

/** A PostgreSQL host may have a data folder, a port and a unit of its own. */
function checkClusters({ hosts, family, postgresqlVersion }: Values, refuse: Refuse): void {
  const { services } = familyOf(family, postgresqlVersion);
  for (const [name, host] of Object.entries(hosts)) {
    for (const field of CLUSTER_FIELDS) {
      if (host[field] === undefined || host.role === "primary" || host.role === "standby") continue;
      refuse("hosts", `must have ${field} of PostgreSQL hosts alone, got ${JSON.stringify(host[field])} of ${name}`);
    }
    const { service, postgresqlPort } = host;
    if (service !== undefined && !services.pattern.test(service))
      refuse("hosts", `must have ${services.words}, as its service with family ${family}, got "${service}" of ${name}`);
    if (postgresqlPort === PORTS.pgbackrest)
      refuse("hosts", `must have another postgresqlPort than pgBackRest's server, got ${postgresqlPort} of ${name}`);
  }
}

function checkAddresses(values: Values, hosts: readonly Host[], refuse: Refuse): void {
  refuseMissingAddresses("hosts", hosts, refuse);
  const addressed = hosts.filter(({ address }) => address !== "");
  for (const host of addressed) {
    const site = siteOf(values, host);
    // Machines that exist may be anywhere.
    if (site === undefined) continue;
    const { first, last } = networkRange(site.network);
    const number = networkRange(host.address).first;
    const got = `got "${host.address}" of ${host.name}`;
    if (number < first || number > last) {
      refuse("hosts", `must have addresses in ${siteKey(site, "network")}, which is ${site.network}, ${got}`);
    } else if (number === first || number === last) {
      const what = number === first ? "own address" : "broadcast address";
      refuse("hosts", `must have addresses of hosts, ${got}, which is the network's ${what}`);
    } else if (number === first + 1 && site.networkMode !== "bridge") {
      refuse("hosts", `must have addresses of hosts, ${got}, which is the network's gateway`);
    }
  }
  for (const [address, names] of shared(addressed, (host) => host.address)) {
    refuse("hosts", `must have addresses that differ, got "${address}" of ${names}`);
  }
}

/** What several hosts have in common, and their names. */
function shared<H extends { readonly name: string }>(hosts: readonly H[], of: (host: H) => string): [string, string][] {
  const owners = new Map<string, string[]>();
  for (const host of hosts) owners.set(of(host), [...(owners.get(of(host)) ?? []), host.name]);
  return [...owners].filter(([, names]) => names.length > 1).map(([what, names]) => [what, names.join(" and of ")]);
}
