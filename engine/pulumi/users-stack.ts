import type { StackLocation } from "../engine";
import { EngineError } from "../engine";
import { pulumi } from "./cli";

/** A stack of the user's own. */
export interface UsersStack {
  /** URL of the backend that keeps it. */
  readonly backend: string;
  readonly resources: number;
}

/** How long a backend may take to answer. */
const SECONDS = 15;

/** Looks for a stack with resources in the backend that the user is logged in to; undefined when none can be seen. Changes nothing. */
export async function findUsersStack({ projectFolder, stack }: StackLocation): Promise<UsersStack | undefined> {
  const ask = async (...args: string[]): Promise<unknown> =>
    JSON.parse(
      await pulumi([...args, "--json"], { folder: projectFolder, signal: AbortSignal.timeout(SECONDS * 1000) }),
    );
  try {
    const stacks = (await ask("stack", "ls")) as { name: string; resourceCount?: number }[];
    // Pulumi Cloud puts the organization before the name.
    const { resourceCount: resources = 0 } = stacks.find(({ name }) => name.split("/").at(-1) === stack) ?? {};
    if (resources === 0) return undefined;
    const { url: backend } = (await ask("whoami", "--verbose")) as { url: string };
    return { backend, resources };
  } catch (error) {
    // There is no CLI, nobody is logged in, or the backend does not answer.
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}
