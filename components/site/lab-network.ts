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
  /** The name in libvirt. */
  networkName: string;
}

/** The lab's own network: fixed addresses, and a name service that resolves every reserved host forward and backward. */
export class LabNetwork extends pulumi.ComponentResource {
  /** The network's name in libvirt. */
  public readonly networkName: pulumi.Output<string>;

  constructor(name: string, args: LabNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:network:LabNetwork", name, {}, opts);
    const { plan, mode, networkName } = args;
    const addresses = plan.reservations.map(({ address }) => address);

    const network = new libvirt.Network(
      name,
      {
        name: networkName,
        bridge: {
          name: bridgeNameOf(networkName),
          // STP would delay a host's first packet by seconds, and there is no loop.
          stp: "off",
          delay: "0",
        },
        // Without `forward` there is no route out.
        ...(mode === "isolated" ? {} : { forward: { mode } }),
        domain: { name: "lab", localOnly: "yes" },
        autostart: true,
        dns: {
          hosts: plan.reservations.map(({ name, address }) => ({ ip: address, hostnames: [{ hostname: name }] })),
        },
        ips: [
          {
            address: plan.gateway,
            prefix: plan.prefix,
            dhcp: {
              ranges: [{ start: addresses[0] ?? "", end: addresses.at(-1) ?? "" }],
              hosts: plan.reservations.map(({ name, address, mac }) => ({ mac, ip: address, name })),
            },
          },
        ],
      },
      { parent: this },
    );

    this.networkName = network.name;
    this.registerOutputs({ networkName: this.networkName });
  }
}
