import type { Engine } from "../../engine/engine";
import { stackEngine } from "../../engine/stack-engine";
import type { Invocation } from "../invocation";
import { findPulumi } from "./find-pulumi";
import type { Stack } from "./stack";
import { refuseUsersLab } from "./users-lab";

/** Opens a stack's engine. */
export async function openEngine(invocation: Invocation, stack: Stack): Promise<Engine> {
  const { location } = stack;
  await refuseUsersLab(stack);
  // Loaded on use: Pulumi's SDK takes a while.
  return chosenEngine(invocation, stack) === "pulumi"
    ? (await import("../../engine/pulumi/pulumi")).createPulumiEngine(location, findPulumi(location)?.cli)
    : (await import("../../engine/embedded/embedded")).createEmbeddedEngine(location);
}

/** The name of a stack's engine. */
export function chosenEngine(invocation: Invocation, stack: Stack): Engine["name"] {
  return chooseEngine(invocation, stack)[0];
}

/** Prints a stack's engine, and why it is used. */
export function announceEngine(invocation: Invocation, stack: Stack): void {
  const [name, reason] = chooseEngine(invocation, stack);
  process.stderr.write(`lab: stack "${stack.location.stack}", engine ${name} (${reason})\n`);
}

/** The engine, and why: the one of `--engine`, else the one that created the stack, else Pulumi's where it is installed or built. */
function chooseEngine({ options }: Invocation, { location }: Stack): [Engine["name"], string] {
  const creator = stackEngine(location);
  if (options.engine !== undefined) return [options.engine, "--engine"];
  if (creator !== undefined) return [creator, "it created this stack"];
  const pulumi = findPulumi(location);
  return pulumi ? ["pulumi", pulumi.reason] : ["embedded", "no pulumi on PATH, and none built by ./lab engine"];
}
