import * as fs from "node:fs";
import * as path from "node:path";
import type { Engine, StackLocation } from "./engine";
import { EngineError } from "./engine";

const MARKS: Readonly<Record<Engine["name"], string>> = { embedded: "state.json", pulumi: ".pulumi" };

/** Tells which engine made a stack; undefined when none has yet. */
export function stackEngine({ stateFolder }: StackLocation): Engine["name"] | undefined {
  const names = Object.keys(MARKS) as Engine["name"][];
  return names.find((name) => fs.existsSync(path.join(stateFolder, MARKS[name])));
}

/** Throws when the other engine made the stack. */
export function refuseOther(location: StackLocation, name: Engine["name"]): void {
  const maker = stackEngine(location);
  if (maker === undefined || maker === name) return;
  throw new EngineError(
    `stack "${location.stack}" was made by the ${maker} engine: use --engine ${maker}, or destroy it first`,
  );
}
