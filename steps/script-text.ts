import * as fs from "node:fs";
import * as path from "node:path";

const FOLDER = path.join(__dirname, "..", "scripts");

/** How a script asks for a file of `scripts/common/`: shellcheck follows the line, and bash never reads it. */
const ASKED = /^source (common\/[\w-]+\.sh)\n/gm;

/** What bash reads to run a file of `scripts/`: what it asks for, and what those ask for that run beside it, once each; then its own text. */
export function scriptText(script: string, ...beside: string[]): string {
  const asked = [script, ...beside].flatMap(askedBy);
  return [...new Set(asked), script].map(ownText).join("");
}

/** A file of `scripts/` alone. Its comments are for who reads the file: on its way to a host, and in bash there, each byte takes time. */
export function ownText(script: string): string {
  return read(script)
    .replaceAll(ASKED, "")
    .replaceAll(/^ *#.*\n/gm, "");
}

/** The files that a script asks for, each behind those that it asks for itself. */
function askedBy(script: string): string[] {
  return [...read(script).matchAll(ASKED)].flatMap(([, file = ""]) => [...askedBy(file), file]);
}

function read(script: string): string {
  return fs.readFileSync(path.join(FOLDER, script), "utf8");
}
