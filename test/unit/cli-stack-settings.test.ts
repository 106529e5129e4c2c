import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { Invocation } from "../../cli/invocation";
import { findStack, type Stack } from "../../cli/stack/stack";
import { stackSettings } from "../../cli/stack/stack-settings";
import { ConfigError } from "../../config/check";
import { readSettings } from "../../config/settings";
import { PROJECT_FOLDER } from "../support/stack-config";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-stack-settings-"));
fs.writeFileSync(path.join(folder, "Pulumi.yaml"), fs.readFileSync(path.join(PROJECT_FOLDER, "Pulumi.yaml"), "utf8"));
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

function stackOf(config: string): Stack {
  fs.writeFileSync(path.join(folder, "Pulumi.here.yaml"), config);
  return findStack(folder, "here", {});
}

const invocation = (config: Record<string, string>, engine: "pulumi" | "embedded" = "embedded"): Invocation => ({
  options: { stack: "here", config, engine },
  signal: new AbortController().signal,
});

/** What the program says of the same configuration. */
async function ofProgram(config: Record<string, string>): Promise<string> {
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "lab", "here", true);
  pulumi.runtime.setAllConfig(config);
  try {
    readSettings();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

describe("the configuration of a stack", () => {
  it.each<[Record<string, string>, string]>([
    [{ "lab:caKey": "nowhere.key", "lab:caCertificate": "nowhere.crt" }, "a PKI's files"],
    [{ "lab:standbys": "9", "lab:stanza": "De mo", "lab:foo": "1" }, "keys"],
    [{ "lab:hypervisor": "lxc", "lab:packages": "distribution" }, "what keys ask of each other"],
  ])("is refused for the same problems, %o, as by the program", async (config) => {
    const said = await ofProgram(config);
    expect(said).toMatch(/lab:/);
    expect(() => stackSettings(invocation(config), stackOf("config: {}\n"), "nothing")).toThrow(
      new ConfigError(said.split("\n")),
    );
  });

  it("is looked at together with this machine", () => {
    const image = { "lab:imagePath": "missing.qcow2" };
    expect(() => stackSettings(invocation(image), stackOf("config: {}\n"), "machine")).toThrow(
      `lab:imagePath must be an image that exists, got "${path.join(PROJECT_FOLDER, "missing.qcow2")}"; hint: ./lab prepare builds the lab's own`,
    );
    expect(stackSettings(invocation(image), stackOf("config: {}\n"), "nothing").configuration.standbys).toBe(2);
  });

  it("is left to the program as far as it is encrypted, which is said", () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const stack = stackOf("config:\n  lab:caKey: {secure: AAAB}\n  lab:caCertificate: nowhere.crt\n  lab:cpus: 2\n");
    const { configuration, unread } = stackSettings(invocation({}, "pulumi"), stack, "nothing");
    expect([configuration.cpus, unread]).toEqual([2, ["caKey"]]);
    expect(write.mock.calls).toEqual([
      ["lab: lab:caKey: encrypted, so the program checks it, under Pulumi's engine\n"],
    ]);
    expect(() => stackSettings(invocation({ "lab:cpus": "no" }, "pulumi"), stack, "nothing")).toThrow(
      'lab:cpus must be a whole number from 1 to 64, got "no"',
    );
    expect(() => stackSettings(invocation({}), stack, "nothing")).toThrow(/^lab:caKey in .*: encrypted, so only/);
    write.mockRestore();
  });
});
