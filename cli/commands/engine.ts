import { layDownPlugins } from "../../engine/plugins/lay-down";
import { buildCli } from "../../engine/pulumi/build";
import { type Invocation, PROJECT_FOLDER } from "../invocation";
import { writeError } from "../show/progress";

/** Builds Pulumi's engine, unless it is there, and lays the lab's plugins down beside it. */
export async function engine({ signal }: Invocation): Promise<number> {
  const onProgress = (line: string): void => {
    writeError(`lab: ${line}`);
  };
  const version = await buildCli(PROJECT_FOLDER, onProgress, signal);
  layDownPlugins();
  process.stdout.write(`Pulumi's CLI ${version} is in .lab/pulumi\n`);
  return 0;
}
