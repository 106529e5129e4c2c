import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { EngineError } from "../engine";

/** A backend in files that the CLI cannot read. */
export class DamagedBackend extends EngineError {}

/**
 * Explains a failure of the CLI by damaged files of attributes, which a backend in files has beside its own ones, unless its URL says
 * `metadata=skip`. The CLI does not write them at once, and reads nothing beside one that it was killed in writing; it needs none.
 * @returns Undefined where no such file is damaged.
 */
export function explainDamage(message: string, backend: string): EngineError | undefined {
  const files = damagedFiles(backend);
  if (files.length === 0) return undefined;
  const list = files.join(" ");
  return new DamagedBackend(
    `${message}\ndamaged: ${list}; the CLI was killed while it wrote that, which holds nothing of the state; hint: rm ${list}`,
  );
}

function damagedFiles(backend: string): string[] {
  if (!backend.startsWith("file:///")) return [];
  const folder = path.join(fileURLToPath(backend), ".pulumi");
  const names = fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
  return names
    .filter((name) => name.endsWith(".attrs"))
    .map((name) => path.join(folder, name))
    .filter((file) => !isJson(fs.readFileSync(file, "utf8")));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
