import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isOwnDomain, type OwnDomain } from "../config/foreign-domains";
import { virshUri } from "../config/virsh";

/** A lab in libvirt, whatever has changed since its last `up`. */
export interface LibvirtView {
  /** The name of each of the lab's domains to whether it runs. */
  readonly domains: ReadonlyMap<string, boolean>;
  /** The names of those that are paused: they run, and do not answer. */
  readonly paused: ReadonlySet<string>;
  /** The names of the volumes in the lab's pool. */
  readonly volumes: ReadonlySet<string>;
}

/** Asks libvirt for a lab's domains and volumes. A missing pool has no volumes; a domain of the name with another disk is not the lab's. */
export async function viewLibvirt(uri: string, pool: string, own: readonly OwnDomain[]): Promise<LibvirtView> {
  const [all, running, paused, pools] = await Promise.all([
    names(uri, "list", "--all", "--name"),
    names(uri, "list", "--name"),
    names(uri, "list", "--state-paused", "--name"),
    names(uri, "pool-list", "--name"),
  ]);
  const volumes = pools.includes(pool) ? await names(uri, "vol-list", pool) : [];
  const found = own.filter(({ name }) => all.includes(name));
  const definitions = await Promise.all(found.map(({ name }) => virsh(uri, "dumpxml", name)));
  const domains = found.filter(({ disk }, index) => isOwnDomain(definitions[index] ?? "", pool, disk));
  return {
    domains: new Map(domains.map(({ name }) => [name, running.includes(name)])),
    paused: new Set(domains.map(({ name }) => name).filter((name) => paused.includes(name))),
    volumes: new Set(volumes),
  };
}

/** Starts a domain that is shut off. */
export async function startDomain(uri: string, domain: string): Promise<void> {
  await virsh(uri, "start", domain);
}

/** Resumes a domain that is paused. */
export async function resumeDomain(uri: string, domain: string): Promise<void> {
  await virsh(uri, "resume", domain);
}

/** Removes the definition of a domain, and stops it if it runs. */
export async function removeDomain(uri: string, domain: string, isRunning: boolean): Promise<void> {
  if (isRunning) await virsh(uri, "destroy", domain);
  await virsh(uri, "undefine", domain);
}

async function virsh(uri: string, ...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)("virsh", ["-q", "-c", virshUri(uri), ...args])).stdout;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`virsh ${args.join(" ")} on ${uri}: ${stderr?.trim() || message}`);
  }
}

/** The first words of the lines. */
async function names(uri: string, ...args: string[]): Promise<string[]> {
  const lines = (await virsh(uri, ...args)).split("\n");
  return lines.map((line) => line.trim().split(/\s+/)[0] ?? "").filter((name) => name !== "");
}
