import type { Rotation } from "../config/ca-stages";

/** Which authority signs and which are trusted, by their numbers; the newest first. */
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

/** A resource's name in a generation: the first has none of the number, so that labs from before there were generations keep theirs. */
export function generationName(parent: string, generation: number, what: string): string {
  return generation === 1 ? `${parent}-${what}` : `${parent}-${generation}-${what}`;
}
