import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { bridgeNameOf, libvirtNameOf, stackProblems } from "../render/domain";
import { foreignDomainProblems, readDomains } from "./foreign-domains";
import type { LabConfig } from "./lab-config";
import { checkLabConfig, ConfigError } from "./lab-config";
import { privateStackProblems } from "./libvirt-uri";
import { machineProblems } from "./this-machine";
import type { Pki } from "./pki";
import { checkPki } from "./pki";
import { planLab } from "../plan/plan";
import { planRoles } from "../plan/roles";

const PROJECT_FOLDER = path.resolve(__dirname, "..");

/** What the stack sets. */
export interface Settings {
  readonly configuration: LabConfig;
  /** Certificates and keys from outside: secret. */
  readonly pki: Pki;
}

/**
 * The stack's configuration: read, checked, frozen. Nothing else reads `pulumi.Config`.
 * @throws pulumi.RunError with every problem, before the first resource.
 */
export function readSettings(): Settings {
  const raw = Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith("lab:"))
    .map(([key, value]): [string, string] => [key.slice("lab:".length), value]);
  try {
    const config = checkLabConfig(Object.fromEntries(raw), PROJECT_FOLDER);
    const stack = pulumi.getStack();
    // A preview needs neither libvirt nor image.
    const pool = libvirtNameOf(stack);
    const problems = pulumi.runtime.isDryRun() ? [] : machineProblems(config, bridgeNameOf(pool));
    if (!pulumi.runtime.isDryRun() && problems.length === 0) {
      const own = planLab(config).hosts.map(({ name, volumes }) => ({ name, disk: volumes.disk }));
      const there = readDomains(
        config.libvirtUri,
        own.map(({ name }) => name),
      );
      problems.push(...foreignDomainProblems(config.libvirtUri, pool, own, there));
    }
    problems.push(
      ...stackProblems(stack, config.hypervisor),
      ...privateStackProblems(config.libvirtUri, PROJECT_FOLDER, stack),
    );
    const { repository, primary, standbys } = planRoles(config.primary, config.standbys);
    const pki = checkPki(
      Object.fromEntries(raw),
      [repository, primary, ...standbys],
      PROJECT_FOLDER,
      (key, problem) => {
        problems.push(`lab:${key} ${problem}`);
      },
    );
    if (problems.length > 0) throw new ConfigError(problems);
    return { configuration: config, pki };
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}
