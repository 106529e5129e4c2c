import type { Output } from "../../engine/engine";
import type { DeployedLab } from "../../observe/lab";

const OUTPUTS = ["plan", "configuration", "ssh"] as const satisfies readonly (keyof DeployedLab)[];

/** Whether a stack tells its hosts, and how they are reached: a run that was killed early tells only some of it. */
export function hasLab(outputs: Readonly<Record<string, Output>>): boolean {
  return OUTPUTS.every((name) => outputs[name] !== undefined);
}

/** @throws Error when the stack has no lab. */
export function deployedLab(outputs: Readonly<Record<string, Output>>, stack: string): DeployedLab {
  if (!hasLab(outputs)) throw noLab(stack);
  const values = [...OUTPUTS, "backupApi", "managed"].map((name) => [name, outputs[name]?.value ?? undefined]);
  return { ...(Object.fromEntries(values) as Omit<DeployedLab, "stack">), stack };
}

/** The error of a command that needs a lab. */
export function noLab(stack: string): Error {
  return new Error(`stack "${stack}" has no lab yet; hint: ./lab up --stack ${stack}`);
}
