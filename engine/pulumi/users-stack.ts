import * as path from "node:path";
import { EngineError, type StackLocation } from "../engine";
import { readProject } from "../project";
import { loggedInTo, loginFolder, pulumi, type PulumiCli } from "./cli";
import { CliStack } from "./cli-stack";
import { DamagedBackend } from "./damaged-attributes";
import { halfWritten } from "./half-written";

const ANSWER_SECONDS = 15;

/**
 * The stack of this name, made with `pulumi stack init`, if it has resources in the backend that the user is logged in to; undefined when
 * none is visible. Backend, passphrase and settings are the user's: a run gets a copy of the settings.
 */
export async function findUsersStack(cli: PulumiCli, location: StackLocation): Promise<CliStack | undefined> {
  const { projectFolder: folder, stateFolder, stack } = location;
  try {
    const signal = AbortSignal.timeout(ANSWER_SECONDS * 1000);
    const answer = await pulumi(cli, ["stack", "ls", "--json"], { folder, signal });
    const stacks = JSON.parse(answer) as { name: string; resourceCount?: number }[];
    // Pulumi Cloud puts the organization before the name.
    const { resourceCount = 0 } = stacks.find(({ name }) => name.split("/").at(-1) === stack) ?? {};
    if (resourceCount === 0) return undefined;
  } catch (error) {
    // Without the CLI or a login, or when the backend does not answer.
    if (error instanceof EngineError && !(error instanceof DamagedBackend)) return undefined;
    throw error;
  }
  const settingsFile = path.join(stateFolder, "users-settings.yaml");
  return new UsersStack({ cli, location, folder, settingsFile, environment: () => ({}) });
}

class UsersStack extends CliStack {
  override leftFiles(): string[] {
    const { location } = this.options;
    const { PULUMI_BACKEND_URL: backend = loggedInTo() } = process.env;
    return halfWritten(backend, readProject(location).name, location.stack);
  }

  /** `stack rm` also unselects the user's stack, whichever that is: so it has a home of its own, where none is selected. */
  override forget(): Promise<void> {
    const home = path.join(this.options.location.stateFolder, "pulumi-home");
    return super.forget({ PULUMI_HOME: home, PULUMI_CREDENTIALS_PATH: loginFolder() });
  }
}
