import type * as command from "@pulumi/command";
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { Reservation } from "../../plan/address-plan";
import { HOST_TYPE } from "../../plan/layout";
import type { HostPlan } from "../../plan/plan";
import { container, virtualMachine } from "../../render/domain";
import type { LabConfig } from "../../config/schema";
import { Inventory } from "../../steps/inventory";
import type { RemoteHost } from "../../steps/remote-host";
import { emptySeed, startDomain, undefineBeforeDelete } from "../../steps/local";
import { runScript } from "../../steps/remote";
import { renderSeed } from "../../render/seed";
import type { LabNetwork } from "./lab-network";
import type { LabStorage } from "./lab-storage";

/** The account that the deployment uses on every host. */
export const DEPLOYMENT_ACCOUNT = "lab";

export interface LabHostArgs {
  host: HostPlan;
  /** Every host that the lab has or may have one day: what it must find by name. */
  reservations: readonly Reservation[];
  config: LabConfig;
  network: LabNetwork;
  storage: LabStorage;
  /** The key that the deployment comes with. */
  deploymentKey: tls.PrivateKey;
}

/** A host: its SSH host key, disk, seed and domain, up to the moment when it answers and finds every other host by name. */
export class LabHost extends pulumi.ComponentResource implements RemoteHost {
  public readonly name: string;
  public readonly plan: HostPlan;
  public readonly connection: pulumi.Output<command.types.input.remote.ConnectionArgs>;
  public readonly identity: pulumi.Output<string>;
  public readonly ready: pulumi.Resource;
  /** Public key that the host identifies itself with, OpenSSH format. */
  public readonly hostKey: pulumi.Output<string>;
  public readonly inventory = new Inventory();

  constructor(name: string, args: LabHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super(HOST_TYPE, name, {}, opts);
    const { host, reservations, config, network, storage, deploymentKey } = args;
    this.name = name;
    this.plan = host;

    const hostKey = new tls.PrivateKey(`${name}-host-key`, { algorithm: "ED25519" }, { parent: this });
    const seed = pulumi
      .all([deploymentKey.publicKeyOpenssh, hostKey.privateKeyOpenssh, hostKey.publicKeyOpenssh])
      .apply(([authorizedKey, privateKey, publicKey]) =>
        renderSeed({ host, user: DEPLOYMENT_ACCOUNT, authorizedKey, hostKey: { privateKey, publicKey } }),
      );
    const parts = { host, cpus: config.cpus, memoryMiB: config.memoryMiB, networkName: network.networkName };
    const { domain, started, seedVolume } =
      config.hypervisor === "lxc"
        ? { domain: this.createContainer(name, parts, seed, config, storage), started: [], seedVolume: undefined }
        : this.createVirtualMachine(name, parts, seed, { ...config, hypervisor: config.hypervisor }, storage);

    this.identity = domain.uuid;
    this.hostKey = hostKey.publicKeyOpenssh;
    this.connection = pulumi.secret({
      host: host.address,
      user: DEPLOYMENT_ACCOUNT,
      privateKey: deploymentKey.privateKeyOpenssh,
      hostKey: hostKey.publicKeyOpenssh,
      // A host that boots refuses connections for a while; the step's time-out ends it.
      dialErrorLimit: -1,
    });
    this.ready = runScript(
      `${name}-ready`,
      this,
      "site/host-ready.sh",
      reservations.map(({ name, address }) => `${name}=${address}`),
      { parent: this, dependsOn: [domain, ...started] },
    );
    if (seedVolume !== undefined) {
      emptySeed(
        `${name}-seed-empty`,
        config.libvirtUri,
        { pool: storage.poolName, volume: seedVolume.name, machine: domain.uuid },
        { parent: this, dependsOn: [this.ready] },
      );
    }

    this.registerOutputs({ address: host.address });
  }

