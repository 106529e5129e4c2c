import type { Output } from "../../engine/engine";
import type { LabConfig } from "../../config/schema";
import type { ReachedRotation } from "../../config/ca-stages";

/** The rotation's stage on the hosts; undefined without a lab. */
export function reachedRotation(outputs: Readonly<Record<string, Output>>): ReachedRotation | undefined {
  if (outputs.plan === undefined) return undefined;
  if (outputs.rotation !== undefined) return outputs.rotation.value as ReachedRotation;
  // An interrupted run has no such output.
  const { caGeneration, caStage } = outputs.configuration?.value as LabConfig;
  return { caGeneration, caStage, isProven: false };
}
