import type { Settings } from "../../config/check";
import { checkSettings, ownKeys } from "../../config/check";
import { THIS_MACHINE } from "../../config/this-machine";
import { readProject, refuseEncrypted } from "../../engine/project";
import type { Invocation } from "../invocation";
import { writeError } from "../show/progress";
import { chosenEngine } from "./open-engine";
import { isInOwnNamespace } from "./running-namespace";
import type { Stack } from "./stack";

/** What the next run is asked for. */
export interface StackSettings extends Settings {
  /** Keys that are encrypted, which only Pulumi's engine can read: their values here are the defaults. */
  readonly unread: readonly string[];
}

/**
 * Checks a stack's configuration as the program does, so that nothing is installed or built for one that it would refuse.
 * @param looksOn Whether this machine is looked at too; a preview needs neither libvirt nor image.
 * @throws ConfigError with every problem.
 */
export function stackSettings(invocation: Invocation, stack: Stack, looksOn: "machine" | "nothing"): StackSettings {
  const { location, image, isPrivate } = stack;
  const project = readProject(location, invocation.options.config);
  if (chosenEngine(invocation, stack) === "embedded") refuseEncrypted(location, project);
  if (project.encrypted.length > 0 && !isInOwnNamespace(stack)) {
    writeError(
      `lab: ${project.encrypted.join(", ")}: encrypted, so only Pulumi's engine can read it: the program checks it`,
    );
  }
  const unread = project.encrypted.map((key) => key.replace(/^lab:/, ""));
  // Inside its namespace the program alone looks, once: a checksum of an image takes a while.
  const machine = looksOn === "machine" && !isInOwnNamespace(stack) ? THIS_MACHINE : undefined;
  const prepared = { image: image !== undefined, libvirt: isPrivate };
  return { ...checkSettings(ownKeys(project.config), { stack: location.stack, machine, prepared, unread }), unread };
}
