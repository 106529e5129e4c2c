import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkRotation } from "../../cli/gates/rotation";
import { readSetting, writeSettings } from "../../cli/stack/stack-file";
import type { StackLocation } from "../../engine/engine";

const STACK = `# Mine.
config:
  lab:pgbackrestVersion: "2.45" # the distribution's
  lab:caGeneration: 2
`;

let location: StackLocation;
beforeEach(() => {
  const projectFolder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-stack-file-"));
  fs.writeFileSync(path.join(projectFolder, "Pulumi.mine.yaml"), STACK);
  fs.writeFileSync(
    path.join(projectFolder, "Pulumi.yaml"),
    "config:\n  caStage:\n    default: retire\n  caGeneration:\n    default: 1\n  caYears:\n    default: 10\n",
  );
  location = { projectFolder, stack: "mine", stateFolder: path.join(projectFolder, ".lab") };
});
afterEach(() => {
  fs.rmSync(location.projectFolder, { recursive: true });
});

const outputs = (caGeneration: number, caYears: number) => ({
  plan: { value: {}, secret: false },
  rotation: { value: { caGeneration, caStage: "retire", isProven: true }, secret: false },
  configuration: { value: { caYears }, secret: false },
});

describe("a stack's file", () => {
  it("gives this run's setting, then the file's, then the default", () => {
    expect(readSetting(location, "caGeneration", { "lab:caGeneration": "3" })).toBe("3");
    expect(readSetting(location, "caGeneration")).toBe("2");
    expect(readSetting(location, "caStage")).toBe("retire");
  });

  it("keeps comments and quotes when settings are written", async () => {
    await writeSettings(location, { caGeneration: 3, caStage: "trust" });
    expect(fs.readFileSync(path.join(location.projectFolder, "Pulumi.mine.yaml"), "utf8")).toBe(
      `${STACK.replace("Generation: 2", "Generation: 3")}  lab:caStage: trust\n`,
    );
  });
});

describe("the gate before an up", () => {
  it("lets a lab be that has no stage yet, and one that stays where it is", () => {
    expect(() => {
      checkRotation(location, {}, {});
      checkRotation(location, {}, outputs(2, 10));
    }).not.toThrow();
  });

  it("refuses a stage that is left out", () => {
    expect(() => {
      checkRotation(location, {}, outputs(1, 10));
    }).toThrow(/the hosts are at lab:caGeneration 1, lab:caStage retire; asked for was lab:caGeneration 2/);
  });

  it("refuses other years for an authority that is there, and takes them for the next one", () => {
    expect(() => {
      checkRotation(location, {}, outputs(2, 5));
    }).toThrow(
      "lab:caYears must stay 5 while lab:caGeneration is 2: the hosts trust the authority that was made with it; got 10\n" +
        "hint: set it in the stack's file, then ./lab rotate-ca makes the next authority with it",
    );
    expect(() => {
      checkRotation(location, { "lab:caGeneration": "3", "lab:caStage": "trust" }, outputs(2, 5));
    }).not.toThrow();
  });
});
