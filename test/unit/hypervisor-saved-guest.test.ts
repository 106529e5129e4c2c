import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { convert } from "xmlbuilder2";
import type { Subject } from "../../engine/drivers/driver";
import { libvirtDrivers } from "../../engine/drivers/libvirt";
import type { Properties } from "../../engine/values";
import { virtualMachine } from "../../render/domain";
import { PROJECT_FOLDER } from "../support/stack-config";

type Device = Readonly<Record<string, unknown>>;
/** A domain's definition, parsed: attributes begin with `@`, and elements of one name are a list. */
interface Definition {
  readonly features: Device;
  readonly devices: { readonly disk: Device[]; readonly interface: Device; readonly serial: Device };
}

const TEMPLATE = path.join(PROJECT_FOLDER, "hypervisor", "libvirt", "guest-to-save.xml");

/** What virsh is told to define for a host. */
async function definitionOfHost(inputs: object): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-virsh-"));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    fs.rmSync(folder, { recursive: true });
  });
  fs.writeFileSync(path.join(folder, "virsh"), `#!/bin/sh\ncat >"${folder}/xml"\n`, { mode: 0o755 });
  vi.stubEnv("PATH", `${folder}:${process.env.PATH ?? ""}`);
  const subject = { inputs: inputs as Properties, outputs: { uuid: "" }, provider: {} } as Subject<Properties, never>;
  const task = { signal: new AbortController().signal, log: () => undefined };
  await libvirtDrivers(folder)["libvirt:index/domain:Domain"]?.create(subject, task);
  return fs.readFileSync(path.join(folder, "xml"), "utf8");
}

/** All of a definition but what may differ: whatever is not named here must be the same on both sides. */
function seenByGuest(xml: string): object {
  const { domain } = convert(xml, { format: "object" }) as unknown as { domain: Definition };
  const { disk, interface: network, serial } = domain.devices;
  const without = (device: Device, ...names: string[]) =>
    Object.fromEntries(Object.entries(device).filter(([name]) => !names.includes(name)));
  return {
    // Who it is: the saved guest is told by the host's definition, which is laid over its own.
    ...without({ ...domain }, "name", "uuid"),
    // How QEMU emulates the processor, which a guest cannot see.
    features: without(domain.features, "tcg"),
    devices: {
      ...domain.devices,
      // Where a device's data comes from or goes to on this side; the MAC address is given anew when the guest is restored.
      disk: disk.map((one) => without(one, "driver", "source")),
      interface: without(network, "@type", "source", "mac"),
      serial: without(serial, "@type", "source"),
    },
  };
}

it("saves a guest that sees of itself what a host does: its memory would be another machine's otherwise", async () => {
  const host = await definitionOfHost({
    ...virtualMachine({
      ...{ name: "lab-here-pg1-srv", mac: "52:54:00:00:00:0b" },
      ...{ cpus: 3, memoryMiB: 2048, networkName: "lab", diskPath: "/pool/pg1-srv", seedPath: "/pool/seed" },
      type: "qemu",
    }),
    autostart: false,
  });
  const template = fs.readFileSync(TEMPLATE, "utf8");
  const saved = template.replace("@MEMORY@", "2048").replace("@CPUS@", "3").replaceAll("@FOLDER@", "/images/.save");
  expect(seenByGuest(saved)).toEqual(seenByGuest(host));
  expect(seenByGuest(saved)).toMatchObject({
    "@type": "qemu",
    memory: { "@unit": "MiB", "#": "2048" },
    vcpu: "3",
    os: { type: { "@arch": "x86_64", "@machine": "pc", "#": "hvm" }, boot: { "@dev": "hd" } },
    features: { acpi: {}, apic: {} },
    devices: {
      disk: [
        { "@device": "disk", target: { "@dev": "vda", "@bus": "virtio" } },
        { "@device": "cdrom", target: { "@dev": "hda", "@bus": "ide" }, readonly: {} },
      ],
      interface: { model: { "@type": "virtio" } },
      serial: { target: { "@port": "0" } },
    },
  });
});
