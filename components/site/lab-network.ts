import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import type { AddressPlan } from "../../plan/address-plan";
import { bridgeNameOf } from "../../config/libvirt-names";
import type { NetworkMode } from "../../config/schema";

export interface LabNetworkArgs {
  /** Addresses, names and MAC addresses, including possible hosts': libvirt does not apply later changes. */
  plan: AddressPlan;
  /** The network's way out. */
  mode: NetworkMode;
  /** The existing bridge that `bridge` is about. */
  bridge: string;
  /** The name in libvirt. */
  networkName: string;
}

/**
 * The hosts' network: the lab's own, with fixed addresses and a name service that resolves every reserved host forward and backward, or an
 * existing bridge, whose DHCP server gives the addresses.
 */
export class LabNetwork extends pulumi.ComponentResource {
  /** The network's name in libvirt. */
  public readonly networkName: pulumi.Output<string>;

  constructor(name: string, args: LabNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:network:LabNetwork", name, {}, opts);
    const { plan, mode, bridge, networkName } = args;

    const network = new libvirt.Network(
      name,
      {
        name: networkName,
        autostart: true,
        ...(mode === "bridge" ? { forward: { mode }, bridge: { name: bridge } } : ownNetwork(plan, mode, networkName)),
      },
      { parent: this },
    );

    this.networkName = network.name;
    this.registerOutputs({ networkName: this.networkName });
  }
}

function ownNetwork(
  { gateway, prefix, reservations }: AddressPlan,
  mode: Exclude<NetworkMode, "bridge">,
  networkName: string,
): Partial<libvirt.NetworkArgs> {
  const addresses = reservations.map(({ address }) => address);
  return {
    bridge: {
      name: bridgeNameOf(networkName),
      // STP would delay a host's first packet by seconds, and there is no loop.
      stp: "off",
      delay: "0",
    },
    // Without `forward` there is no route out.
    ...(mode === "isolated" ? {} : { forward: { mode } }),
    domain: { name: "lab", localOnly: "yes" },
    dns: { hosts: reservations.map(({ name, address }) => ({ ip: address, hostnames: [{ hostname: name }] })) },
    ips: [
      {
        address: gateway,
        prefix,
        dhcp: {
          ranges: [{ start: addresses[0] ?? "", end: addresses.at(-1) ?? "" }],
          hosts: reservations.map(({ name, address, mac }) => ({ mac, ip: address, name })),
        },
      },
    ],
  };
}
