import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { PROJECT_FOLDER } from "../support/stack-config";

const TESTS = ["test", "node_modules", ".lab"];

/** The packages that a folder's sources import; without types, which are gone when they run. */
function importsOf(folder: string): string[] {
  const files = fs.readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !TESTS.includes(name));
  return files.flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return importsOf(file);
    if (!/\.c?[jt]s$/.test(entry.name) || /\.config\.ts$/.test(entry.name)) return [];
    const text = fs.readFileSync(file, "utf8").replaceAll(/^import type [^;]*;$/gm, "");
    const names = [...text.matchAll(/(?:^(?:import|\}).* from |require(?:\.resolve)?\()"([^".][^"]*)"/gm)].map(
      ([, name = ""]) => name,
    );
    return names.map((name) =>
      name
        .split("/")
        .slice(0, name.startsWith("@") ? 2 : 1)
        .join("/"),
    );
  });
}

it("names every package that runs under dependencies, so that npm ci --omit=dev is enough for ./lab and for pulumi", () => {
  const { dependencies } = JSON.parse(fs.readFileSync(path.join(PROJECT_FOLDER, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const imported = new Set(importsOf(PROJECT_FOLDER).filter((name) => !name.startsWith("node:")));
  expect(imported.size).toBeGreaterThan(10);
  expect([...imported].filter((name) => !(name in dependencies))).toEqual([]);
});
