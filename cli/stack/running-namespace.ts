import { stackEngine } from "../../engine/stack-engine";
import { isRunning, privateLibvirtdOf } from "../../hypervisor/private-libvirtd";
import { noLab } from "./deployed-lab";
import { isInside } from "./hand-over";
import type { Stack } from "./stack";

/** Whether this process is the part of a command that works where the stack's hosts are reached. */
export function isInOwnNamespace({ location, isPrivate }: Stack): boolean {
  return isPrivate && isInside(privateLibvirtdOf(location).namespace);
}

/**
 * The namespace in which a stack's hosts are reached; undefined when that is the machine's own.
 * @throws Error when the stack's libvirtd does not run.
 */
export async function runningNamespace({ location, isPrivate }: Stack): Promise<string | undefined> {
  if (!isPrivate) return undefined;
  if (await isRunning(location)) return privateLibvirtdOf(location).namespace;
  const { stack } = location;
  if (stackEngine(location) === undefined) throw noLab(stack);
  throw new Error(
    `the private libvirtd of stack "${stack}" does not run, so its hosts do not either; hint: ./lab up --stack ${stack}`,
  );
}
