import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

/** What the CLI writes into a lock of a backend in files. */
interface Lock {
  readonly pid: number;
  readonly hostname: string;
}

/** Whether a stack is locked, in a backend in files, by processes of this machine alone that have ended. */
export function isLockedByTheDead(backend: string, project: string, stack: string): boolean {
  if (!backend.startsWith("file:///")) return false;
  const folder = path.join(fileURLToPath(backend), ".pulumi", "locks", "organization", project, stack);
  // Each has its attributes in a file beside it.
  const files = fs.existsSync(folder) ? fs.readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
  const locks = files.map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")) as Lock);
  return locks.length > 0 && locks.every(({ pid, hostname }) => hostname === os.hostname() && !isAlive(pid));
}

/** A killed process that nobody has waited for still has its number. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z/.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
