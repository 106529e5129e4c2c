import * as fs from "node:fs";
import * as path from "node:path";

const FOLDER = path.join(__dirname, "..", "scripts");

/** What bash reads to run a file of `scripts/`: first what all of them have in common. */
export function scriptText(script: string): string {
  return ["common.sh", script].map(ownText).join("");
}

/** A file of `scripts/` alone. Its comments are for who reads the file: on its way to a host, and in bash there, each byte takes time. */
export function ownText(script: string): string {
  return fs.readFileSync(path.join(FOLDER, script), "utf8").replaceAll(/^ *#.*\n/gm, "");
}
