import * as fs from "node:fs";
import * as path from "node:path";

const FOLDER = path.join(__dirname, "..", "scripts");

/** What bash reads to run a file of `scripts/`: first what all of them have in common. */
export function scriptText(script: string): string {
  return ["common.sh", script].map((file) => fs.readFileSync(path.join(FOLDER, file), "utf8")).join("");
}
