import * as fs from "node:fs";
import * as path from "node:path";
import type { Host } from "../config/hosts";

const FOLDER = path.join(__dirname, "..", "scripts");

/** How a script includes a file of `scripts/common/`: shellcheck follows the line; it is removed before bash reads the script. */
const INCLUDE = /^source (common\/[\w-]+\.sh)\n/gm;

/** The text that bash reads to run a file of `scripts/`: its includes and those of the files beside it, once each, then its own text. */
export function scriptText(script: string, ...beside: string[]): string {
  const included = [script, ...beside].flatMap(includesOf);
  return [...new Set(included), script].map(ownText).join("");
}

/** A file of `scripts/` without includes and comments: on an emulated host, each byte of a script takes time. */
export function ownText(script: string): string {
  return read(script)
    .replaceAll(INCLUDE, "")
    .replaceAll(/^ *#.*\n/gm, "");
}

/** The line that has psql and libpq find the PostgreSQL of a host whose port is its own. */
export function exportPort({ postgresqlPort }: Pick<Host, "postgresqlPort">): string {
  return postgresqlPort === undefined ? "" : `export PGPORT=${postgresqlPort}\n`;
}

/** The includes of a script, each behind its own. */
function includesOf(script: string): string[] {
  return [...read(script).matchAll(INCLUDE)].flatMap(([, file = ""]) => [...includesOf(file), file]);
}

function read(script: string): string {
  return fs.readFileSync(path.join(FOLDER, script), "utf8");
}
