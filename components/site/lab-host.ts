import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { domainNameOf } from "../../config/libvirt-names";
import type { Hypervisor, LabConfig } from "../../config/schema";
import type { LibvirtSite } from "../../config/sites";
import { virshUri } from "../../config/virsh";
import { namesOf, type Reservation } from "../../plan/address-plan";
import { HOST_TYPE } from "../../plan/layout";
import type { HostPlan } from "../../plan/plan";
import { renderSeed } from "../../render/seed";
import { Inventory } from "../../steps/inventory";
import { runLocally } from "../../steps/local";
import { runScript } from "../../steps/remote";
import { createContainer } from "./container";
import type { Guest } from "./guest";
import type { LabNetwork } from "./lab-network";
import type { LabStorage } from "./lab-storage";
import type { SiteHost } from "./site-host";
import { createVirtualMachine } from "./virtual-machine";

/** The account that the deployment uses on every host. */
export const DEPLOYMENT_ACCOUNT = "lab";

/** How long a host may take to its first packet, and from there to its address. */
const SECONDS: Readonly<Record<Hypervisor, { boot: number; lease: number }>> = {
  lxc: { boot: 120, lease: 40 },
  kvm: { boot: 300, lease: 40 },
  qemu: { boot: 900, lease: 120 },
};

export interface LabHostArgs {
  host: HostPlan;
  /** Every present and possible host: it must resolve them all. */
  reservations: readonly Reservation[];
  config: LabConfig;
  /** The libvirt that it is in. */
  site: LibvirtSite;
  network: LabNetwork;
  storage: LabStorage;
  /** The deployment's SSH key. */
  deploymentKey: tls.PrivateKey;
}

/** A host: its SSH host key, disk, seed and domain, until it answers and resolves every other host. */
export class LabHost extends pulumi.ComponentResource implements SiteHost {
  public readonly name: string;
  public readonly plan: HostPlan;
  public readonly connection: pulumi.Output<command.types.input.remote.ConnectionArgs>;
  public readonly identity: pulumi.Output<string>;
  /** Changes when its domain is defined again, whatever its size. */
  public readonly defined: pulumi.Output<string>[];
  public readonly ready: pulumi.Resource;
  /** The host's public key, OpenSSH format. */
  public readonly hostKey: pulumi.Output<string>;
  public readonly inventory = new Inventory();

  constructor(name: string, args: LabHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super(HOST_TYPE, name, {}, opts);
    const { host, reservations, config, site, network, storage, deploymentKey } = args;
    this.name = name;
    this.plan = host;

    const hostKey = new tls.PrivateKey(`${name}-host-key`, { algorithm: "ED25519" }, { parent: this });
    const seed = pulumi
      .all([deploymentKey.publicKeyOpenssh, hostKey.privateKeyOpenssh, hostKey.publicKeyOpenssh])
      .apply(([authorizedKey, privateKey, publicKey]) =>
        renderSeed({ host, user: DEPLOYMENT_ACCOUNT, authorizedKey, hostKey: { privateKey, publicKey } }),
      );
    const guestArgs = { host, seed, config, site, network, storage };
    const guest =
      config.hypervisor === "lxc"
        ? createContainer(this, guestArgs)
        : createVirtualMachine(config.hypervisor, this, guestArgs);

    this.identity = guest.uuid;
    this.defined = guest.defined;
    this.hostKey = hostKey.publicKeyOpenssh;
    this.connection = pulumi.secret({
      host: host.address,
      user: DEPLOYMENT_ACCOUNT,
      privateKey: deploymentKey.privateKeyOpenssh,
      hostKey: hostKey.publicKeyOpenssh,
      // A booting host refuses connections; the step's time-out limits the wait.
      dialErrorLimit: -1,
    });
    const names = reservations.map(({ name, address }) => `${name}=${address}`);
    const lines = reservations.map((each) => `${namesOf(each).join(" ")}=${each.address}`);
    // Three cloud images, emulated on two busy processors, took seven minutes.
    const first = { parent: this, dependsOn: guest.started, timeout: "20m" } as const;
    const isOnBridge = site.networkMode === "bridge";
    const addressed = isOnBridge ? [this.awaitAddress(args, guest)] : guest.started;
    // A network of the lab's own knows the hosts of its site alone, and a bridge's none.
    const named =
      isOnBridge || site.name !== undefined
        ? [runScript(`${name}-names`, this, "site/host-names.sh", lines, { ...first, dependsOn: addressed })]
        : [];
    this.ready = runScript(`${name}-ready`, this, "site/host-ready.sh", names, {
      ...first,
      dependsOn: [...guest.started, ...named],
    });
    guest.takeSeedBack?.(this.ready);

    this.registerOutputs({ address: host.address });
  }

  /** On somebody else's network: the DHCP server has to know the host's address. */
  private awaitAddress({ host, config, site }: LabHostArgs, { uuid, started }: Guest): pulumi.Resource {
    const { name, address, mac } = host;
    const domain = domainNameOf(pulumi.getStack(), name);
    const { boot, lease } = SECONDS[config.hypervisor];
    return runLocally(
      `${name}-address`,
      "site/address-await.sh",
      [virshUri(site.libvirtUri), domain, address, site.bridge, mac, String(boot), String(lease)],
      { parent: this, dependsOn: started, rerunOn: [uuid] },
    );
  }
}
