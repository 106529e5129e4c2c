import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addSetting } from "../../cli/invocation";
import { findStack } from "../../cli/stack/stack";

let project: string;

beforeEach(() => {
  project = fs.mkdtempSync(path.join(os.tmpdir(), "lab-stack-"));
  fs.writeFileSync(path.join(project, "Pulumi.yaml"), "name: lab\nruntime: nodejs\n");
  fs.writeFileSync(path.join(project, "Pulumi.dev.yaml"), "# defaults\nconfig: {}\n");
  fs.writeFileSync(path.join(project, "Pulumi.bare.yaml"), "");
  fs.writeFileSync(
    path.join(project, "Pulumi.container.yaml"),
    [
      "config:",
      "  lab:hypervisor: lxc",
      "  lab:libvirtUri: lxc:///system?socket=.lab/container/run/libvirt-sock",
      "  lab:imagePath: .lab/images/debian13-container-baked.raw",
      "",
    ].join("\n"),
  );
});

afterEach(() => {
  fs.rmSync(project, { recursive: true });
});

describe("findStack", () => {
  it("takes a stack whose socket lies in its own state folder for a private one", () => {
    expect(findStack(project, "container", {})).toEqual({
      location: { projectFolder: project, stack: "container", stateFolder: path.join(project, ".lab/container") },
      isPrivate: true,
      guestKind: "container",
      image: { release: "debian13", kind: "container", recipe: "baked" },
    });
  });

  it("leaves the machine's libvirt and images from elsewhere alone", () => {
    expect(findStack(project, "dev", {})).toMatchObject({ isPrivate: false, image: undefined });
    expect(findStack(project, "bare", {})).toMatchObject({ isPrivate: false, image: undefined });
    const image = { "lab:imagePath": "https://example.org/.lab/images/rocky.qcow2" };
    expect(findStack(project, "dev", image).image).toBeUndefined();
    const elsewhere = findStack(project, "dev", { "lab:imagePath": "images/rocky.qcow2", "lab:hypervisor": "qemu" });
    expect(elsewhere).toMatchObject({ guestKind: "vm", image: undefined });
  });

  it.each([".lab/container/run/libvirt-sock", "PROJECT/.lab/container/run/libvirt-sock"])(
    "refuses the libvirtd of another stack, as a copied stack file names it: %s",
    (socket) => {
      const uri = `lxc:///system?socket=${socket.replace("PROJECT", project)}`;
      expect(() => findStack(project, "dev", { "lab:libvirtUri": uri })).toThrow(
        new Error(
          `lab:libvirtUri of stack "dev" must not be the libvirtd of stack "container", got "${uri}"; ` +
            "hint: in Pulumi.dev.yaml, socket=.lab/dev/run/libvirt-sock",
        ),
      );
    },
  );

  it("takes a libvirtd elsewhere for no private one, whatever its path holds", () => {
    const uri = { "lab:libvirtUri": "qemu:///system?socket=/srv/.lab/dev/run/libvirt-sock" };
    expect(findStack(project, "dev", uri).isPrivate).toBe(false);
  });

  it("lets this run's configuration count before the file", () => {
    const plain = { "lab:imagePath": path.join(project, ".lab/images/debian13-container-plain.raw") };
    expect(findStack(project, "container", plain).image).toEqual({
      release: "debian13",
      kind: "container",
      recipe: "plain",
    });
  });

  it("names the stacks there are when one is not among them", () => {
    expect(() => findStack(project, "contaner", {})).toThrow(
      'unknown stack "contaner"; the stacks are bare, container, dev',
    );
  });

  it("refuses the name of another folder in .lab", () => {
    fs.writeFileSync(path.join(project, "Pulumi.pulumi.yaml"), "");
    expect(() => findStack(project, "pulumi", {})).toThrow(
      new Error('stack name "pulumi" is taken by folder .lab/pulumi; hint: rename Pulumi.pulumi.yaml'),
    );
  });

  it("refuses an image of its own folder that it cannot build", () => {
    expect(() => findStack(project, "container", { "lab:imagePath": ".lab/images/rocky-8.raw" })).toThrow(
      [
        "lab:imagePath under .lab/images must be one of .lab/images/debian12-container-plain.raw",
        ...[".lab/images/debian12-container-baked.raw", ".lab/images/debian12-vm-plain.qcow2"],
        ...[".lab/images/debian12-vm-baked.qcow2", ".lab/images/debian13-container-plain.raw"],
        ...[".lab/images/debian13-container-baked.raw", ".lab/images/debian13-vm-plain.qcow2"],
        ...[".lab/images/debian13-vm-baked.qcow2", ".lab/images/debian14-container-plain.raw"],
        ...[".lab/images/debian14-container-baked.raw", ".lab/images/debian14-vm-plain.qcow2"],
        '.lab/images/debian14-vm-baked.qcow2, got ".lab/images/rocky-8.raw"',
      ].join(", "),
    );
  });
});

describe("addSetting", () => {
  it("collects settings, the project's own with or without their prefix", () => {
    const one = addSetting("standbys=3", {});
    expect(addSetting('lab:pgbackrest={"a":"b=c"}', one)).toEqual({
      "lab:standbys": "3",
      "lab:pgbackrest": '{"a":"b=c"}',
    });
    expect(addSetting("lab:mirrorUrl=", {})).toEqual({ "lab:mirrorUrl": "" });
  });

  it.each(["standbys", "=3", "stand bys=3"])("refuses %s", (setting) => {
    expect(() => addSetting(setting, {})).toThrow("It must be KEY=VALUE, such as lab:standbys=3.");
  });
});
