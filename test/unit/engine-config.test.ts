import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StackLocation } from "../../engine/engine";
import { readProject } from "../../engine/embedded/project";

let folder: string;
let location: StackLocation;

function stack(text: string): void {
  fs.writeFileSync(path.join(folder, "Pulumi.here.yaml"), text);
}

describe("the project's configuration", () => {
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-project-"));
    location = { projectFolder: folder, stack: "here", stateFolder: "" };
    const declared =
      "  words: {type: integer, default: 2}\n  lab:names: {type: array, default: [a]}\n  must: {type: string}\n";
    fs.writeFileSync(
      path.join(folder, "Pulumi.yaml"),
      `name: lab\nruntime: nodejs\nmain: index.ts\nconfig:\n${declared}`,
    );
  });
  afterAll(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it("is the defaults, over them the stack's, over them the run's", () => {
    stack("config:\n  lab:must: 2.45\n  lab:other: {a: [1]}\n  libvirt:uri: x\n");
    const config = {
      "lab:must": "2.45",
      "lab:other": '{"a":[1]}',
      "libvirt:uri": "x",
      "lab:words": "2",
      "lab:names": '["a"]',
    };
    expect(readProject(location)).toEqual({ name: "lab", main: "index.ts", config });
    expect(readProject(location, { "lab:words": "3", must: "x" }).config).toEqual({
      ...config,
      "lab:words": "3",
      "lab:must": "x",
    });
  });

  it("is refused with the key's name", () => {
    const file = path.join(folder, "Pulumi.here.yaml");
    stack("");
    expect(() => readProject(location)).toThrow(`lab:must has no default, and must be set in ${file}`);
    stack("config:\n  lab:must: x\n  lab:words: many\n");
    expect(() => readProject(location)).toThrow('lab:words must be of type integer, got "many"');
    expect(() => readProject(location, { "lab:words": "1", "lab:names": "a" })).toThrow(
      'lab:names must be of type array, got "a"',
    );
    stack("config:\n  lab:must:\n    secure: AAAB\n");
    expect(() => readProject(location)).toThrow(
      `lab:must in ${file} was encrypted by pulumi, and the embedded engine cannot read it`,
    );
  });
});
