import type { CliStack } from "../../engine/pulumi/cli-stack";
import { findUsersStack } from "../../engine/pulumi/users-stack";
import { stackEngine } from "../../engine/stack-engine";
import { findPulumi } from "./find-pulumi";
import type { Stack } from "./stack";

/** Answers of the backend: it is asked once a command. */
const known = new Map<string, Promise<CliStack | undefined>>();

/** The stack of a lab that the user has made with `pulumi up`; undefined when `./lab` made it, or there is none. */
export async function findUsersLab({ location }: Stack): Promise<CliStack | undefined> {
  const pulumi = findPulumi(location);
  if (pulumi === undefined || stackEngine(location) !== undefined) return undefined;
  const found = known.get(location.stateFolder) ?? findUsersStack(pulumi.cli, location);
  known.set(location.stateFolder, found);
  return found;
}

/** Whether a stack has a lab, whoever made it. */
export async function hasLab(stack: Stack): Promise<boolean> {
  return stackEngine(stack.location) !== undefined || (await findUsersLab(stack)) !== undefined;
}
