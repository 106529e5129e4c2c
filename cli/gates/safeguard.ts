import type { Change, Engine } from "../../engine/engine";
import { type LibvirtView, removeDomain, resumeDomain, startDomain, viewLibvirt } from "../../hypervisor/virsh";
import { areExisting } from "../../config/hosts";
import { domainNameOf, libvirtNameOf } from "../../config/libvirt-names";
import { hostOf } from "../../plan/plan";
import { type DeployedLab, stanzaSeenBy } from "../../observe/lab";
import { readFacts } from "../../observe/observe";
import type { Invocation } from "../invocation";
import { explainLosses, findLosses } from "./losses";
import type { Stack } from "../stack/stack";

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

const EXISTING: Safeguarded = { started: [], canBeAsked: true, checkLosses: () => Promise.resolve() };

/**
 * Does for a lab what Pulumi does not, before `up` changes it: starts hosts that are shut off, resumes those that are paused, and removes
 * the domain of a host whose disk is missing, so that `up` recreates the whole host. Must be called while no other run works: a host that
 * is being created has no disk for a moment.
 * @param yesReplace Hosts whose data may be lost.
 * @throws Error before any change: when data would be lost without permission, or a host of `yesReplace` is unknown.
 */
export async function safeguard(
  invocation: Invocation,
  { location }: Stack,
  engine: Engine,
  lab: DeployedLab,
  yesReplace: readonly string[],
): Promise<Safeguarded> {
  const { options, signal } = invocation;
  const { libvirtUri } = lab.configuration;
  const pool = libvirtNameOf(location.stack);
  const hosts = lab.plan.hosts.map(({ name, volumes: { disk } }) => ({
    name,
    domain: domainNameOf(location.stack, name),
    disk,
  }));
  for (const name of yesReplace) hostOf(lab.plan, name);
  // Machines that exist are their owner's: nothing starts, resumes or deletes one.
  if (areExisting(lab.configuration)) return EXISTING;
  const view = await viewLibvirt(
    libvirtUri,
    pool,
    hosts.map(({ domain, disk }) => ({ name: domain, disk })),
  );
  const { domains, paused, volumes } = view;
  const isWhole = hosts.every(({ domain, disk }) => domains.has(domain) && volumes.has(disk));
  let checked: Promise<void> | undefined;
  const checkLosses: Safeguarded["checkLosses"] = (previewed) =>
    (checked ??= (async () => {
      const changes = previewed ?? (await engine.preview({ config: options.config, signal }));
      const losses = findLosses(lab.plan.hosts, changes);
      const refused = losses.filter(({ host }) => !yesReplace.includes(host));
      if (refused.length > 0) throw new Error(await explain(lab, view, refused));
    })());
  // A complete lab mostly stays as it is, and a preview takes seconds: it waits for the first change.
  if (!isWhole) await checkLosses();

  // Without a single volume, the pool may be inactive, with all disks in it.
  const lost = hosts.filter(({ domain, disk }) => volumes.size > 0 && domains.has(domain) && !volumes.has(disk));
  for (const { name, domain } of lost) {
    await removeDomain(libvirtUri, domain, domains.get(domain) === true);
    process.stdout.write(`${name}: disk not found, recreating the host\n`);
  }
  const off = hosts.filter((host) => domains.get(host.domain) === false && !lost.includes(host));
  for (const { name, domain } of off) {
    await startDomain(libvirtUri, domain);
    process.stdout.write(`${name} was shut off, starting it\n`);
  }
  const still = hosts.filter((host) => paused.has(host.domain) && !lost.includes(host));
  for (const { name, domain } of still) {
    await resumeDomain(libvirtUri, domain);
    process.stdout.write(`${name} was paused, resuming it\n`);
  }
  const started = [...off, ...still].map(({ name }) => name);
  return { started, canBeAsked: isWhole && started.length === 0, checkLosses };
}

async function explain(
  lab: DeployedLab,
  { domains }: LibvirtView,
  losses: ReturnType<typeof findLosses>,
): Promise<string> {
  const { stanza, hosts } = lab.plan;
  const repository = hosts.filter(
    ({ name, role }) => role === "repository" && domains.get(domainNameOf(lab.stack, name)) === true,
  );
  const [read] = (await readFacts(lab, "proof", undefined, repository)).values();
  return explainLosses(losses, { stack: lab.stack, stanza, hosts, held: read && stanzaSeenBy(read, stanza) });
}
