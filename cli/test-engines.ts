/** Scenarios that run on the embedded engine, and on Pulumi's own too. */
const ON_BOTH = ["container", "vm"];

/** Scenarios that need Pulumi's own engine, or run on it unless LAB_ENGINE says otherwise. */
const ON_PULUMI = ["engines", "killed", "trust", "users-lab"];

/** What a run of the tests does with Pulumi's own engine. */
export interface TestEngines {
  /** Whether it is built first. */
  readonly needsPulumi: boolean;
  /** The scenarios that run on it alone. */
  readonly onPulumi: readonly string[] | "all";
  /** The scenarios that run once more, on it. */
  readonly onceMore: readonly string[];
}

/**
 * What a run of all tests, or of one scenario, does with Pulumi's own engine. LAB_ENGINE has every scenario run on one engine alone.
 * @throws Error when it is no engine.
 */
export function testEngines(scenario: string | undefined, asked = process.env.LAB_ENGINE): TestEngines {
  if (asked !== undefined) {
    if (asked !== "embedded" && asked !== "pulumi")
      throw new Error(`LAB_ENGINE must be embedded or pulumi, got "${asked}"`);
    return asked === "pulumi"
      ? { needsPulumi: true, onPulumi: "all", onceMore: [] }
      : { needsPulumi: false, onPulumi: [], onceMore: [] };
  }
  const onPulumi = ON_PULUMI.filter((name) => scenario === undefined || name === scenario);
  return { needsPulumi: onPulumi.length > 0, onPulumi, onceMore: scenario === undefined ? ON_BOTH : [] };
}
