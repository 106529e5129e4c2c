import type { StackLocation } from "../../engine/engine";
import { hasLanguageHost, withOurPlugins } from "../../engine/plugins/our-plugins";
import { builtCli } from "../../engine/pulumi/built-cli";
import { CLI_ON_PATH, type PulumiCli } from "../../engine/pulumi/cli";
import { isOnPath } from "../../hypervisor/on-path";

/** Pulumi's CLI on this machine. */
export interface FoundPulumi {
  readonly cli: PulumiCli;
  /** Why it is that one. */
  readonly reason: string;
  /** Whether the lab's plugins serve it: it has no language host of its own. */
  readonly needsPlugins: boolean;
}

/** Finds Pulumi's CLI: the one on PATH, else the one that `./lab engine` built. */
export function findPulumi({ projectFolder }: Pick<StackLocation, "projectFolder">): FoundPulumi | undefined {
  const cli = isOnPath(CLI_ON_PATH.program) ? CLI_ON_PATH : builtCli(projectFolder);
  if (cli === undefined) return undefined;
  const reason = cli === CLI_ON_PATH ? "pulumi is on PATH" : "./lab engine built it, and no pulumi is on PATH";
  return hasLanguageHost(cli)
    ? { cli, reason, needsPlugins: false }
    : { cli: withOurPlugins(cli), reason, needsPlugins: true };
}
