import type { StackLocation } from "../../engine/engine";
import { builtCli } from "../../engine/pulumi/built-cli";
import { CLI_ON_PATH, type PulumiCli } from "../../engine/pulumi/cli";
import { isOnPath } from "../../hypervisor/on-path";

/** Pulumi's CLI on this machine, and why it is that one: the one on PATH, else the one that `./lab engine` built. */
export function findPulumi({
  projectFolder,
}: Pick<StackLocation, "projectFolder">): { readonly cli: PulumiCli; readonly reason: string } | undefined {
  if (isOnPath("pulumi")) return { cli: CLI_ON_PATH, reason: "pulumi is on PATH" };
  const cli = builtCli(projectFolder);
  return cli && { cli, reason: "./lab engine built it, and no pulumi is on PATH" };
}
