/** Scenarios that need Pulumi's own engine, or run on it unless LAB_ENGINE says otherwise: the other scenarios have the embedded one. */
const ON_PULUMI = ["container", "engines", "killed", "trust", "users-lab", "vm"];

/** What a run of the tests does with Pulumi's own engine. */
export interface TestEngines {
  /** Whether it is built first. */
  readonly needsPulumi: boolean;
  /** The scenarios that run on it. */
  readonly onPulumi: readonly string[] | "all";
}

/**
 * What a run of all tests, or of one scenario, does with Pulumi's own engine. LAB_ENGINE has every scenario run on one engine alone.
 * @throws Error when it is no engine.
 */
export function testEngines(scenario: string | undefined, asked = process.env.LAB_ENGINE): TestEngines {
  if (asked === "pulumi") return { needsPulumi: true, onPulumi: "all" };
  if (asked === "embedded") return { needsPulumi: false, onPulumi: [] };
  if (asked !== undefined) throw new Error(`LAB_ENGINE must be embedded or pulumi, got "${asked}"`);
  const onPulumi = ON_PULUMI.filter((name) => scenario === undefined || name === scenario);
  return { needsPulumi: onPulumi.length > 0, onPulumi };
}
