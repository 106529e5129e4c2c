const DEPTHS = ["quick", "normal", "full"] as const;

/** How much the tests take on: `quick` leaves virtual machines out, `full` gives them as many standbys as the default stack has. */
export type TestDepth = (typeof DEPTHS)[number];

/**
 * The depth that LAB_DEPTH asks for; `normal` when it says nothing.
 * @throws Error when it is none of them.
 */
export function testDepth(asked: string | undefined = process.env.LAB_DEPTH): TestDepth {
  const depth = DEPTHS.find((one) => one === (asked ?? "normal"));
  if (depth === undefined) throw new Error(`LAB_DEPTH must be ${DEPTHS.join(", ")}, got "${asked ?? ""}"`);
  return depth;
}
