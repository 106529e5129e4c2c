import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect, it } from "vitest";
import { State } from "../../engine/embedded/state";

it("saves again once a failed write can be done", async () => {
  const stateFolder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-state-"));
  const location = { projectFolder: stateFolder, stack: "here", stateFolder };
  const state = new State(location);
  const inTheWay = path.join(stateFolder, "state.json");
  fs.mkdirSync(inTheWay);
  const [first, second] = [state.save(), state.save()];
  await expect(first).rejects.toThrow("EISDIR");
  await expect(second).rejects.toThrow("EISDIR");
  fs.rmdirSync(inTheWay);
  state.outputs = { said: "a" };
  await state.save();
  expect(new State(location).outputs).toEqual({ said: "a" });
  fs.rmSync(stateFolder, { recursive: true });
});
