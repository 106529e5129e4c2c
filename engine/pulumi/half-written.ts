import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

/** What a backend in files keeps of a stack, below `.pulumi`: each of its files is written under a name that ends in `.tmp`, and renamed. */
const PLACES: readonly ((project: string, stack: string) => string)[] = [
  (project) => path.join("stacks", project),
  ...["backups", "history", path.join("locks", "organization")].map(
    (place) => (project: string, stack: string) => path.join(place, project, stack),
  ),
];

/** The files of a stack, in a backend in files, that were not written to their end: where no CLI works, killed ones have left them. */
export function halfWritten(backend: string, project: string, stack: string): string[] {
  if (!backend.startsWith("file:///")) return [];
  const root = path.join(fileURLToPath(backend), ".pulumi");
  return PLACES.flatMap((place, index) => {
    const folder = path.join(root, place(project, stack));
    // Other stacks' states are in the same folder.
    const isOwn = (name: string): boolean => index > 0 || name.startsWith(`${stack}.json.`);
    const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
    return names.filter((name) => name.endsWith(".tmp") && isOwn(name)).map((name) => path.join(folder, name));
  });
}
