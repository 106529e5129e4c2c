import type { Settings } from "../../config/check";
import { checkSettings } from "../../config/check";
import { THIS_MACHINE } from "../../config/this-machine";
import { readProject, refuseEncrypted } from "../../engine/project";
import type { Invocation } from "../invocation";
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
  const own = Object.entries(project.config).filter(([key]) => key.startsWith("lab:"));
  const unread = project.encrypted.map((key) => key.replace(/^lab:/, ""));
  // Inside its namespace the program alone looks, once: a checksum of an image takes a while.
  const machine = looksOn === "machine" && !isInOwnNamespace(stack) ? THIS_MACHINE : undefined;
  const prepared = { image: image !== undefined, libvirt: isPrivate };
  const raw = Object.fromEntries(own.map(([key, value]) => [key.slice("lab:".length), value]));
  return { ...checkSettings(raw, { stack: location.stack, machine, prepared, unread }), unread };
}
