import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import * as yaml from "yaml";
import { PROJECT_FOLDER } from "../support/stack-config";

const read = (file: string): string => fs.readFileSync(path.join(PROJECT_FOLDER, file), "utf8");

it("tells every key of Pulumi.yaml, with its meaning and its default", () => {
  const { config } = yaml.parse(read("Pulumi.yaml")) as {
    config: Record<string, { description: string; default: unknown }>;
  };
  const rows = read("README.md")
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  for (const [key, { description, default: value }] of Object.entries(config)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const row = rows.find((cells) => cells[1] === `\`${key}\``);
    expect(row?.slice(2, 4), key).toEqual([description, text === "" ? "" : `\`${text}\``]);
  }
});

it("names every stack that the project ships", () => {
  const stacks = fs
    .readdirSync(PROJECT_FOLDER)
    .flatMap((file) => /^Pulumi\.(?!scenario-)(.+)\.yaml$/.exec(file)?.slice(1) ?? []);
  for (const stack of stacks) expect(read("README.md")).toContain(`| \`${stack}\``);
});
