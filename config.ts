import * as pulumi from "@pulumi/pulumi";
import { bridgeNameOf, libvirtNameOf } from "./lib/domain";
import type { LabConfig } from "./lib/lab-config";
import { checkLabConfig, ConfigError } from "./lib/lab-config";
import { machineProblems } from "./lib/machine";

/**
 * The stack's configuration: read, checked, frozen. Nothing else reads `pulumi.Config`.
 * @throws pulumi.RunError with every problem, before the first resource.
 */
export function readLabConfig(): LabConfig {
  const raw = Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith("lab:"))
    .map(([key, value]): [string, string] => [key.slice("lab:".length), value]);
  try {
    const config = checkLabConfig(Object.fromEntries(raw), __dirname);
    // A preview needs neither libvirt nor image.
    const problems = pulumi.runtime.isDryRun()
      ? []
      : machineProblems(config, bridgeNameOf(libvirtNameOf(pulumi.getStack())));
    if (problems.length > 0) throw new ConfigError(problems);
    return config;
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}
