import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { renderDeclarations, renderReference } from "../../docs/write-configuration";
import { PROJECT_FOLDER } from "../support/stack-config";

const read = (...names: string[]): string => fs.readFileSync(path.join(PROJECT_FOLDER, ...names), "utf8");

it("Pulumi.yaml declares the schema's keys, in its order, with type, description and default (npm run docs)", () => {
  const { config } = parse(read("Pulumi.yaml")) as { config: unknown };
  expect(JSON.stringify(config, undefined, 2)).toBe(JSON.stringify(renderDeclarations(), undefined, 2));
});

it("docs/configuration.md is the schema's (npm run docs)", () => {
  expect(read("docs", "configuration.md")).toBe(renderReference());
});
