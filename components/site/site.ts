import type { SshAccess } from "../../plan/access";
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { hasHostMap } from "../../config/hosts";
import type { LabConfig } from "../../config/schema";
import type { LabPlan } from "../../plan/plan";
import { libvirtNameOf } from "../../config/libvirt-names";
import type { ManagedHost } from "../../steps/inventory";
import { DEPLOYMENT_ACCOUNT, LabHost } from "./lab-host";
import { LabNetwork } from "./lab-network";
import { LabStorage } from "./lab-storage";

export interface SiteArgs {
  config: LabConfig;
  plan: LabPlan;
}

/** The libvirt where the hosts run: a network, a pool, and every host of the plan, ready for its first step. */
export class Site extends pulumi.ComponentResource {
  /** A secret: it holds the deployment's key. */
  public readonly ssh: pulumi.Output<SshAccess>;

  private readonly hosts: readonly LabHost[];

  constructor(name: string, args: SiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:site:Site", name, {}, opts);
    const { config, plan } = args;

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
    this.hosts = plan.hosts.map(
      (host) =>
        new LabHost(
          host.name,
          { host, reservations: plan.network.reservations, config, network, storage, deploymentKey },
          onLibvirt,
        ),
    );

    this.ssh = pulumi.secret({
      user: DEPLOYMENT_ACCOUNT,
      privateKey: deploymentKey.privateKeyOpenssh,
      hostKeys: Object.fromEntries(this.hosts.map((host) => [host.name, host.hostKey])),
    });
    this.registerOutputs({});
  }

  /** The host of this name. */
  host(name: string): LabHost {
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
