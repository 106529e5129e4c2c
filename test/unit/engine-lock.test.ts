import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EngineError, type StackLocation } from "../../engine/engine";
import { withLock } from "../../engine/lock";

const ROOT = path.resolve(__dirname, "../..");

/** Waits for a file of the name `go`, so that all begin at one moment; then works for a while, or says why not. */
const RUNNER = `
  const fs = require("node:fs");
  const { withLock } = require("${ROOT}/engine/lock.ts");
  const [folder, work] = process.argv.slice(1);
  console.log("ready");
  while (!fs.existsSync(folder + "/go"));
  withLock({ stack: "here", stateFolder: folder + "/state" }, "up", () => eval(work)).catch((error) => console.log(error.message));
`;

describe("the lock of a stack", () => {
  let folder: string;
  let location: StackLocation;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-lock-"));
    location = { projectFolder: folder, stack: "here", stateFolder: path.join(folder, "state") };
  });
  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  const start = (work: string) =>
    spawn(process.execPath, ["--require", `${ROOT}/engine/load-typescript.cjs`, "--eval", RUNNER, folder, work], {
      stdio: ["ignore", "pipe", "inherit"],
    });

  it("lets exactly one of many runs work that begin at one moment, also when a dead run has left its lock", async () => {
    fs.mkdirSync(location.stateFolder);
    fs.writeFileSync(
      path.join(location.stateFolder, "lock"),
      '{"pid":"4194305","since":"","command":"up","boot":"other"}',
    );
    const work = "new Promise((end) => { console.log('works'); setTimeout(end, 3000); })";
    const runs = Array.from({ length: 12 }, () => start(work));
    const said = runs.map((run) => text(run.stdout));
    await Promise.all(runs.map((run) => once(run.stdout, "readable")));
    fs.writeFileSync(path.join(folder, "go"), "");
    const lines = (await Promise.all(said)).map((lineText) => lineText.trim().split("\n").slice(1).join());
    const winner = runs[lines.indexOf("works")];
    expect(lines.filter((line) => line === "works")).toHaveLength(1);
    const refused = `stack "here" is in use: process ${winner?.pid} runs up since `;
    for (const line of lines.filter((each) => each !== "works"))
      expect(line).toMatch(new RegExp(`^${refused}\\d{4}-.*Z; hint: wait for it, or kill \\d+$`));
    expect(fs.readdirSync(location.stateFolder)).toEqual([]);
  }, 60_000);

  it("is free again once its holder is killed", async () => {
    fs.writeFileSync(path.join(folder, "go"), "");
    const run = start("new Promise((end) => { console.log('works'); setTimeout(end, 60_000); })");
    let said = "";
    run.stdout.on("data", (data: Buffer) => (said += data.toString()));
    await expect.poll(() => said).toBe("ready\nworks\n");
    await expect(withLock(location, "destroy", () => Promise.resolve())).rejects.toThrow(EngineError);
    run.kill("SIGKILL");
    await once(run, "exit");
    expect(await withLock(location, "destroy", () => Promise.resolve("done"))).toBe("done");
  }, 60_000);
});
