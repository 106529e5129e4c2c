import { allDrivers } from "../drivers/drivers";
import {
  EngineError,
  type EngineEvent,
  INTERRUPTED,
  type Result,
  type RunOptions,
  type StackLocation,
} from "../engine";
import { readProject, refuseEncrypted } from "../project";
import { type Properties, texts, UNKNOWN } from "../values";
import { Deployment } from "./deployment";
import { runProgram } from "./program";
import { renderOutputs } from "./render-outputs";
import { State } from "./state";

export type Command = "preview" | "up" | "destroy";

const LAST_LINES = 20;

/** Serves the program, if the command needs it, and carries its resources out. */
export async function carryOut(location: StackLocation, command: Command, options: RunOptions): Promise<Result> {
  const { config, signal, onEvent, replace = [], replaceToo, beforeChange, unprotect = false } = options;
  const emit = (event: EngineEvent): void => onEvent?.(event);
  const preview = command === "preview";
  const state = new State(location);
  if (unprotect) state.resources = state.resources.map((resource) => ({ ...resource, protect: false }));
  const { drivers, close } = allDrivers(location.projectFolder, location.stateFolder);
  const deployment = new Deployment({
    ...{ state, drivers, preview, emit, signal, beforeChange },
    replace: async () => [...replace, ...((await replaceToo?.()) ?? [])],
  });
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
  return { changes: deployment.changes, outputs: renderOutputs(state.outputs) };
}
