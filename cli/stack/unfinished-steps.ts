import * as fs from "node:fs";
import * as path from "node:path";
import { ON_CHANGE } from "../../plan/layout";
import type { Engine, Result, RunOptions, StackLocation } from "../../engine/engine";
import { isCommand } from "../resource-names";

const fileOf = ({ stateFolder }: StackLocation): string => path.join(stateFolder, "unfinished-steps.json");

/** Steps that failed or were interrupted when they ran again on a host: they may be half done there. */
export function unfinishedSteps(location: StackLocation): string[] {
  const file = fileOf(location);
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as string[]) : [];
}

/**
 * An `up` that repeats the unfinished steps of earlier ones. An engine does not know of them: to it, a change that failed half-way and was
 * taken back is no change.
 */
export async function upUnfinished(location: StackLocation, engine: Engine, options: RunOptions): Promise<Result> {
  const unfinished = new Set(unfinishedSteps(location));
  const keep = (name: string, isUnfinished: boolean): void => {
    if (unfinished.has(name) === isUnfinished) return;
    if (isUnfinished) unfinished.add(name);
    else unfinished.delete(name);
    fs.writeFileSync(`${fileOf(location)}.new`, JSON.stringify([...unfinished]), { mode: 0o600 });
    fs.renameSync(`${fileOf(location)}.new`, fileOf(location));
  };
  return engine.up({
    ...options,
    replace: [...unfinished, ...(options.replace ?? [])],
    onEvent: (event) => {
      options.onEvent?.(event);
      if (event.kind === "log" || !isCommand(event.change)) return;
      const { name, operation } = event.change;
      // An engine repeats a failed update; replaced, these steps would do nothing.
      if (Object.values(ON_CHANGE).some((word) => name.endsWith(`-${word}`))) return;
      if (event.kind === "begin" && (operation === "update" || operation === "replace")) keep(name, true);
      if (event.kind === "end") keep(name, false);
    },
  });
}
