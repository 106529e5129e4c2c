import { isRunning, privateLibvirtdOf } from "../../hypervisor/private-libvirtd";
import { noLab } from "./deployed-lab";
import { isInside } from "./hand-over";
import type { Stack } from "./stack";
import { hasLab } from "./users-lab";

/** Whether this process is in the namespace of the stack's hosts: the part of a command that works on them. */
export function isInOwnNamespace({ location, isPrivate }: Stack): boolean {
  return isPrivate && isInside(privateLibvirtdOf(location).namespace);
}

/**
 * The namespace of a stack's hosts; undefined for the machine's own.
 * @throws Error when the stack's libvirtd does not run.
 */
export async function runningNamespace(stack: Stack): Promise<string | undefined> {
  const { location, isPrivate } = stack;
  if (!isPrivate) return undefined;
  if (!(await hasLab(stack))) throw noLab(location.stack);
  if (await isRunning(location)) return privateLibvirtdOf(location).namespace;
  const { stack: name } = location;
  throw new Error(
    `the private libvirtd of stack "${name}" is not running, nor are its hosts; hint: ./lab up --stack ${name}`,
  );
}
