import * as fs from "node:fs";
import * as path from "node:path";
import type { PulumiCli } from "./cli";

/** Where `./lab engine` puts Pulumi's CLI and what it needs. */
export function engineFolder(projectFolder: string): string {
  return path.join(projectFolder, ".lab", "pulumi");
}

/** The CLI that `./lab engine` built; undefined when it has built none. */
export function builtCli(projectFolder: string): PulumiCli | undefined {
  const program = path.join(engineFolder(projectFolder), "bin", "pulumi");
  return fs.existsSync(program) ? { program } : undefined;
}
