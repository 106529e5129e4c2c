import writeFileAtomic from "write-file-atomic";
import type { StackLocation } from "../../engine/engine";
import { readYaml, stackFile } from "../../engine/project";

/** Writes keys of the project into a stack's file, atomically. The rest of it stays, comments included. */
export async function writeSettings(
  location: StackLocation,
  settings: Readonly<Record<string, string | number>>,
): Promise<void> {
  const file = stackFile(location);
  const document = readYaml(file);
  for (const [key, value] of Object.entries(settings)) document.setIn(["config", `lab:${key}`], value);
  await writeFileAtomic(file, document.toString({ lineWidth: 0 }));
}
