import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../engine/engine";
import { removeDomain, removeVolume, startDomain, viewLibvirt } from "../../hypervisor/virsh";
import { diskNameOf } from "../../config/libvirt-names";
import { seedNameOf } from "../../render/domain";
import { libvirtNameOf } from "../../config/libvirt-names";
import type { LabConfig } from "../../config/schema";
import type { DeployedLab } from "../stack/deployed-lab";
import { deployedLab } from "../stack/deployed-lab";
import { readFacts } from "../../observe/facts";
import type { Invocation } from "../invocation";
import { explainLosses, findLosses } from "./losses";
import type { Stack } from "../stack/stack";

/**
 * Looks at a lab before `up` changes it, and does what Pulumi does not: starts hosts that are switched off, and takes away what is left of
 * a host that has lost its disk, as neither its domain nor its seed, which has been read, goes with another.
 * @param wanted The configuration of the run.
 * @param yesReplace Hosts whose data may be begun anew.
 * @returns Whether hosts were started, and whether every host runs as it did before and can be asked.
 * @throws Error when data would be lost that nobody said may be, before anything is changed.
 */
export async function safeguard(
  { options, signal }: Invocation,
  { location }: Stack,
  engine: Engine,
  wanted: LabConfig,
  yesReplace: readonly string[],
): Promise<{ started: boolean; canBeAsked: boolean }> {
  const outputs = await engine.outputs();
  if (outputs.plan === undefined) return { started: false, canBeAsked: false };
  const lab = deployedLab(outputs, location.stack);
  const { libvirtUri, hypervisor } = lab.configuration;
  const pool = libvirtNameOf(location.stack);
  const { domains, volumes } = await viewLibvirt(libvirtUri, pool);
  const hasDisk = (host: string): boolean => volumes.has(diskNameOf(host, hypervisor));
  // The same program with the same configuration takes nothing away from a lab that is whole; a preview takes a while.
  const isSame = engine.name === "embedded" && isDeepStrictEqual(wanted, lab.configuration);
  const isWhole = lab.hosts.every(({ name }) => domains.has(name) && hasDisk(name));
  if (!isSame || !isWhole) {
    const losses = findLosses(lab.hosts, await engine.preview({ config: options.config, signal }));
    const refused = losses.filter(({ host }) => !yesReplace.includes(host));
    if (refused.length > 0) throw new Error(await explain(lab, location.stack, refused));
  }
  const names = lab.hosts.map(({ name }) => name);
  // Without a single volume, the pool may be off, with everything in it.
  const lost = volumes.size === 0 ? [] : names.filter((name) => domains.has(name) && !hasDisk(name));
  for (const host of lost) {
    await removeDomain(libvirtUri, host, domains.get(host) === true);
    if (volumes.has(seedNameOf(host))) await removeVolume(libvirtUri, pool, seedNameOf(host));
    process.stdout.write(`${host} has lost its disk: it is made anew\n`);
  }
  const off = names.filter((name) => domains.get(name) === false && !lost.includes(name));
  for (const host of off) {
    await startDomain(libvirtUri, host);
    process.stdout.write(`${host} was switched off: started\n`);
  }
  const started = off.length > 0;
  return { started, canBeAsked: isWhole && !started };

  async function explain(from: DeployedLab, stack: string, losses: ReturnType<typeof findLosses>): Promise<string> {
    const repository = from.hosts.filter(({ name, role }) => role === "repository" && domains.get(name) === true);
    const facts = await readFacts({ ...from, hosts: repository });
    const held = [...facts.values()].flatMap(({ host }) => host?.info ?? []).find(({ name }) => name === from.stanza);
    return explainLosses(losses, { stack, stanza: from.stanza, hosts: from.hosts, held });
  }
}
