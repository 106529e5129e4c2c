import { stackEngine } from "../../engine/stack-engine";
import { isRunning, privateLibvirtdOf } from "../../hypervisor/private-libvirtd";
import { noLab } from "./deployed-lab";
import { isInside } from "./hand-over";
import type { Stack } from "./stack";
import { refuseUsersLab } from "./users-lab";

/** Whether this process is the part of a command that works where the stack's hosts are reached. */
export function isInOwnNamespace({ location, isPrivate }: Stack): boolean {
  return isPrivate && isInside(privateLibvirtdOf(location).namespace);
}

/**
 * The namespace in which a stack's hosts are reached; undefined when that is the machine's own.
 * @throws Error when the stack's libvirtd does not run.
 */
export async function runningNamespace(stack: Stack): Promise<string | undefined> {
  const { location, isPrivate } = stack;
  if (!isPrivate) return undefined;
  await refuseUsersLab(stack);
  if (stackEngine(location) === undefined) throw noLab(location.stack);
  if (await isRunning(location)) return privateLibvirtdOf(location).namespace;
  const { stack: name } = location;
  throw new Error(
    `the private libvirtd of stack "${name}" does not run, so its hosts do not either; hint: ./lab up --stack ${name}`,
  );
}
