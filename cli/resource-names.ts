import type { Change } from "../engine/engine";
import { HOST_TYPE } from "../plan/layout";

type Resource = Pick<Change, "name" | "type">;

/** A resource for the user: its host, and the step. */
interface Step {
  /** `lab` for a resource of no single host. */
  readonly host: string;
  readonly step: string;
}

/** The hosts among resources. */
export function hostsAmong(resources: readonly Resource[]): string[] {
  return resources.filter(({ type }) => type === HOST_TYPE).map(({ name }) => name);
}

/**
 * Resource names are `HOST-STEP`, or `lab-STEP` for a resource of no single host; a host's own resource is named by its type.
 * @param hosts The names of the hosts.
 */
export function stepOf({ name, type }: Resource, hosts: Iterable<string>): Step {
  const candidates = [...hosts].filter((candidate) => name === candidate || name.startsWith(`${candidate}-`));
  // One host's name may begin with another's.
  const host = candidates.sort((one, other) => other.length - one.length)[0];
  if (host === undefined) return { host: "lab", step: name.replace(/^lab-/, "") };
  return { host, step: name.slice(host.length + 1) || (type.split(":").at(-1) ?? type).toLowerCase() };
}

/** Whether a resource is a command on a host. */
export function isCommand({ type }: Pick<Change, "type">): boolean {
  return type === "command:remote:Command";
}

/** Whether a resource exists outside Pulumi's state: components, providers and the stack only order the others. */
export function isStep({ type }: Pick<Change, "type">): boolean {
  return !/^(lab:|pulumi:)/.test(type);
}
