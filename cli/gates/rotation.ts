import * as fs from "node:fs";
import * as path from "node:path";
import type { Output, StackLocation } from "../../engine/engine";
import type { LabConfig } from "../../config/schema";
import type { ReachedRotation, Rotation } from "../../config/ca-stages";

const fileOf = ({ stateFolder }: Pick<StackLocation, "stateFolder">): string => path.join(stateFolder, "rotation.json");

/** Notes, before a run's first change, the stage that it brings: a run that is interrupted or killed may leave the outputs of the one before. */
export function beginRotation(location: StackLocation, { caGeneration, caStage }: Rotation): void {
  fs.writeFileSync(fileOf(location), JSON.stringify({ caGeneration, caStage }), { mode: 0o600 });
}

/** Notes that a run has succeeded: its outputs tell its stage. */
export function endRotation(location: StackLocation): void {
  fs.rmSync(fileOf(location), { force: true });
}

/** The rotation's stage on the hosts; undefined without a lab. */
export function reachedRotation(
  outputs: Readonly<Record<string, Output>>,
  location: Pick<StackLocation, "stateFolder">,
): ReachedRotation | undefined {
  if (outputs.plan === undefined) return undefined;
  const file = fileOf(location);
  if (fs.existsSync(file)) return { ...(JSON.parse(fs.readFileSync(file, "utf8")) as Rotation), isProven: false };
  if (outputs.rotation !== undefined) return outputs.rotation.value as ReachedRotation;
  // A run that failed has no such output.
  const { caGeneration, caStage } = outputs.configuration?.value as LabConfig;
  return { caGeneration, caStage, isProven: false };
}
