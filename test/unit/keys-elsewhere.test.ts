import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { ELSEWHERE } from "../support/keys-elsewhere";
import { PROJECT_FOLDER } from "../support/stack-config";

it.each(Object.entries(ELSEWHERE))("finds lab:%s in the settings of another scenario", (key, [scenario, setting]) => {
  const read = (...names: string[]): string => fs.readFileSync(path.join(PROJECT_FOLDER, "test", ...names), "utf8");
  const file = read("scenarios", `${scenario}.test.ts`);
  const shared = [...file.matchAll(/"..\/support\/([\w-]+)"/g)].map(([, name]) => read("support", `${name}.ts`));
  // A scenario of several stacks has its settings in its own file.
  const [, base] = /new ScenarioLab\("(\w+)"/.exec(file) ?? [];
  const stack = base === undefined ? "" : fs.readFileSync(path.join(PROJECT_FOLDER, `Pulumi.${base}.yaml`), "utf8");
  expect(setting).toContain(key);
  expect([file, stack, ...shared].join("\n")).toContain(setting);
});
