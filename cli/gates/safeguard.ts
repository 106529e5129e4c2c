import type { Change, Engine } from "../../engine/engine";
import { removeDomain, resumeDomain, startDomain, viewLibvirt } from "../../hypervisor/virsh";
import { domainNameOf, libvirtNameOf } from "../../config/libvirt-names";
import { hostsAt, type LibvirtSite, sitesOf } from "../../config/sites";
import { hostOf } from "../../plan/plan";
import { type DeployedLab, stanzaSeenBy } from "../../observe/lab";
import { readFacts } from "../../observe/observe";
import type { Invocation } from "../invocation";
import { explainLosses, findLosses } from "./losses";

/** A lab before a run changes it. */
export interface Safeguarded {
  /** The hosts that were started. */
  readonly started: readonly string[];
  /** Whether every host was running, and can be asked. */
  readonly canBeAsked: boolean;
  /**
   * @param previewed What the run would change; without it, a preview finds out.
   * @throws Error when the run would lose data without permission.
   */
  readonly checkLosses: (previewed?: readonly Change[]) => Promise<void>;
}

/**
 * Does for a lab what Pulumi does not, before `up` changes it: starts hosts that are shut off, resumes those that are paused, and removes
 * the domain of a host whose disk is missing, so that `up` recreates the whole host. Must be called while no other run works: a host that
 * is being created has no disk for a moment.
 * @param yesReplace Hosts whose data may be lost.
 * @throws Error before any change: when data would be lost without permission, or a host of `yesReplace` is unknown.
 */
export async function safeguard(
  invocation: Invocation,
  engine: Engine,
  lab: DeployedLab,
  yesReplace: readonly string[],
): Promise<Safeguarded> {
  const { options, signal } = invocation;
  for (const name of yesReplace) hostOf(lab.plan, name);
  const found = await Promise.all(sitesOf(lab.configuration).map((site) => viewSite(lab, site)));
  // Machines that exist are their owner's: nothing starts, resumes or deletes one.
  const hosts = found.flat();
  const isWhole = hosts.every(({ isRunning, hasDisk }) => isRunning !== undefined && hasDisk);
  let checked: Promise<void> | undefined;
  const checkLosses: Safeguarded["checkLosses"] = (previewed) =>
    (checked ??= (async () => {
      if (hosts.length === 0) return;
      const changes = previewed ?? (await engine.preview({ config: options.config, signal }));
      const losses = findLosses(lab.plan.hosts, changes);
      const refused = losses.filter(({ host }) => !yesReplace.includes(host));
      if (refused.length > 0) throw new Error(await explain(lab, hosts, refused));
    })());
  // A complete lab mostly stays as it is, and a preview takes seconds: it waits for the first change.
  if (!isWhole) await checkLosses();

  const lost = hosts.filter(({ isRunning, hasDisk, hasPool }) => hasPool && isRunning !== undefined && !hasDisk);
  for (const { name, uri, domain, isRunning = false } of lost) {
    await removeDomain(uri, domain, isRunning);
    process.stdout.write(`${name}: disk not found, recreating the host\n`);
  }
  const off = hosts.filter((host) => host.isRunning === false && !lost.includes(host));
  for (const { name, uri, domain } of off) {
    await startDomain(uri, domain);
    process.stdout.write(`${name} was shut off, starting it\n`);
  }
  const still = hosts.filter((host) => host.isPaused && !lost.includes(host));
  for (const { name, uri, domain } of still) {
    await resumeDomain(uri, domain);
    process.stdout.write(`${name} was paused, resuming it\n`);
  }
  const started = [...off, ...still].map(({ name }) => name);
  return { started, canBeAsked: isWhole && started.length === 0, checkLosses };
}

/** A host in its libvirt. */
interface SeenHost {
  readonly name: string;
  readonly uri: string;
  readonly domain: string;
  /** Undefined when it has no domain. */
  readonly isRunning: boolean | undefined;
  readonly isPaused: boolean;
  readonly hasDisk: boolean;
  /** Whether its pool has volumes: without a single one, it may be inactive, with all disks in it. */
  readonly hasPool: boolean;
}

async function viewSite({ stack, plan, configuration }: DeployedLab, site: LibvirtSite): Promise<SeenHost[]> {
  const uri = site.libvirtUri;
  const hosts = hostsAt(configuration, site, plan.hosts).map(({ name, volumes: { disk } }) => ({
    name,
    domain: domainNameOf(stack, name),
    disk,
  }));
  const own = hosts.map(({ domain, disk }) => ({ name: domain, disk }));
  const { domains, paused, volumes } = await viewLibvirt(uri, libvirtNameOf(stack), own);
  return hosts.map(({ name, domain, disk }) => ({
    ...{ name, uri, domain },
    isRunning: domains.get(domain),
    isPaused: paused.has(domain),
    hasDisk: volumes.has(disk),
    hasPool: volumes.size > 0,
  }));
}

async function explain(
  lab: DeployedLab,
  seen: readonly SeenHost[],
  losses: ReturnType<typeof findLosses>,
): Promise<string> {
  const { stanza, hosts } = lab.plan;
  const isOff = (name: string): boolean => seen.some((host) => host.name === name && host.isRunning !== true);
  const repository = hosts.filter(({ name, role }) => role === "repository" && !isOff(name));
  const [read] = (await readFacts(lab, "proof", undefined, repository)).values();
  return explainLosses(losses, { stack: lab.stack, stanza, hosts, held: read && stanzaSeenBy(read, stanza) });
}
