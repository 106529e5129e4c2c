import type { Engine } from "../../engine/engine";
import { stackEngine } from "../../engine/stack-engine";
import { isOnPath } from "../../hypervisor/on-path";
import type { Invocation } from "../invocation";
import type { Stack } from "./stack";
import { refuseUsersLab } from "./users-lab";

/** Opens the engine that carries a stack out. */
export async function openEngine(invocation: Invocation, stack: Stack): Promise<Engine> {
  const { location } = stack;
  await refuseUsersLab(stack);
  // Each is loaded only when it is used: Pulumi's SDK takes a while.
  return chosenEngine(invocation, stack) === "pulumi"
    ? (await import("../../engine/pulumi/pulumi")).createPulumiEngine(location)
    : (await import("../../engine/embedded/embedded")).createEmbeddedEngine(location);
}

/** The name of the engine that carries a stack out. */
export function chosenEngine({ options }: Invocation, { location }: Stack): Engine["name"] {
  return chooseEngine(options.engine, stackEngine(location))[0];
}

/** Says which engine carries a stack out, and why. */
export function announceEngine({ options }: Invocation, { location }: Stack): void {
  const [name, reason] = chooseEngine(options.engine, stackEngine(location));
  process.stderr.write(`lab: stack "${location.stack}", engine ${name} (${reason})\n`);
}

/** The engine, and why: the one that is asked for, else the one that made the stack, else `pulumi` where it is installed. */
export function chooseEngine(
  asked: Engine["name"] | undefined,
  made: Engine["name"] | undefined,
  searchPath = process.env.PATH ?? "",
): [Engine["name"], string] {
  if (asked !== undefined) return [asked, "asked for"];
  if (made !== undefined) return [made, "it made this stack"];
  return isOnPath("pulumi", searchPath) ? ["pulumi", "pulumi is on PATH"] : ["embedded", "no pulumi on PATH"];
}
