import * as fs from "node:fs";
import * as path from "node:path";
import type { PulumiCli } from "./cli";

/** Where `./lab engine` puts Pulumi's CLI and what it needs. */
export function engineFolder(projectFolder: string): string {
  return path.join(projectFolder, ".lab", "pulumi");
}

/** The CLI that `./lab engine` built; undefined when it has built none. It shares no plugin and no login with another one of this machine. */
export function builtCli(projectFolder: string): PulumiCli | undefined {
  const folder = engineFolder(projectFolder);
  const program = path.join(folder, "bin", "pulumi");
  if (!fs.existsSync(program)) return undefined;
  return { program, environment: { PULUMI_HOME: process.env.PULUMI_HOME ?? path.join(folder, "home") } };
}
