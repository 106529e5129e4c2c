import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { commandLine } from "./command-line";

export interface LocalOptions {
  parent: pulumi.Resource;
  dependsOn: pulumi.Resource[];
  /**
   * Texts whose change runs the step again, beside its arguments and its input.
   * @default []
   */
  rerunOn?: pulumi.Input<string>[];
  /**
   * What the script reads from its standard input.
   * @default - nothing
   */
  input?: pulumi.Input<string>;
  /**
   * Whether changed arguments do not run the step again.
   * @default false
   */
  once?: boolean;
}

/** Runs a file of `scripts/` where the deployment runs, as its account: steps that call virsh. */
export function runLocally(
  name: string,
  script: string,
  args: pulumi.Input<string>[],
  { rerunOn, input, once = false, ...options }: LocalOptions,
): command.local.Command {
  return new command.local.Command(
    name,
    { create: localScript(script, args), stdin: input, triggers: rerunOn },
    { ...options, ignoreChanges: once ? ["create"] : [] },
  );
}

/** Runs a file of `scripts/` there when the step is deleted, that is before its dependencies are. */
export function runOnDelete(
  name: string,
  script: string,
  args: pulumi.Input<string>[],
  { rerunOn, ...options }: Pick<LocalOptions, "parent" | "dependsOn" | "rerunOn">,
): command.local.Command {
  return new command.local.Command(
    name,
    { create: ":", delete: localScript(script, args), triggers: rerunOn },
    { ...options, deleteBeforeReplace: true },
  );
}

function localScript(script: string, args: pulumi.Input<string>[]): pulumi.Output<string> {
  return commandLine(["bash", `scripts/${script}`], args);
}
