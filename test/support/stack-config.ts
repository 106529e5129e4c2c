import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "yaml";
import type { LabConfig } from "../../config/lab-config";
import { checkLabConfig } from "../../config/lab-config";

/** The folder with Pulumi.yaml. */
export const PROJECT_FOLDER = path.join(__dirname, "..", "..");

/** A stack's raw configuration as Pulumi hands it over: Pulumi.yaml's defaults, then the stack's file, then what a test sets. */
export function rawConfig(stack: string, settings: Record<string, unknown> = {}): Record<string, string> {
  const read = (file: string): unknown => yaml.parse(fs.readFileSync(path.join(PROJECT_FOLDER, file), "utf8"));
  const project = read("Pulumi.yaml") as { config: Record<string, { default: unknown }> };
  const own = read(`Pulumi.${stack}.yaml`) as { config: Record<string, unknown> };
  const values = {
    ...Object.fromEntries(Object.entries(project.config).map(([key, declared]) => [key, declared.default])),
    ...Object.fromEntries(Object.entries(own.config).map(([key, value]) => [key.replace(/^lab:/, ""), value])),
    ...settings,
  };
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

/** A stack's checked configuration. */
export function stackConfig(stack: string, settings: Record<string, unknown> = {}): LabConfig {
  return checkLabConfig(rawConfig(stack, settings), PROJECT_FOLDER);
}
