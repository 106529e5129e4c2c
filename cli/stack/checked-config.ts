import type { StackLocation } from "../../engine/engine";
import { EngineError } from "../../engine/engine";
import { readProject } from "../../engine/embedded/project";
import type { LabConfig } from "../../config/lab-config";
import { checkLabConfig, ConfigError } from "../../config/lab-config";

/**
 * The configuration that the embedded engine would hand to the program, checked as the program checks it.
 * @throws EngineError with every problem.
 */
export function checkedConfig(location: StackLocation, overrides: Readonly<Record<string, string>>): LabConfig {
  const own = Object.entries(readProject(location, overrides).config)
    .filter(([key]) => key.startsWith("lab:"))
    .map(([key, value]): [string, string] => [key.slice("lab:".length), value]);
  try {
    return checkLabConfig(Object.fromEntries(own), location.projectFolder);
  } catch (error) {
    throw error instanceof ConfigError ? new EngineError(error.message) : error;
  }
}
