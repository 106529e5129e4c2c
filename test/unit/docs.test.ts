import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { PROJECT_FOLDER } from "../support/stack-config";

const read = (file: string): string => fs.readFileSync(path.join(PROJECT_FOLDER, file), "utf8");

const filesOf = (pattern: string): string[] =>
  execFileSync("git", ["ls-files", "--", pattern], { cwd: PROJECT_FOLDER, encoding: "utf8" })
    .split("\n")
    .filter(Boolean);

const PAGES = filesOf("*.md");

/** Headings as a link's fragment names them. */
const anchorsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

describe("README.md", () => {
  it("has at most 160 lines of at most 120 characters", () => {
    const lines = read("README.md").trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(160);
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });

  it("names every stack that the project ships", () => {
    const stacks = filesOf("Pulumi.*.yaml").flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.slice(1) ?? []);
    expect(stacks).toContain("dev");
    for (const stack of stacks) expect(read("README.md")).toContain(`| \`${stack}\``);
  });
});

describe.each(PAGES)("%s", (page) => {
  it("links to files and headings that exist", () => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
    const broken = links
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [file = "", anchor] = link.split("#");
        const target = file === "" ? page : path.join(path.dirname(page), file);
        if (!fs.existsSync(path.join(PROJECT_FOLDER, target))) return true;
        return anchor !== undefined && !anchorsOf(target).includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  it("shows commands of ./lab that exist", () => {
    const commands = [...read("cli/main.ts").matchAll(/\bsubcommand\(\s*"([\w-]+)/g)].map(([, command]) => command);
    expect(commands).toContain("up");
    const shown = [...read(page).matchAll(/\.\/lab ([a-z][\w-]*)/g)].map(([, command = ""]) => command);
    expect(shown.filter((command) => !commands.includes(command))).toEqual([]);
  });
});
