import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isRunning, privateLibvirtdOf } from "../../hypervisor/private-libvirtd";

let folder: string;
const at = (projectFolder: string, stack: string) => ({
  projectFolder,
  stack,
  stateFolder: join(projectFolder, ".lab", stack),
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "project-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("the names of a private libvirtd", () => {
  it("hold the stack's name and belong to one project folder", () => {
    const other = join(folder, "other");
    mkdirSync(other);
    const { namespace, socket } = privateLibvirtdOf(at(folder, "container"));
    expect(namespace).toMatch(/^lab-container-[0-9a-f]{6}$/);
    expect(socket).toBe(`/run/lab/${namespace}/libvirt-sock`);
    expect(privateLibvirtdOf(at(other, "container")).namespace).not.toBe(namespace);
    expect(privateLibvirtdOf(at(folder, "local")).namespace).not.toBe(namespace);
  });

  it("are the same through a symbolic link", () => {
    const link = join(folder, "link");
    symlinkSync(folder, link);
    expect(privateLibvirtdOf(at(link, "container"))).toEqual(privateLibvirtdOf(at(folder, "container")));
  });

  it("fit into a socket's address however long the stack's name is, and stay apart", () => {
    const stack = "a".repeat(100);
    const { socket, namespace } = privateLibvirtdOf(at(folder, stack));
    expect(socket.length).toBeLessThan(108);
    expect(privateLibvirtdOf(at(folder, `${stack}b`)).namespace).not.toBe(namespace);
  });
});

it("a libvirtd that was never started does not run", async () => {
  expect(await isRunning(at(folder, "container"))).toBe(false);
});
