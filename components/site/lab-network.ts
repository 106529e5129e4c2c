import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { type AddressPlan, namesOf, type Reservation } from "../../plan/address-plan";
import { bridgeNameOf } from "../../config/libvirt-names";
import type { NetworkMode } from "../../config/schema";
import type { LibvirtSite } from "../../config/sites";
import { virshUri } from "../../config/virsh";
import { runLocally } from "../../steps/local";

export interface LabNetworkArgs {
  /** Addresses, names and MAC addresses, including possible hosts'. */
  plan: AddressPlan;
  /**
   * Whether hosts come and go that are not in the plan yet. libvirt's provider does not apply later changes of a network: then a step keeps
   * its entries.
   */
  isOpen: boolean;
  /** The libvirt, and the network's way out. */
  site: LibvirtSite;
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
  /** The step by which the network knows its hosts, if there is one: a host that boots before it gets another address. */
  public readonly entries: pulumi.Resource[];

  constructor(name: string, args: LabNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:network:LabNetwork", name, {}, opts);
    const { plan, isOpen, networkName } = args;
    const { libvirtUri, networkMode: mode, bridge } = args.site;

    const network = new libvirt.Network(
      name,
      {
        name: networkName,
        autostart: true,
        ...(mode === "bridge" ? { forward: { mode }, bridge: { name: bridge } } : ownNetwork(args, mode)),
      },
      { parent: this, ignoreChanges: isOpen ? ["dns", "ips"] : [] },
    );
    this.entries =
      isOpen && mode !== "bridge"
        ? [
            runLocally(
              `${name}-entries`,
              "site/network-entries.sh",
              [virshUri(libvirtUri), network.name, ...plan.reservations.map(entryOf)],
              { parent: this, dependsOn: [network], rerunOn: [network.uuid] },
            ),
          ]
        : [];

    this.networkName = network.name;
    this.registerOutputs({ networkName: this.networkName });
  }
}

function entryOf(reservation: Reservation): string {
  return [reservation.mac, reservation.address, ...namesOf(reservation)].join(" ");
}

function ownNetwork(
  { plan: { gateway, prefix, range, reservations }, isOpen, networkName }: LabNetworkArgs,
  mode: Exclude<NetworkMode, "bridge">,
): Partial<libvirt.NetworkArgs> {
  const names = reservations.map(({ name, address }) => ({ ip: address, hostnames: [{ hostname: name }] }));
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
    ...(isOpen ? {} : { dns: { hosts: names } }),
    ips: [
      {
        address: gateway,
        prefix,
        dhcp: {
          ranges: [range],
          ...(isOpen ? {} : { hosts: reservations.map(({ name, address, mac }) => ({ mac, ip: address, name })) }),
        },
      },
    ],
  };
}
