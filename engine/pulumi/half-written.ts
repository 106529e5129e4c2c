import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

/**
 * What a backend in files keeps of a stack, below `.pulumi`: each of its files is written under a name that ends in `.tmp`, and renamed. The
 * folder, and how the stack's names begin there.
 */
function placesOf(project: string, stack: string): [folder: string, beginning: string][] {
  const own = ["backups", "history", path.join("locks", "organization")];
  // Other stacks' states are in the same folder.
  const states: [string, string] = [path.join("stacks", project), `${stack}.json.`];
  return [states, ...own.map((place): [string, string] => [path.join(place, project, stack), ""])];
}

/** The files of a stack, in a backend in files, that were not written to their end: where no CLI works, killed ones have left them. */
export function halfWritten(backend: string, project: string, stack: string): string[] {
  if (!backend.startsWith("file:///")) return [];
  const root = path.join(fileURLToPath(backend), ".pulumi");
  return placesOf(project, stack).flatMap(([place, beginning]) => {
    const folder = path.join(root, place);
    const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
    return names
      .filter((name) => name.startsWith(beginning) && name.endsWith(".tmp"))
      .map((name) => path.join(folder, name));
  });
}
