import { describeRemote, remoteProblems } from "../../config/remote-libvirt";
import type { LabConfig } from "../../config/schema";
import { sitesOf } from "../../config/sites";
import { THIS_MACHINE } from "../../config/this-machine";
import { EngineError } from "../../engine/engine";
import { writeError } from "../show/progress";

/** Says what is reached from where, when libvirt runs on another machine. */
export function announceRemote(configuration: LabConfig): void {
  for (const line of sitesOf(configuration).map(describeRemote)) if (line !== undefined) writeError(`lab: ${line}`);
}

/** @throws EngineError when a libvirt on another machine, or the hosts there, cannot be reached. */
export function checkRemote(configuration: LabConfig, machine = THIS_MACHINE): void {
  const problems = sitesOf(configuration).flatMap((site) => remoteProblems(site, machine));
  if (problems.length > 0) throw new EngineError(problems.join("\n"));
}
