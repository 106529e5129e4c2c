import { CLUSTER_FIELDS, hasHostMap, type Host, hostsOf } from "./hosts";
import { type Change, live, rebuild, refused, restart } from "./key";
import type { LabConfig } from "./schema";

const NEW_STACK = "bring up another stack with it, and move the data there (pg_dump)";

const FOLLOWS = live("nothing: lab:hosts names the hosts");

/** The effect of a key that `lab:hosts` replaces; undefined where it does not. */
export function replacedChange(from: LabConfig, to: LabConfig): { change: Change } | undefined {
  return hasHostMap(from) || hasHostMap(to) ? FOLLOWS : undefined;
}

/** The effect of another `lab:hosts`, or of the first one on a lab with the seed's names. */
export function hostsChange(from: LabConfig, to: LabConfig): { change: Change } | undefined {
  const [old, next] = [hostsOf(from), hostsOf(to)];
  const stay = old.flatMap((host): [Host, Host][] => {
    const same = next.find(({ name }) => name === host.name);
    return same === undefined ? [] : [[host, same]];
  });
  return (
    anotherLab(old, next) ??
    movedHost(stay) ??
    takenPlace(old, next) ??
    (stay.some(([one, other]) => one.existing?.hostKey !== other.existing?.hostKey)
      ? rebuild("a machine with another host key is another one: every step runs on it")
      : undefined) ??
    (stay.some(([one, other]) => one.cpus !== other.cpus || one.memoryMiB !== other.memoryMiB)
      ? restart(
          "hosts of another size restart one after the other, standbys first and the primary last; others come or go",
        )
      : undefined)
  );
}

function anotherLab(old: readonly Host[], next: readonly Host[]): { change: Change } | undefined {
  const nameOf = (hosts: readonly Host[], role: Host["role"]) => hosts.find((host) => host.role === role)?.name;
  if (nameOf(old, "primary") !== nameOf(next, "primary")) {
    return refused("the lab promotes no standby; two primaries would archive into one stanza", NEW_STACK);
  }
  return nameOf(old, "repository") === nameOf(next, "repository")
    ? undefined
    : refused("backups and WAL are on the repository host", NEW_STACK);
}

/** Hosts that stay have their place: nothing would bring them to another. */
function movedHost(stay: readonly [Host, Host][]): { change: Change } | undefined {
  for (const [before, next] of stay) {
    const { name, role, index, address, existing, site } = before;
    if ((existing === undefined) !== (next.existing === undefined)) {
      const what = existing === undefined ? "is libvirt's, made by the program" : "is a machine that exists";
      return refused(`${name} ${what}, and no other takes its place`, NEW_STACK);
    }
    if (site !== undefined && next.site !== undefined && next.site !== site && existing === undefined) {
      return refused(`${name} has its disk in site ${site}`, `"site": "${site}" of ${name}`);
    }
    if (next.role !== role) {
      return refused(`${name} is a ${role}`, `give the ${next.role} another name`);
    }
    if (next.index !== index) {
      return refused(`pgBackRest's index of ${name} is ${String(index)}`, `"index": ${String(index)} of ${name}`);
    }
    if (next.address !== address) {
      return refused(`${name} exists, and has address ${address}`, `"address": "${address}" of ${name}`);
    }
    const isAdopted = existing?.adopt === true;
    if (isAdopted !== (next.existing?.adopt === true) && existing?.hostKey === next.existing?.hostKey) {
      return isAdopted
        ? refused(`the cluster of ${name} was adopted`, `"adopt": true in existing of ${name}`)
        : refused(`the cluster of ${name} is the program's own`, `${name} without adopt`);
    }
    const field = CLUSTER_FIELDS.find((each) => before[each] !== next[each]);
    if (field !== undefined) {
      const has = before[field];
      const hint = has === undefined ? `${name} without ${field}` : `"${field}": ${JSON.stringify(has)} of ${name}`;
      return refused(`the cluster of ${name} is there, and no step moves it`, hint);
    }
  }
  return undefined;
}

/** A new host would boot beside the one that had its address: Pulumi deletes last. */
function takenPlace(old: readonly Host[], next: readonly Host[]): { change: Change } | undefined {
  const gone = old.filter(({ name }) => !next.some((host) => host.name === name));
  const fresh = next.filter(({ name }) => !old.some((host) => host.name === name));
  for (const { name, address } of fresh) {
    const before = gone.find((host) => host.address === address);
    if (before === undefined) continue;
    return refused(
      `${name} would have address ${address} while ${before.name} still has it`,
      `./lab up without ${before.name} first, then with ${name}, or another address of ${name}`,
    );
  }
  return undefined;
}
