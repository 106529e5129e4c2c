import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Engine, Result, RunOptions, StackLocation } from "../engine";
import { withLock } from "../lock";
import { refuseOther } from "../stack-engine";
import { CLI_ON_PATH, type PulumiCli } from "./cli";
import type { CliStack, Command } from "./cli-stack";
import { ownBackend, OwnStack } from "./own-stack";

type Run = (command: Command, options?: RunOptions) => Promise<Result>;

/** The engine for real use: Pulumi's CLI. It leaves the user's settings files, selected stack and login alone. */
export function createPulumiEngine(location: StackLocation, cli: PulumiCli = CLI_ON_PATH): Engine {
  const own = new OwnStack(cli, location, process.env.PULUMI_BACKEND_URL ?? ownBackend(location));
  const run: Run = async (command, options = {}) => {
    refuseOther(location, "pulumi");
    if (command !== "preview" || own.isMade) return own.run(command, options);
    // The CLI previews only stacks that exist. This one is in a backend of its own, and is removed with it.
    const stateFolder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-"));
    return new OwnStack(cli, { ...location, stateFolder }, ownBackend({ stateFolder }))
      .run(command, options)
      .finally(() => {
        fs.rmSync(stateFolder, { recursive: true });
      });
  };
  const outputs = async (): ReturnType<Engine["outputs"]> => {
    refuseOther(location, "pulumi");
    return own.isMade ? own.outputs() : {};
  };
  const protectedResources = async (): Promise<readonly string[]> => {
    refuseOther(location, "pulumi");
    return own.isMade ? own.protectedResources() : [];
  };
  const engine = engineOf(location, run, own);
  const up: Engine["up"] = async (options) => {
    refuseOther(location, "pulumi");
    return engine.up(options);
  };
  return { ...engine, up, outputs, protectedResources };
}

/** The engine of a stack that the user has made with Pulumi's CLI. */
export function createUsersEngine(location: StackLocation, stack: CliStack): Engine {
  return engineOf(location, (command, options = {}) => stack.run(command, options), stack);
}

function engineOf(location: StackLocation, run: Run, stack: CliStack): Engine {
  return {
    name: "pulumi",
    preview: async (options) => (await run("preview", options)).changes,
    up: (options = {}) => withLock(location, "up", () => stack.alone(() => stack.up(options))),
    destroy: (options) =>
      withLock(location, "destroy", async () => {
        if (options?.unprotect === true) await stack.unprotect();
        await stack.clearLeftovers();
        const result = await run("destroy", options);
        await stack.forget();
        const files = stack.leftFiles().join(" ");
        const message = `a killed CLI has left ${files}; the stack is gone, so nothing needs them; hint: rm ${files}`;
        if (files !== "") options?.onEvent?.({ kind: "log", severity: "warning", message, urn: "" });
        return result;
      }),
    outputs: () => stack.outputs(),
    protectedResources: () => stack.protectedResources(),
  };
}
