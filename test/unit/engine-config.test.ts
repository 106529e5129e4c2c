import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StackLocation } from "../../engine/engine";
import { readProject, refuseEncrypted } from "../../engine/project";

let folder: string;
let location: StackLocation;

function stack(text: string): void {
  fs.writeFileSync(path.join(folder, "Pulumi.here.yaml"), text);
}

describe("the project's configuration", () => {
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-project-"));
    location = { projectFolder: folder, stack: "here", stateFolder: "" };
    const declared = "  words: {type: integer, default: 2}\n  lab:names: {type: array, default: [a]}\n";
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
    expect(readProject(location)).toEqual({ name: "lab", main: "index.ts", config, encrypted: [] });
    expect(readProject(location, { "lab:words": "3", must: "x" }).config).toEqual({
      ...config,
      "lab:words": "3",
      "lab:must": "x",
    });
  });

  it("leaves out what only Pulumi's engine can read, and names it", () => {
    stack("config:\n  lab:words:\n    secure: AAAB\n");
    const project = readProject(location);
    expect(project).toMatchObject({ config: { "lab:names": '["a"]' }, encrypted: ["lab:words"] });
    expect(project.config).not.toHaveProperty("lab:words");
    expect(() => {
      refuseEncrypted(location, project);
    }).toThrow(
      `lab:words in ${path.join(folder, "Pulumi.here.yaml")}: encrypted, so only Pulumi's engine can read it; hint: --engine pulumi`,
    );
    expect(readProject(location, { "lab:words": "3" }).encrypted).toEqual([]);
  });

  it("leaves out an object whole when a part of it is encrypted, as Pulumi does", () => {
    stack("config:\n  lab:secrets:\n    open: a\n    key:\n      secure: AAAB\n");
    expect(readProject(location)).toMatchObject({ encrypted: ["lab:secrets"] });
    expect(readProject(location).config).not.toHaveProperty("lab:secrets");
  });

  it("is refused when it is not YAML", () => {
    stack("config: [");
    expect(() => readProject(location)).toThrow(/^\S+Pulumi\.here\.yaml is not YAML: /);
  });
});