  /** A raw disk of its own: libvirt mounts it as a loop device. */
  private createContainer(
    name: string,
    parts: Omit<Parameters<typeof container>[0], "diskPath" | "seed">,
    seed: pulumi.Output<{ metaData: string; userData: string }>,
    config: LabConfig,
    storage: LabStorage,
  ): libvirt.Domain {
    const disk = new libvirt.Volume(
      this.plan.resources.disk,
      {
        name: this.plan.volumes.disk,
        pool: storage.poolName,
        target: { format: { type: "raw" } },
        create: { content: { url: config.imagePath } },
      },
      // The disk holds the host's data: a rebuilt image must not replace it.
      { parent: this, ignoreChanges: ["create"] },
    );
    const encode = (text: string): string => Buffer.from(text).toString("base64");
    const domain = new libvirt.Domain(
      `${name}-domain`,
      container({
        ...parts,
        diskPath: disk.path,
        seed: { metaData: seed.apply((s) => encode(s.metaData)), userData: seed.apply((s) => encode(s.userData)) },
      }),
      // The provider's update undefines with flags that LXC refuses.
      { parent: this, replaceOnChanges: ["*"], deleteBeforeReplace: true },
    );
    undefineBeforeDelete(`${name}-undefine`, config.libvirtUri, domain.uuid, {
      parent: this,
      dependsOn: [domain],
    });
    return domain;
  }

  /** A disk laid over the base image, and the seed as a CD-ROM. It is started with the memory of a saved guest, when there is one. */
  private createVirtualMachine(
    name: string,
    parts: Omit<Parameters<typeof virtualMachine>[0], "diskPath" | "seedPath" | "type" | "isStarted">,
    seed: pulumi.Output<{ metaData: string; userData: string }>,
    {
      hypervisor,
      libvirtUri,
      savedGuestPath,
    }: Pick<LabConfig, "libvirtUri" | "savedGuestPath"> & { hypervisor: "kvm" | "qemu" },
    storage: LabStorage,
  ): { domain: libvirt.Domain; started: pulumi.Resource[]; seedVolume: libvirt.Volume } {
    const cloudinit = new libvirt.CloudinitDisk(
      `${name}-cloudinit`,
      { name: `${name}-seed`, metaData: seed.metaData, userData: seed.userData },
      { parent: this, additionalSecretOutputs: ["userData"] },
    );
    const seedVolume = new libvirt.Volume(
      `${name}-seed`,
      {
        name: this.plan.volumes.seed,
        pool: storage.poolName,
        // With "raw" every preview shows a change.
        target: { format: { type: "iso" } },
        create: { content: { url: cloudinit.path } },
      },
      { parent: this, ignoreChanges: ["create"] },
    );
    const disk = new libvirt.Volume(
      this.plan.resources.disk,
      {
        name: this.plan.volumes.disk,
        pool: storage.poolName,
        capacity: 8 * 1024 ** 3,
        target: { format: { type: "qcow2" } },
        backingStore: { path: storage.basePath ?? "", format: { type: "qcow2" } },
      },
      { parent: this, ignoreChanges: ["backingStore"] },
    );
    // The memory of an emulated guest is none for kvm, where guests boot in seconds anyway.
    const isRestored = savedGuestPath !== "" && hypervisor === "qemu";
    const definition = virtualMachine({
      ...parts,
      type: hypervisor,
      diskPath: disk.path,
      seedPath: seedVolume.path,
      isStarted: !isRestored,
    });
    // A host that runs is not to be stopped because new ones are started in another way.
    const domain = new libvirt.Domain(`${name}-domain`, definition, { parent: this, ignoreChanges: ["running"] });
    const started = isRestored
      ? [
          startDomain(
            `${name}-start`,
            libvirtUri,
            { machine: domain.uuid, definition, savedGuestPath },
            { parent: this, dependsOn: [domain] },
          ),
        ]
      : [];
    return { domain, started, seedVolume };
  }
}
