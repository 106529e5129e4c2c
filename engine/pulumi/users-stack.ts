import { EngineError, type StackLocation } from "../engine";
import { pulumi, type PulumiCli } from "./cli";

/** A stack of the user's own. */
interface UsersStack {
  /** URL of the backend that keeps it. */
  readonly backend: string;
  readonly resources: number;
}

const ANSWER_SECONDS = 15;

/** The stack, if it has resources in the backend that the user is logged in to; undefined when none is visible. Changes nothing. */
export async function findUsersStack(
  cli: PulumiCli,
  { projectFolder, stack }: StackLocation,
): Promise<UsersStack | undefined> {
  const ask = async (...args: string[]): Promise<unknown> =>
    JSON.parse(
      await pulumi(cli, [...args, "--json"], {
        folder: projectFolder,
        signal: AbortSignal.timeout(ANSWER_SECONDS * 1000),
      }),
    );
  try {
    const stacks = (await ask("stack", "ls")) as { name: string; resourceCount?: number }[];
    // Pulumi Cloud puts the organization before the name.
    const { resourceCount: resources = 0 } = stacks.find(({ name }) => name.split("/").at(-1) === stack) ?? {};
    if (resources === 0) return undefined;
    const { url: backend } = (await ask("whoami", "--verbose")) as { url: string };
    return { backend, resources };
  } catch (error) {
    // Without the CLI or a login, or when the backend does not answer.
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}
