import type { Rotation } from "../config/ca-stages";

/** Which CA signs and which are trusted, by their numbers; the newest first. */
export interface TrustedCas {
  readonly signer: number;
  readonly trusted: readonly number[];
}

/** The CAs in a stage of a rotation. */
export function planTrust({ caGeneration, caStage }: Rotation): TrustedCas {
  return {
    signer: caStage === "trust" ? caGeneration - 1 : caGeneration,
    trusted: caStage === "retire" ? [caGeneration] : [caGeneration, caGeneration - 1],
  };
}
