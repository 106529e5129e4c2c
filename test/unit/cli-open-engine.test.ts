import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { announceEngine } from "../../cli/stack/open-engine";
import type { Stack } from "../../cli/stack/stack";

describe("the engine of a stack", () => {
  let folder: string;
  let stack: Stack;
  const put = (file: string): void => {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), "#!/bin/sh\necho []\n", { mode: 0o755 });
  };
  /** What the first line says. */
  const announced = async (engine?: "embedded" | "pulumi"): Promise<string> => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await announceEngine(
      { options: { stack: "here", config: {}, engine }, signal: new AbortController().signal },
      stack,
    );
    const [[line] = []] = write.mock.calls;
    write.mockRestore();
    return String(line);
  };

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-open-engine-"));
    const location = { projectFolder: folder, stack: "here", stateFolder: path.join(folder, ".lab", "here") };
    stack = { location, isPrivate: false, guestKind: "container", image: undefined };
    fs.mkdirSync(path.join(folder, "bin"));
    fs.symlinkSync("/usr/bin/setpriv", path.join(folder, "bin", "setpriv"));
    vi.stubEnv("PATH", path.join(folder, "bin"));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    fs.rmSync(folder, { recursive: true });
  });

  it("is pulumi on PATH, else the one of ./lab engine, else the embedded one, for a stack that no engine has made", async () => {
    const line = (engine: string): string => `lab: stack "here", engine ${engine}\n`;
    expect(await announced()).toBe(line("embedded (no pulumi on PATH, and none built by ./lab engine)"));
    put(".lab/pulumi/bin/pulumi");
    expect(await announced()).toBe(
      line("pulumi (./lab engine built it, and no pulumi is on PATH), plugins of this project"),
    );
    put("bin/pulumi");
    expect(await announced()).toBe(line("pulumi (pulumi is on PATH), plugins of this project"));
    put("bin/pulumi-language-nodejs");
    expect(await announced()).toBe(line("pulumi (pulumi is on PATH), released plugins"));
    put(".lab/here/state.json");
    expect(await announced()).toBe(line("embedded (it created this stack)"));
    expect(await announced("pulumi")).toBe(line("pulumi (--engine), released plugins"));
  });
});
