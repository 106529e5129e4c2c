import * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "./lib/lab-config";
import { checkLabConfig, ConfigError } from "./lib/lab-config";

/**
 * The stack's configuration: read, checked, frozen. Nothing else reads `pulumi.Config`.
 * @throws pulumi.RunError with every problem, before the first resource.
 */
export function readLabConfig(): LabConfig {
  const raw = Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith("lab:"))
    .map(([key, value]): [string, string] => [key.slice("lab:".length), value]);
  try {
    return checkLabConfig(Object.fromEntries(raw), __dirname);
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}
