const DEPTHS = ["quick", "normal", "full"] as const;

/**
 * The tests' depth, from LAB_DEPTH: `quick` skips virtual machines, `full` gives them as many standbys as the default stack has; else
 * `normal`.
 * @throws Error when it is none of them.
 */
export function testDepth(asked: string | undefined = process.env.LAB_DEPTH): (typeof DEPTHS)[number] {
  const depth = DEPTHS.find((one) => one === (asked ?? "normal"));
  if (depth === undefined) throw new Error(`LAB_DEPTH must be ${DEPTHS.join(", ")}, got "${asked ?? ""}"`);
  return depth;
}
