import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import type { StackLocation } from "../engine";
import { EngineError } from "../engine";

/** What a run needs of `Pulumi.yaml` and of the stack's file. */
export interface Project {
  readonly name: string;
  readonly main: string;
  /** Every key that is set, with its namespace; objects and lists as JSON. */
  readonly config: Readonly<Record<string, string>>;
}

const SHAPES: Readonly<Record<string, RegExp>> = {
  integer: /^-?\d+$/,
  boolean: /^(true|false)$/,
  array: /^\[/,
  object: /^\{/,
};

/** Reads a project as `pulumi` does: the stack's values over the declared defaults, and `overrides` over both. */
export function readProject(
  { projectFolder, stack }: StackLocation,
  overrides: Readonly<Record<string, string>> = {},
): Project {
  const file = path.join(projectFolder, `Pulumi.${stack}.yaml`);
  const read = (from: string): unknown => parse(fs.readFileSync(from, "utf8"));
  const {
    name,
    main = ".",
    config: declared = {},
  } = read(path.join(projectFolder, "Pulumi.yaml")) as {
    name: string;
    main?: string;
    config?: Record<string, { type?: string; default?: unknown }>;
  };
  const settings = fs.existsSync(file) ? (read(file) as { config?: Record<string, unknown> } | null)?.config : {};
  const qualify = (key: string): string => (key.includes(":") ? key : `${name}:${key}`);
  const defaults = Object.entries(declared).map(([key, declaration]) => [key, declaration.default] as const);
  const config: Record<string, string> = {};
  for (const [key, value] of [...defaults, ...Object.entries(settings ?? {}), ...Object.entries(overrides)]) {
    if (value === undefined) continue;
    if (typeof value === "object" && value !== null && "secure" in value)
      throw new EngineError(`${key} in ${file} was encrypted by pulumi, and the embedded engine cannot read it`);
    config[qualify(key)] = typeof value === "string" ? value : JSON.stringify(value);
  }
  for (const [key, { type = "string" }] of Object.entries(declared)) {
    const given = config[qualify(key)];
    if (given === undefined) throw new EngineError(`${qualify(key)} has no default, and must be set in ${file}`);
    if (SHAPES[type]?.test(given) === false)
      throw new EngineError(`${qualify(key)} must be of type ${type}, got "${given}"`);
  }
  return { name, main, config };
}
