/** The stage of the rotation to a CA: trusted beside the old one, signing, or alone. */
export type Stage = "trust" | "issue" | "retire";

/** The stages, in the order in which a rotation goes through them. */
export const STAGES: readonly Stage[] = ["trust", "issue", "retire"];

/** The state of the CA's rotation: the newest CA's number, from 1, and its stage. The first CA has only `retire`. */
export interface Rotation {
  readonly caGeneration: number;
  readonly caStage: Stage;
}

/** The hosts' stage. */
export interface ReachedRotation extends Rotation {
  /** Whether every pair of hosts was verified; if not, some may be a stage away. */
  readonly isProven: boolean;
}

/** The stage after this one: the next CA's first, when a rotation is complete. */
export function stageAfter({ caGeneration, caStage }: Rotation): Rotation {
  const next = STAGES[STAGES.indexOf(caStage) + 1];
  return next === undefined ? { caGeneration: caGeneration + 1, caStage: "trust" } : { caGeneration, caStage: next };
}

/** The stage before this one, while the old CA is trusted; undefined when it is not. */
export function stageBefore({ caGeneration, caStage }: Rotation): Rotation | undefined {
  if (caStage === "issue") return { caGeneration, caStage: "trust" };
  return caStage === "trust" ? { caGeneration: caGeneration - 1, caStage: "retire" } : undefined;
}

/** A stage in words, such as `lab:caGeneration 2, lab:caStage trust`. */
export function renderRotation({ caGeneration, caStage }: Rotation): string {
  return `lab:caGeneration ${caGeneration}, lab:caStage ${caStage}`;
}

/** Why hosts may not go from one stage to the other in one step; undefined when they may. */
export function stepProblem(from: ReachedRotation, to: Rotation): string | undefined {
  const same = (other: Rotation | undefined): boolean =>
    other?.caGeneration === to.caGeneration && other.caStage === to.caStage;
  const allowed = [stageBefore(from), from.isProven ? stageAfter(from) : from].filter((stage) => stage !== undefined);
  if (same(from) || allowed.some(same)) return undefined;
  return [
    `the CA's rotation must go stage by stage: the hosts are at ${renderRotation(from)}${from.isProven ? "" : ", which is not proven yet"}; got ${renderRotation(to)}, allowed is ${allowed.map(renderRotation).join(" or ")}`,
    "hint: ./lab rotate-ca goes through the stages",
  ].join("\n");
}
