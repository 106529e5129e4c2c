import type { Output, StackLocation } from "../../engine/engine";
import { EngineError } from "../../engine/engine";
import type { LabConfig } from "../../config/lab-config";
import type { ReachedRotation, Rotation, Stage } from "../../config/ca-stages";
import { stepProblem } from "../../config/ca-stages";
import { readSetting } from "../stack/stack-file";

/** Where the hosts are; undefined where there is no lab. */
export function reachedRotation(outputs: Readonly<Record<string, Output>>): ReachedRotation | undefined {
  if (outputs.plan === undefined) return undefined;
  if (outputs.rotation !== undefined) return outputs.rotation.value as ReachedRotation;
  // An interrupted run leaves no word of it.
  const { caGeneration, caStage } = outputs.configuration?.value as LabConfig;
  return { caGeneration, caStage, isProven: false };
}

/** Where the next run wants the hosts to be. */
export function wantedRotation(location: StackLocation, overrides: Readonly<Record<string, string>>): Rotation {
  return {
    caGeneration: Number(readSetting(location, "caGeneration", overrides)),
    caStage: readSetting(location, "caStage", overrides) as Stage,
  };
}

/**
 * Refuses, before the first resource, what would part the hosts from each other.
 * @throws EngineError when a stage of the authority's rotation is left out, or its years are changed without one.
 */
export function checkRotation(
  location: StackLocation,
  overrides: Readonly<Record<string, string>>,
  outputs: Readonly<Record<string, Output>>,
): void {
  const reached = reachedRotation(outputs);
  if (reached === undefined) return;
  const wanted = wantedRotation(location, overrides);
  const problem = stepProblem(reached, wanted);
  if (problem !== undefined) throw new EngineError(problem);
  const { caYears } = outputs.configuration?.value as LabConfig;
  const years = readSetting(location, "caYears", overrides);
  if (Number(years) !== caYears && wanted.caGeneration <= reached.caGeneration) {
    throw new EngineError(
      `lab:caYears must stay ${caYears} while lab:caGeneration is ${wanted.caGeneration}: the hosts trust the authority that was made with it; got ${years}\n` +
        "hint: set it in the stack's file, then ./lab rotate-ca makes the next authority with it",
    );
  }
}
