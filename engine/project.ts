import * as fs from "node:fs";
import * as path from "node:path";
import { type Document, parseDocument } from "yaml";
import { EngineError, type StackLocation } from "./engine";

/** What a run needs of `Pulumi.yaml` and of the stack's file. */
export interface Project {
  readonly name: string;
  readonly main: string;
  /** Every key that is not encrypted, with its namespace; objects and lists as JSON. */
  readonly config: Readonly<Record<string, string>>;
  /** Keys that `pulumi config set --secret` has encrypted: only Pulumi's engine can read them. */
  readonly encrypted: readonly string[];
}

/** Path of a stack's configuration file. */
export function stackFile({ projectFolder, stack }: Pick<StackLocation, "projectFolder" | "stack">): string {
  return path.join(projectFolder, `Pulumi.${stack}.yaml`);
}

/** Reads a YAML file, comments and all; a missing one is empty. */
export function readYaml(file: string): Document {
  const document = parseDocument(fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "");
  const [error] = document.errors;
  if (error !== undefined) throw new EngineError(`${file} is not YAML: ${error.message}`);
  return document;
}

/** @throws EngineError when a key is encrypted. */
export function refuseEncrypted(location: StackLocation, { encrypted }: Project): void {
  if (encrypted.length === 0) return;
  throw new EngineError(
    `${encrypted.join(", ")} in ${stackFile(location)}: encrypted, so only Pulumi's engine can read it; hint: --engine pulumi`,
  );
}

/** Whether a value, or a part of it (`pulumi config set --secret --path`), is encrypted. */
function isEncrypted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return ("secure" in value && typeof value.secure === "string") || Object.values(value).some(isEncrypted);
}

/**
 * Reads a project as `pulumi` does: the stack's values over the declared defaults, and `overrides` over both. Nothing else reads these
 * files for their configuration.
 */
export function readProject(
  location: Pick<StackLocation, "projectFolder" | "stack">,
  overrides: Readonly<Record<string, string>> = {},
): Project {
  const project = readYaml(path.join(location.projectFolder, "Pulumi.yaml")).toJS() as {
    name: string;
    main?: string;
    config?: Record<string, { default?: unknown }>;
  };
  const settings = readYaml(stackFile(location)).toJS() as { config?: Record<string, unknown> | null } | null;
  const { name, main = ".", config: declared = {} } = project;
  const defaults = Object.entries(declared).map(([key, declaration]) => [key, declaration.default] as const);
  const given = [...defaults, ...Object.entries(settings?.config ?? {}), ...Object.entries(overrides)]
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key.includes(":") ? key : `${name}:${key}`, value] as const);
  const values = Object.entries(Object.fromEntries(given));
  return {
    name,
    main,
    config: Object.fromEntries(
      values
        .filter(([, value]) => !isEncrypted(value))
        .map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    ),
    encrypted: values.filter(([, value]) => isEncrypted(value)).map(([key]) => key),
  };
}
