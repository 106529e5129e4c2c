import type { SshAccess } from "../../plan/access";
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { areExisting, hasHostMap } from "../../config/hosts";
import type { LabConfig } from "../../config/schema";
import type { LabPlan } from "../../plan/plan";
import { libvirtNameOf } from "../../config/libvirt-names";
import type { ManagedHost } from "../../steps/inventory";
import { ExistingHost } from "./existing-host";
import { DEPLOYMENT_ACCOUNT, LabHost } from "./lab-host";
import { LabNetwork } from "./lab-network";
import { LabStorage } from "./lab-storage";
import type { SiteHost } from "./site-host";

export interface SiteArgs {
  config: LabConfig;
  plan: LabPlan;
  /**
   * The key that existing machines authorize.
   * @default - an SSH agent has it
   */
  sshPrivateKey?: string;
}

/** Hosts, and how they are reached. */
interface Hosts {
  readonly hosts: readonly SiteHost[];
  readonly access: pulumi.Inputs & Record<"user" | "privateKey", pulumi.Input<string>>;
}

/** Where the hosts run, and every host of the plan, ready for its first step: a libvirt with a network and a pool, or machines that exist. */
export class Site extends pulumi.ComponentResource {
  /** A secret: it holds the key that the hosts authorize. */
  public readonly ssh: pulumi.Output<SshAccess>;

  private readonly hosts: readonly SiteHost[];

  constructor(name: string, args: SiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:site:Site", name, {}, opts);
    const { config } = args;
    const made = areExisting(config) ? this.findMachines(args) : this.makeHosts(name, args);
    this.hosts = made.hosts;
    this.ssh = pulumi.secret({
      ...made.access,
      hostKeys: Object.fromEntries(this.hosts.map((host) => [host.name, host.hostKey])),
    });
    this.registerOutputs({});
  }

  private makeHosts(name: string, { config, plan }: SiteArgs): Hosts {
    const provider = new libvirt.Provider(`${name}-libvirt`, { uri: config.libvirtUri }, { parent: this });
    const onLibvirt = { parent: this, provider };
    const libvirtName = libvirtNameOf(pulumi.getStack());
    const network = new LabNetwork(
      `${name}-network`,
      {
        ...{ plan: plan.network, isOpen: hasHostMap(config), libvirtUri: config.libvirtUri },
        ...{ mode: config.networkMode, bridge: config.bridge, networkName: libvirtName },
      },
      onLibvirt,
    );
    const storage = new LabStorage(`${name}-storage`, { config, poolName: libvirtName }, onLibvirt);
    const deploymentKey = new tls.PrivateKey(`${name}-deployment-key`, { algorithm: "ED25519" }, { parent: this });
    const hosts = plan.hosts.map(
      (host) =>
        new LabHost(
          host.name,
          { host, reservations: plan.network.reservations, config, network, storage, deploymentKey },
          onLibvirt,
        ),
    );
    return { hosts, access: { user: DEPLOYMENT_ACCOUNT, privateKey: deploymentKey.privateKeyOpenssh } };
  }

  /** Nothing changes on a machine before all of them have passed. */
  private findMachines({ plan, config, sshPrivateKey = "" }: SiteArgs): Hosts {
    const hosts = plan.hosts.flatMap((host) =>
      host.existing === undefined
        ? []
        : new ExistingHost(
            host.name,
            { host: { ...host, existing: host.existing }, plan, config, privateKey: sshPrivateKey },
            { parent: this },
          ),
    );
    const passed = hosts.map((host) => host.passed);
    // A primary that shuts down archives its last WAL: the repository host is given back after it.
    const inOrder = (["repository", "primary", "standby", "barman"] as const).map((role) =>
      hosts.filter((host) => host.plan.role === role),
    );
    for (const [index, group] of inOrder.entries())
      for (const host of group) host.join(passed, inOrder[index - 1] ?? [], plan.network.reservations);
    return { hosts, access: { user: "", privateKey: sshPrivateKey } };
  }

  /** The host of this name. */
  host(name: string): SiteHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found === undefined) throw new RangeError(`the plan has no host "${name}"`);
    return found;
  }

  /** What the program keeps on each host, by its name: complete once every component exists. */
  managed(): pulumi.Output<Readonly<Record<string, ManagedHost>>> {
    return pulumi.secret(
      pulumi.all(Object.fromEntries(this.hosts.map((host) => [host.name, host.inventory.toOutput()]))),
    );
  }
}
