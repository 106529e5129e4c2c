import type * as libvirt from "@pulumi/libvirt";
import type * as pulumi from "@pulumi/pulumi";

export interface DomainParts {
  /** The domain's name in libvirt. */
  name: string;
  /** The reserved MAC address. */
  mac: string;
  cpus: number;
  memoryMiB: number;
  /** The network's name in libvirt. */
  networkName: pulumi.Input<string>;
  /** File of the root disk, as libvirt sees it. */
  diskPath: pulumi.Input<string>;
}

function common({ name, cpus, memoryMiB }: DomainParts) {
  return { name, memory: memoryMiB, memoryUnit: "MiB", vcpu: cpus, autostart: true };
}

/**
 * A virtual machine. Machine type `pc` with an IDE drive: Debian's cloud kernel has no AHCI, and would not find a seed on q35. No
 * `cpu` block: the provider would show a change in every preview.
 */
export function virtualMachine(
  parts: DomainParts & { type: "kvm" | "qemu"; seedPath: pulumi.Input<string> },
): libvirt.DomainArgs {
  const disk = (file: pulumi.Input<string>, type: string) => ({
    driver: { name: "qemu", type },
    // By file: with a volume, AppArmor does not follow its backing stores.
    source: { file: { file } },
  });
  return {
    ...common(parts),
    // The seed is written first.
    running: false,
    type: parts.type,
    os: { type: "hvm", typeArch: "x86_64", typeMachine: "pc", bootDevices: [{ dev: "hd" }] },
    features: {
      acpi: true,
      apic: {},
      // Emulation's cache of translated code. If it is too small for building a lab, it is emptied over and over, and translation takes
      // most of the time. The default, 1 GiB, is more than needed.
      ...(parts.type === "qemu" ? { tcg: { tbCache: 512, tbCacheUnit: "MiB" } } : {}),
    },
    devices: {
      disks: [
        { ...disk(parts.diskPath, "qcow2"), device: "disk", target: { dev: "vda", bus: "virtio" } },
        { ...disk(parts.seedPath, "raw"), device: "cdrom", target: { dev: "hda", bus: "ide" }, readOnly: true },
      ],
      interfaces: [
        {
          mac: { address: parts.mac },
          model: { type: "virtio" },
          source: { network: { network: parts.networkName } },
        },
      ],
      serials: [{ target: { port: 0 } }],
    },
  };
}

/** A container, with the seed in its init's environment: a container has no CD-ROM. */
export function container(
  parts: DomainParts & { seed: { metaData: pulumi.Input<string>; userData: pulumi.Input<string> } },
): libvirt.DomainArgs {
  return {
    ...common(parts),
    running: true,
    type: "lxc",
    os: {
      type: "exe",
      typeArch: "x86_64",
      init: "/usr/local/sbin/lab-init",
      initEnvs: [
        { name: "LAB_META_DATA", value: parts.seed.metaData },
        { name: "LAB_USER_DATA", value: parts.seed.userData },
      ],
    },
    features: { privNet: true },
    devices: {
      filesystems: [
        {
          accessMode: "passthrough",
          driver: { type: "loop", format: "raw" },
          source: { file: { file: parts.diskPath } },
          target: { dir: "/" },
        },
      ],
      interfaces: [{ mac: { address: parts.mac }, source: { network: { network: parts.networkName } } }],
      consoles: [{ target: { type: "lxc", port: 0 } }],
    },
  };
}
