import { expect, it } from "vitest";
import { pgBackRestOptions } from "../../config/data-path";

const FIRST = { type: "posix", path: "/backup_space", retentionFull: 2 } as const;

const options = (pgbackrestVersion: string, pgbackrest = {}, cpus = 1) =>
  pgBackRestOptions({ pgbackrestVersion, pgbackrest, cpus, repositories: [FIRST] });

it("moves data by what the version has in a sound form", () => {
  const always = { "process-max": 2, "compress-type": "zst", "archive-async": true };
  expect(options("2.38")).toEqual(always);
  expect(options("2.45")).toEqual({ ...always, "repo1-bundle": true });
  expect(options("2.52")).toEqual({ ...always, "repo1-bundle": true, "repo1-block": true });
});

it("leaves half of the processors to PostgreSQL", () => {
  expect([1, 4, 6, 16].map((cpus) => options("2.45", {}, cpus)["process-max"])).toEqual([2, 2, 3, 8]);
});

it("does what the stack says, and keeps no blocks without bundles, which have them", () => {
  expect(options("2.60.0", { "process-max": 7, "archive-async": "n" })).toMatchObject({
    ...{ "process-max": 7, "archive-async": "n", "repo1-block": true },
  });
  for (const off of [false, "n", "no"]) {
    expect(options("2.60.0", { "repo1-bundle": off })).not.toHaveProperty("repo1-block");
  }
});

it("keeps bundles and blocks in each repository, unless that says otherwise", () => {
  const bundling = (...fields: { bundle?: boolean; block?: boolean }[]) => {
    const repositories = fields.map((own) => ({ ...FIRST, ...own }));
    const all = pgBackRestOptions({ pgbackrestVersion: "2.60.0", pgbackrest: {}, cpus: 1, repositories });
    return Object.fromEntries(Object.entries(all).filter(([option]) => option.startsWith("repo")));
  };
  expect(bundling({}, {})).toEqual({
    ...{ "repo1-bundle": true, "repo1-block": true },
    ...{ "repo2-bundle": true, "repo2-block": true },
  });
  // What a field says stands beside its path.
  expect(bundling({ bundle: false }, { block: false }, { bundle: true })).toEqual({
    "repo2-bundle": true,
    "repo3-block": true,
  });
});
