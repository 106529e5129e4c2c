import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeSettings } from "../../cli/stack/stack-file";

const STACK = `# Mine.
config:
  lab:pgbackrestVersion: "2.45" # the distribution's
  lab:caGeneration: 2
`;

let projectFolder: string;
beforeEach(() => {
  projectFolder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-stack-file-"));
  fs.writeFileSync(path.join(projectFolder, "Pulumi.mine.yaml"), STACK);
});
afterEach(() => {
  fs.rmSync(projectFolder, { recursive: true });
});

it("a stack's file keeps comments and quotes when settings are written", async () => {
  await writeSettings({ projectFolder, stack: "mine", stateFolder: "" }, { caGeneration: 3, caStage: "trust" });
  expect(fs.readFileSync(path.join(projectFolder, "Pulumi.mine.yaml"), "utf8")).toBe(
    `${STACK.replace("Generation: 2", "Generation: 3")}  lab:caStage: trust\n`,
  );
});
