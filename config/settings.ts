import * as pulumi from "@pulumi/pulumi";
import { checkSettings, ConfigError, isSecret, ownKeys, type Settings } from "./check";
import { KEY_NAMES } from "./schema";
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

/** Whether the stack's file encrypts a key that the output `configuration` does not mask. */
export function hasEncryptedKey(): boolean {
  // The language host's list: the SDK keeps it to itself.
  const encrypted = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? "[]") as string[];
  return KEY_NAMES.some((key) => !isSecret(key) && encrypted.includes(`lab:${key}`));
}
