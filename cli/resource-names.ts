import { HOST_NAMES } from "../config/host-names";
import type { Change } from "../engine/engine";

/** What a user is told of a resource: the host that it belongs to, and the step. */
export interface Step {
  /** `lab` for what belongs to no single host. */
  readonly host: string;
  readonly step: string;
}

/** Resource names are `HOST-WHAT`, or `lab-WHAT` where they are of no single host; a host's own resource is told by its type. */
export function stepOf({ name, type }: Pick<Change, "name" | "type">): Step {
  const host = HOST_NAMES.find((candidate) => name === candidate || name.startsWith(`${candidate}-`));
  if (host === undefined) return { host: "lab", step: name.replace(/^lab-/, "") };
  return { host, step: name.slice(host.length + 1) || (type.split(":").at(-1) ?? type).toLowerCase() };
}

/** Whether something happens outside Pulumi's own books: components, providers and the stack only order the others. */
export function isStep({ type }: Pick<Change, "type">): boolean {
  return !/^(lab:|pulumi:)/.test(type);
}
