import type { Engine, Result, RunOptions, StackLocation } from "../engine";
import { withLock } from "../lock";
import { refuseOther } from "../stack-engine";
import type { Command } from "./carry-out";
import { renderOutputs } from "./render-outputs";
import { State } from "./state";

/** The engine that needs nothing but Node: it serves the program, and carries its resources out with drivers of its own. */
export function createEmbeddedEngine(location: StackLocation): Engine {
  const run = async (command: Command, options: RunOptions = {}): Promise<Result> => {
    refuseOther(location, "embedded");
    // Loaded on use: outputs are read without drivers.
    const { carryOut } = await import("./carry-out");
    if (command === "preview") return carryOut(location, command, options);
    return withLock(location, command, async () => {
      await options.beforeRun?.();
      return carryOut(location, command, options);
    });
  };
  return {
    name: "embedded",
    preview: async (options) => (await run("preview", options)).changes,
    up: (options) => run("up", options),
    destroy: (options) => run("destroy", options),
    outputs: async () => {
      refuseOther(location, "embedded");
      return Promise.resolve(renderOutputs(new State(location).outputs));
    },
    protectedResources: async () => {
      refuseOther(location, "embedded");
      const { resources } = new State(location);
      return Promise.resolve(resources.filter(({ protect }) => protect).map(({ name }) => name));
    },
  };
}
