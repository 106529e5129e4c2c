import { checkSettings, ownKeys, type Settings } from "../../config/check";
import { THIS_MACHINE } from "../../config/this-machine";
import { readProject, refuseEncrypted } from "../../engine/project";
import type { Invocation } from "../invocation";
import { writeError } from "../show/progress";
import { chosenEngine } from "./open-engine";
import { isInOwnNamespace } from "./running-namespace";
import type { Stack } from "./stack";

/** The next run's settings. */
export interface StackSettings extends Settings {
  /** Encrypted keys, which only Pulumi's engine can read: their values here are the defaults. */
  readonly unread: readonly string[];
  /**
   * Whether somebody has upgraded PostgreSQL to another major version by hand. The hosts see for themselves.
   * @default false
   */
  readonly isUpgraded?: boolean;
}

/**
 * Checks a stack's configuration as the program does, before anything is installed or built for it.
 * @param checked Whether this machine is checked too; a preview needs neither libvirt nor image.
 * @throws ConfigError with every problem.
 */
export function stackSettings(invocation: Invocation, stack: Stack, checked: "machine" | "nothing"): StackSettings {
  const { location, image, isPrivate } = stack;
  const project = readProject(location, invocation.options.config);
  if (chosenEngine(invocation, stack) === "embedded") refuseEncrypted(location, project);
  if (project.encrypted.length > 0 && !isInOwnNamespace(stack)) {
    writeError(`lab: ${project.encrypted.join(", ")}: encrypted, so the program checks it, under Pulumi's engine`);
  }
  const unread = project.encrypted.map((key) => key.replace(/^lab:/, ""));
  // Inside the namespace only the program checks: an image's checksum takes a while.
  const machine = checked === "machine" && !isInOwnNamespace(stack) ? THIS_MACHINE : undefined;
  const prepared = { image: image !== undefined, libvirt: isPrivate };
  return { ...checkSettings(ownKeys(project.config), { stack: location.stack, machine, prepared, unread }), unread };
}
