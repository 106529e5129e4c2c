import * as fs from "node:fs";
import * as path from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { Document } from "yaml";
import { parseDocument } from "yaml";
import type { StackLocation } from "../../engine/engine";
import { EngineError } from "../../engine/engine";

/** Path of a stack's configuration file. */
export function stackFile({ projectFolder, stack }: StackLocation): string {
  return path.join(projectFolder, `Pulumi.${stack}.yaml`);
}

/**
 * A key of the project as the next run sees it: from this run's configuration, the stack's file, or the default.
 * @param key Without its prefix.
 */
export function readSetting(
  location: StackLocation,
  key: string,
  overrides: Readonly<Record<string, string>> = {},
): string {
  const project = path.join(location.projectFolder, "Pulumi.yaml");
  const given: unknown = overrides[`lab:${key}`] ?? readDocument(stackFile(location)).getIn(["config", `lab:${key}`]);
  return String(given ?? readDocument(project).getIn(["config", key, "default"]));
}

/** Writes keys of the project into a stack's file, in one go. What else stands in it stays, comments too. */
export async function writeSettings(
  location: StackLocation,
  settings: Readonly<Record<string, string | number>>,
): Promise<void> {
  const file = stackFile(location);
  const document = readDocument(file);
  for (const [key, value] of Object.entries(settings)) document.setIn(["config", `lab:${key}`], value);
  await writeFileAtomic(file, document.toString({ lineWidth: 0 }));
}

function readDocument(file: string): Document {
  const document = parseDocument(fs.readFileSync(file, "utf8"));
  const [error] = document.errors;
  if (error !== undefined) throw new EngineError(`${file} is no YAML: ${error.message}`);
  return document;
}
