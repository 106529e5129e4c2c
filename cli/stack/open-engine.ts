import { type Engine, EngineError } from "../../engine/engine";
import { stackEngine } from "../../engine/stack-engine";
import { layDownPlugins } from "../../engine/plugins/lay-down";
import type { Invocation } from "../invocation";
import { findPulumi } from "./find-pulumi";
import type { Stack } from "./stack";
import { findUsersLab } from "./users-lab";

/**
 * Opens a stack's engine.
 * @throws EngineError when the user has made it with `pulumi up`, and another engine is asked for.
 */
export async function openEngine(invocation: Invocation, stack: Stack): Promise<Engine> {
  const { location } = stack;
  const users = await findUsersLab(stack);
  const name = chosenEngine(invocation, stack);
  if (users && name === "embedded") {
    throw new EngineError(
      `stack "${location.stack}" was made with pulumi up, so only Pulumi's engine works on it; hint: leave out --engine embedded`,
    );
  }
  // Loaded on use: Pulumi's SDK takes a while.
  if (name === "embedded") return (await import("../../engine/embedded/embedded")).createEmbeddedEngine(location);
  const found = findPulumi(location);
  if (found?.needsPlugins) layDownPlugins();
  const { createPulumiEngine, createUsersEngine } = await import("../../engine/pulumi/pulumi");
  return users ? createUsersEngine(location, users) : createPulumiEngine(location, found?.cli);
}

/** The name of a stack's engine. */
export function chosenEngine(invocation: Invocation, stack: Stack): Engine["name"] {
  return chooseEngine(invocation, stack)[0];
}

/** Prints a stack's engine, and why it is used. */
export async function announceEngine(invocation: Invocation, stack: Stack): Promise<void> {
  const [name, reason] = chooseEngine(invocation, stack);
  const why = name === "pulumi" && (await findUsersLab(stack)) ? "this stack was made with pulumi up" : reason;
  const found = name === "pulumi" ? findPulumi(stack.location) : undefined;
  const plugins = found === undefined ? "" : found.needsPlugins ? ", plugins of this project" : ", released plugins";
  process.stderr.write(`lab: stack "${stack.location.stack}", engine ${name} (${why})${plugins}\n`);
}

/** The engine, and why: the one of `--engine`, else the one that created the stack, else Pulumi's where it is installed or built. */
function chooseEngine({ options }: Invocation, { location }: Stack): [Engine["name"], string] {
  const creator = stackEngine(location);
  if (options.engine !== undefined) return [options.engine, "--engine"];
  if (creator !== undefined) return [creator, "it created this stack"];
  const pulumi = findPulumi(location);
  return pulumi ? ["pulumi", pulumi.reason] : ["embedded", "no pulumi on PATH, and none built by ./lab engine"];
}
