import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import type { Hypervisor } from "../../config/schema";
import { verifyImage } from "../../steps/local";

export interface LabStorageArgs {
  hypervisor: Hypervisor;
  /** The name in libvirt. */
  poolName: string;
  /** File or URL of the image that hosts start from. Hosts that exist keep what they started from. */
  imagePath: string;
  /** `sha256:…`, or nothing. A file was checked before the first resource: here it is for what a URL led to. */
  imageChecksum: string;
  /** The libvirt that has fetched it. */
  libvirtUri: string;
}

/** Where the hosts' disks are: a pool and, for virtual machines, the image that their disks are laid over. */
export class LabStorage extends pulumi.ComponentResource {
  /** The pool's name in libvirt. */
  public readonly poolName: pulumi.Output<string>;
  /** Path of the base image in the pool; undefined for containers, each of which has a copy of its own. */
  public readonly basePath: pulumi.Output<string> | undefined;

  constructor(name: string, args: LabStorageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:storage:LabStorage", name, {}, opts);
    const { hypervisor, poolName, imagePath, imageChecksum, libvirtUri } = args;

    const pool = new libvirt.Pool(
      name,
      { name: poolName, type: "dir", target: { path: `/var/lib/libvirt/images/${poolName}` } },
      { parent: this },
    );
    if (hypervisor !== "lxc") {
      const base = new libvirt.Volume(
        `${name}-base`,
        {
          name: "base.qcow2",
          pool: pool.name,
          target: { format: { type: "qcow2" } },
          create: { content: { url: imagePath } },
        },
        // A rebuilt image is for hosts to come; a change here would replace every host.
        { parent: this, ignoreChanges: ["create"] },
      );
      this.basePath = base.path;
      if (imageChecksum !== "" && /^https?:/.test(imagePath)) {
        const verified = verifyImage(
          `${name}-verify`,
          libvirtUri,
          { pool: poolName, volume: "base.qcow2", checksum: imageChecksum },
          { parent: this, dependsOn: [base] },
        );
        this.basePath = pulumi.all([base.path, verified.id]).apply(([file]) => file);
      }
    }

    this.poolName = pool.name;
    this.registerOutputs({ poolName: this.poolName });
  }
}
