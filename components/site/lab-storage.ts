import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../../config/schema";
import { virshUri } from "../../config/virsh";
import type { HostPlan } from "../../plan/plan";
import { runLocally } from "../../steps/local";

const GIB = 1024 ** 3;

export interface LabStorageArgs {
  /** The name in libvirt. */
  poolName: string;
  /** The libvirt. */
  libvirtUri: string;
  config: Pick<LabConfig, "hypervisor" | "imagePath" | "imageChecksum">;
}

/** The hosts' disks: a pool and, for virtual machines, the image that backs their disks. */
export class LabStorage extends pulumi.ComponentResource {
  /** The pool's name in libvirt. */
  public readonly poolName: pulumi.Output<string>;
  private readonly disk: (diskGiB: number) => Omit<libvirt.VolumeArgs, "name" | "pool">;

  constructor(
    name: string,
    private readonly args: LabStorageArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("lab:storage:LabStorage", name, {}, opts);
    const { poolName, config } = args;

    const pool = new libvirt.Pool(
      name,
      { name: poolName, type: "dir", target: { path: `/var/lib/libvirt/images/${poolName}` } },
      { parent: this },
    );
    this.poolName = pool.name;
    this.disk =
      config.hypervisor === "lxc"
        ? () => ({ target: { format: { type: "raw" } }, create: { content: { url: config.imagePath } } })
        : this.layOverImage(`${name}-base`);
    this.registerOutputs({ poolName: this.poolName });
  }

  /** A host's root disk. It holds the host's data: another image or size does not change an existing one. */
  createDisk({ resources, volumes, diskGiB, protected: protect }: HostPlan, parent: pulumi.Resource): libvirt.Volume {
    return new libvirt.Volume(
      resources.disk,
      { name: volumes.disk, pool: this.poolName, ...this.disk(diskGiB) },
      { parent, protect, ignoreChanges: ["create", "capacity", "backingStore"] },
    );
  }

  private layOverImage(name: string): LabStorage["disk"] {
    const { libvirtUri, config } = this.args;
    const { imagePath, imageChecksum } = config;
    const image = new libvirt.Volume(
      name,
      {
        name: "base.qcow2",
        pool: this.poolName,
        target: { format: { type: "qcow2" } },
        create: { content: { url: imagePath } },
      },
      // A rebuilt image is for new hosts; a change here would replace every host.
      { parent: this, ignoreChanges: ["create"] },
    );
    // A local file is verified before the first resource.
    const checksum = /^https?:/.test(imagePath) ? imageChecksum : "";
    const inspected = runLocally(
      `${name}-inspect`,
      "site/image-inspect.sh",
      [virshUri(libvirtUri), this.poolName, image.name, checksum],
      { parent: this, dependsOn: [image], once: true },
    );
    return (diskGiB) => ({
      // A guest does not boot from a disk smaller than its partitions.
      capacity: inspected.stdout.apply((bytes) => Math.max(Number(bytes), diskGiB * GIB)),
      target: { format: { type: "qcow2" } },
      backingStore: { path: image.path, format: { type: "qcow2" } },
    });
  }
}
