import * as fs from "node:fs";
import * as path from "node:path";
import { type Engine, EngineError, type StackLocation } from "./engine";

/** The folder, in a stack's own, of Pulumi's CLI. */
export const PULUMI_FOLDER = "pulumi";

/** The engine that made a stack; undefined when none has. */
export function stackEngine({ stateFolder }: StackLocation): Engine["name"] | undefined {
  if (fs.existsSync(path.join(stateFolder, "state.json"))) return "embedded";
  return fs.existsSync(path.join(stateFolder, PULUMI_FOLDER)) ? "pulumi" : undefined;
}

/** @throws EngineError when the other engine made the stack. */
export function refuseOther(location: StackLocation, name: Engine["name"]): void {
  const maker = stackEngine(location) ?? name;
  if (maker === name) return;
  throw new EngineError(
    `stack "${location.stack}" was made by engine ${maker}; hint: --engine ${maker}, or ./lab destroy --stack ${location.stack} first`,
  );
}
