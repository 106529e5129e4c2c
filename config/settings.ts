import * as pulumi from "@pulumi/pulumi";
import { checkSettings, ConfigError, ownKeys, type Settings } from "./check";
import { THIS_MACHINE } from "./this-machine";

/**
 * The stack's configuration: read, checked, frozen. Nothing else reads `pulumi.Config`.
 * @throws pulumi.RunError with every problem, before the first resource.
 */
export function readSettings(): Settings {
  const machine = pulumi.runtime.isDryRun() ? undefined : THIS_MACHINE;
  try {
    return checkSettings(ownKeys(pulumi.runtime.allConfig()), { stack: pulumi.getStack(), machine });
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}
