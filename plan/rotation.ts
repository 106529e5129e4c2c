import type { Rotation } from "../config/ca-stages";

/** Which CA signs and which are trusted, by their numbers; the newest first. */
export interface Trust {
  readonly signer: number;
  readonly trusted: readonly number[];
}

/** What a stage means for the hosts. */
export function planTrust({ caGeneration, caStage }: Rotation): Trust {
  return {
    signer: caStage === "trust" ? caGeneration - 1 : caGeneration,
    trusted: caStage === "retire" ? [caGeneration] : [caGeneration, caGeneration - 1],
  };
}
