import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const ENGINE = path.join(__dirname, "..", "..", "engine");

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-typescript-"));
  fs.mkdirSync(path.join(folder, "node_modules"));
  write("says = 'before'");
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function write(statement: string): void {
  fs.writeFileSync(path.join(folder, "word.ts"), `let says: string; ${statement}; export default says;\n`);
  fs.writeFileSync(path.join(folder, "main.ts"), 'import word from "./word";\nconsole.log(word as string);\n');
}

function node(...args: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  return stdout + stderr;
}

const run = (): string => node("--require", path.join(ENGINE, "load-typescript.cjs"), "main.ts");
const kept = (): string => path.join(folder, "node_modules", ".cache", "lab-typescript.json");

it("runs TypeScript, and what has changed since", () => {
  expect(run()).toBe("before\n");
  write("says = 'after it'");
  expect(run()).toBe("after it\n");
});

it("compiles what is as it was once only", () => {
  run();
  fs.writeFileSync(kept(), fs.readFileSync(kept(), "utf8").replace("before", "kept"));
  expect(run()).toBe("kept\n");
});

it("compiles no tests for others, and one that is run", () => {
  fs.mkdirSync(path.join(folder, "test"));
  fs.writeFileSync(path.join(folder, "test", "one.ts"), 'console.log("a test" as string);\n');
  run();
  expect(fs.readFileSync(kept(), "utf8")).not.toContain("a test");
  expect(node("--require", path.join(ENGINE, "load-typescript.cjs"), "./test/one.ts")).toBe("a test\n");
});

it("goes on without what it kept when that is damaged, and where nothing can be kept", () => {
  run();
  fs.truncateSync(kept(), 20);
  expect(run()).toBe("before\n");
  fs.rmSync(path.join(folder, "node_modules"), { recursive: true });
  fs.writeFileSync(path.join(folder, "node_modules"), "");
  expect(run()).toBe("before\n");
});

it("leaves out of the program what the SDK loads and never uses here", () => {
  const loaded = `require(${JSON.stringify(require.resolve("@pulumi/pulumi"))});
    console.log(Object.keys(require.cache).some((file) => /typescript|arborist|v8Hooks/.test(file)));`;
  expect(node("--eval", loaded)).toBe("true\n");
  expect(node("--require", path.join(ENGINE, "leave-out.cjs"), "--eval", loaded)).toBe("false\n");
});
