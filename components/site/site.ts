import type { SshAccess } from "../../plan/access";
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { hasHostMap } from "../../config/hosts";
import type { LabConfig } from "../../config/schema";
import { hostsAt, type LibvirtSite, sitesOf } from "../../config/sites";
import { type AddressPlan, planAddresses } from "../../plan/address-plan";
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

/** Where the hosts run, and every host of the plan, ready for its first step: libvirts, each with a network and a pool, and machines that exist. */
export class Site extends pulumi.ComponentResource {
  /** A secret: it holds the key that the hosts authorize. */
  public readonly ssh: pulumi.Output<SshAccess>;

  private readonly hosts: readonly SiteHost[];

  constructor(name: string, args: SiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:site:Site", name, {}, opts);
    const { config, sshPrivateKey = "" } = args;
    const sites = sitesOf(config);
    const deploymentKey =
      sites.length === 0
        ? undefined
        : new tls.PrivateKey(`${name}-deployment-key`, { algorithm: "ED25519" }, { parent: this });
    const made =
      deploymentKey === undefined ? [] : sites.flatMap((site) => this.makeHosts(name, site, args, deploymentKey));
    const machines = this.findMachines(args, made);
    this.hosts = [...made, ...machines];
    this.ssh = pulumi.secret({
      ...(deploymentKey === undefined
        ? { user: "", privateKey: sshPrivateKey }
        : { user: DEPLOYMENT_ACCOUNT, privateKey: deploymentKey.privateKeyOpenssh }),
      ...(deploymentKey === undefined || machines.length === 0 ? {} : { machineKey: sshPrivateKey }),
      hostKeys: Object.fromEntries(this.hosts.map((host) => [host.name, host.hostKey])),
    });
    this.registerOutputs({});
  }

  private makeHosts(
    name: string,
    site: LibvirtSite,
    { config, plan }: SiteArgs,
    deploymentKey: tls.PrivateKey,
  ): LabHost[] {
    const prefix = site.name === undefined ? name : `${name}-${site.name}`;
    const provider = new libvirt.Provider(`${prefix}-libvirt`, { uri: site.libvirtUri }, { parent: this });
    const onLibvirt = { parent: this, provider };
    const libvirtName = libvirtNameOf(pulumi.getStack());
    const own = hostsAt(config, site, plan.hosts);
    const network = new LabNetwork(
      `${prefix}-network`,
      { plan: addressesOf(site, plan, own), isOpen: hasHostMap(config), site, networkName: libvirtName },
      onLibvirt,
    );
    const storage = new LabStorage(
      `${prefix}-storage`,
      { libvirtUri: site.libvirtUri, config, poolName: libvirtName },
      onLibvirt,
    );
    const { reservations } = plan.network;
    return own.map(
      (host) =>
        new LabHost(host.name, { host, reservations, config, site, network, storage, deploymentKey }, onLibvirt),
    );
  }

  /** Nothing changes on a machine before all of them have passed. */
  private findMachines({ plan, config, sshPrivateKey = "" }: SiteArgs, made: readonly LabHost[]): ExistingHost[] {
    const machines = plan.hosts.flatMap(({ existing, ...host }) =>
      existing === undefined
        ? []
        : new ExistingHost(
            host.name,
            { host: { ...host, existing }, plan, config, privateKey: sshPrivateKey },
            { parent: this },
          ),
    );
    const passed = machines.map((host) => host.passed);
    // A primary that shuts down archives its last WAL: the repository host is given back, or deleted, after it.
    const order = ["repository", "primary", "standby", "barman"] as const;
    for (const [index, role] of order.entries()) {
      const before = order[index - 1];
      const later = [
        ...machines.filter((host) => host.plan.role === before).map((host) => host.released),
        ...made.filter((host) => host.plan.role === before).map((host) => host.ready),
      ];
      for (const host of machines.filter((each) => each.plan.role === role))
        host.join(passed, later, plan.network.reservations);
    }
    return machines;
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

/** The addresses of a site's network; of several sites, each has those of its own hosts. */
function addressesOf(site: LibvirtSite, plan: LabPlan, own: readonly { readonly name: string }[]): AddressPlan {
  if (site.name === undefined) return plan.network;
  const reservations = plan.network.reservations.filter(({ name }) => own.some((host) => host.name === name));
  return { ...planAddresses(site.network, {}), reservations };
}
