import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { needsLibvirtd } from "../../cli/commands/preview";
import type { Stack } from "../../cli/stack/stack";
import { type Engine, EngineError } from "../../engine/engine";

const projectFolder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-preview-"));
afterAll(() => {
  fs.rmSync(projectFolder, { recursive: true });
});

const SAID = "lab-network: Error: failed to dial libvirt: connect: no such file or directory";

/** What is told of an error where the stack's libvirtd does not run. */
function told(error: Error, { engine = "pulumi", isPrivate = true }: { engine?: string; isPrivate?: boolean } = {}) {
  const location = { projectFolder, stack: "here", stateFolder: path.join(projectFolder, ".lab", "here") };
  const stack: Stack = { location, isPrivate, guestKind: "container", image: undefined };
  return needsLibvirtd(stack, { name: engine } as Engine, error);
}

describe("a preview that fails where the stack's libvirtd does not run", () => {
  it("says that Pulumi's libvirt provider needs it", async () => {
    expect(await told(new EngineError(SAID))).toEqual(
      new EngineError(
        `${SAID}\nPulumi's libvirt provider connects to libvirt before it plans, and the private libvirtd of stack "here" is not ` +
          "running; hint: ./lab prepare --stack here",
      ),
    );
  });

  it("says nothing more of another error, of another engine, or of a libvirt that is not its own", async () => {
    expect(await told(new EngineError("lab:standbys must be 0 to 8"))).toBeUndefined();
    expect(await told(new EngineError(SAID), { engine: "embedded" })).toBeUndefined();
    expect(await told(new EngineError(SAID), { isPrivate: false })).toBeUndefined();
  });
});
