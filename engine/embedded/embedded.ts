import { allDrivers } from "../drivers/drivers";
import {
  type Engine,
  EngineError,
  type EngineEvent,
  INTERRUPTED,
  type Output,
  type Result,
  type RunOptions,
  type StackLocation,
} from "../engine";
import { withLock } from "../lock";
import { refuseOther } from "../stack-engine";
import { Deployment } from "./deployment";
import { runProgram } from "./program";
import { readProject, refuseEncrypted } from "../project";
import { State } from "./state";
import { hasSecret, type Properties, reveal, texts, UNKNOWN } from "../values";

type Command = "preview" | "up" | "destroy";

const LAST_LINES = 20;

/** The engine that needs nothing but Node: it serves the program, and carries its resources out with drivers of its own. */
export function createEmbeddedEngine(location: StackLocation): Engine {
  const run = async (command: Command, options: RunOptions = {}): Promise<Result> => {
    refuseOther(location, "embedded");
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
      return Promise.resolve(render(new State(location).outputs));
    },
    protectedResources: async () => {
      refuseOther(location, "embedded");
      const { resources } = new State(location);
      return Promise.resolve(resources.filter(({ protect }) => protect).map(({ name }) => name));
    },
  };
}

async function carryOut(location: StackLocation, command: Command, options: RunOptions): Promise<Result> {
  const { config, signal, onEvent, replace = [], unprotect = false, beforeFirstChange } = options;
  const emit = (event: EngineEvent): void => onEvent?.(event);
  const preview = command === "preview";
  const state = new State(location);
  if (unprotect) state.resources = state.resources.map((resource) => ({ ...resource, protect: false }));
  const { drivers, close } = allDrivers(location.projectFolder, location.stateFolder);
  const deployment = new Deployment({ state, drivers, preview, replace, emit, signal, beforeFirstChange });
  const { failures } = deployment;
  let outputs: Properties = {};
  try {
    const project = command === "destroy" ? undefined : readProject(location, config);
    if (project) refuseEncrypted(location, project);
    await deployment.observe().catch((error: unknown) => {
      if (!preview) throw error;
      // A preview starts nothing, so libvirt need not run.
      emit({ kind: "log", severity: "warning", message: `cannot compare with libvirt: ${String(error)}`, urn: "" });
    });
    if (project) {
      const said: string[] = [];
      const code = await runProgram(location, project, preview, {
        register: (goal) => deployment.register(goal),
        finish: (registered) => (outputs = registered),
        log: (severity, message, urn) => {
          (severity === "error" ? failures : said).push(message);
          emit({ kind: "log", severity, message, urn });
        },
      });
      const last = said.slice(-LAST_LINES).join("\n");
      if (code !== 0 && failures.length === 0) failures.push(`the program failed with exit status ${code}\n${last}`);
    }
    await deployment.finish();
  } finally {
    close();
  }
  const known = Object.entries(outputs).filter(([, value]) => !texts(value).includes(UNKNOWN));
  state.outputs = { ...(failures.length > 0 || deployment.refusal ? state.outputs : {}), ...Object.fromEntries(known) };
  // A refused run leaves nothing, not even a stack.
  if (!state.resources.some(({ custom }) => custom)) state.resources = [];
  if (!preview) await state.save();
  if (!preview && state.resources.length === 0) state.settle();
  if (deployment.refusal !== undefined) throw deployment.refusal;
  if (failures.length > 0) throw new EngineError(failures.join("\n"));
  if (signal?.aborted) throw new EngineError(INTERRUPTED);
  if (!preview) state.settle();
  return { changes: deployment.changes, outputs: render(state.outputs) };
}

function render(outputs: Properties): Record<string, Output> {
  const entries = Object.entries(outputs);
  return Object.fromEntries(entries.map(([name, value]) => [name, { value: reveal(value), secret: hasSecret(value) }]));
}
