import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { stagesBack, stagesOnward } from "../../cli/commands/rotate-ca";
import { beginRotation, endRotation, reachedRotation } from "../../cli/gates/rotation";
import type { Output } from "../../engine/engine";
import { planTrust } from "../../plan/rotation";
import { type ReachedRotation, type Rotation, stepProblem } from "../../config/ca-stages";

const at = (text: string): Rotation => {
  const [number = "", caStage = ""] = text.replace("?", "").split(" ");
  return { caGeneration: Number(number), caStage: caStage as Rotation["caStage"] };
};
const reached = (text: string): ReachedRotation => ({ ...at(text), isProven: !text.endsWith("?") });
const texts = (stages: Rotation[]): string[] => stages.map(({ caGeneration, caStage }) => `${caGeneration} ${caStage}`);

describe("a rotation of authorities", () => {
  it.each([
    ["1 retire", 1, [1]],
    ["2 trust", 1, [2, 1]],
    ["2 issue", 2, [2, 1]],
    ["2 retire", 2, [2]],
    ["3 trust", 2, [3, 2]],
  ])("at %s has CA %i sign, and hosts trust %j", (stage, signer, trusted) => {
    expect(planTrust(at(stage))).toEqual({ signer, trusted });
  });

  it.each([
    ["1 retire", "1 retire"],
    ["1 retire", "2 trust"],
    ["2 trust", "2 issue"],
    ["2 issue", "2 retire"],
    ["2 retire", "3 trust"],
    ["2 issue", "2 trust"],
    ["2 trust", "1 retire"],
    ["2 issue?", "2 trust"],
    ["2 issue?", "2 issue"],
  ])("may go from %s to %s", (from, to) => {
    expect(stepProblem(reached(from), at(to))).toBeUndefined();
  });

  it.each([
    ["1 retire", "2 issue"],
    ["1 retire", "2 retire"],
    ["1 retire", "3 trust"],
    ["2 trust", "2 retire"],
    ["2 issue", "1 retire"],
    ["2 retire", "2 issue"],
    ["2 retire", "1 retire"],
    ["2 issue?", "2 retire"],
    ["2 retire?", "2 issue"],
    ["2 trust?", "2 issue"],
  ])("may not go from %s to %s", (from, to) => {
    expect(stepProblem(reached(from), at(to))).toMatch(/must go stage by stage/);
  });

  it("says where the hosts are and what is allowed", () => {
    expect(stepProblem(reached("1 retire"), at("2 retire"))).toBe(
      "the CA's rotation must go stage by stage: the hosts are at lab:caGeneration 1, lab:caStage retire; got " +
        "lab:caGeneration 2, lab:caStage retire, allowed is lab:caGeneration 2, lab:caStage trust\n" +
        "hint: ./lab rotate-ca goes through the stages",
    );
  });
});

describe("./lab rotate-ca", () => {
  it.each([
    ["begins", "1 retire", "1 retire", ["2 trust", "2 issue", "2 retire"]],
    ["goes on after trust", "2 trust", "2 trust", ["2 issue", "2 retire"]],
    ["does an interrupted stage again", "2 issue", "2 trust", ["2 issue", "2 retire"]],
    ["does a failed stage again", "2 issue", "2 issue?", ["2 issue", "2 retire"]],
    ["ends what is at its last stage", "2 retire", "2 issue", ["2 retire"]],
  ])("%s", (_, file, proven, stages) => {
    expect(texts(stagesOnward(at(file), reached(proven)))).toEqual(stages);
  });

  it.each([
    ["from issue", "2 issue", "2 issue", ["2 trust", "1 retire"]],
    ["from an interrupted trust", "2 trust", "1 retire", ["1 retire"]],
    ["again when its last stage failed", "1 retire", "1 retire?", ["1 retire"]],
    ["again when going back was interrupted", "1 retire", "2 trust", ["1 retire"]],
  ])("goes back %s", (_, file, proven, stages) => {
    expect(texts(stagesBack(at(file), reached(proven)))).toEqual(stages);
  });

  it("does not go back when there is nothing to go back from, or no way", () => {
    expect(() => stagesBack(at("2 retire"), reached("2 retire"))).toThrow(
      "no rotation is under way: the hosts trust CA 2 alone",
    );
    expect(() => stagesBack(at("2 retire"), reached("2 retire?"))).toThrow(
      "too late to go back: CA 1 is being dropped, and some hosts may no longer trust it; hint: ./lab rotate-ca completes the rotation",
    );
  });

  it("is at the stage that a run has begun, until that succeeds, whatever outputs an interrupted run has left", () => {
    const stateFolder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-rotation-"));
    const location = { projectFolder: "/", stack: "here", stateFolder };
    const output = (value: unknown): Output => ({ value, secret: false });
    const outputs = { plan: output({}), configuration: output(at("2 trust")), rotation: output(reached("2 trust")) };
    beginRotation(location, at("2 issue"));
    expect(reachedRotation({}, location)).toBeUndefined();
    expect(reachedRotation(outputs, location)).toEqual(reached("2 issue?"));
    endRotation(location);
    expect(reachedRotation(outputs, location)).toEqual(reached("2 trust"));
    expect(reachedRotation({ plan: outputs.plan, configuration: outputs.configuration }, location)).toEqual(
      reached("2 trust?"),
    );
    fs.rmSync(stateFolder, { recursive: true });
  });
});
