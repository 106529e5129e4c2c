import type * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../../config/schema";
import type { LibvirtSite } from "../../config/sites";
import type { HostPlan } from "../../plan/plan";
import type { Seed } from "../../render/seed";
import type { LabNetwork } from "./lab-network";
import type { LabStorage } from "./lab-storage";

export interface GuestArgs {
  host: HostPlan;
  /** Its configuration at the first boot; it holds the host's SSH key. */
  seed: pulumi.Output<Seed>;
  config: LabConfig;
  /** The libvirt that it is in. */
  site: LibvirtSite;
  network: LabNetwork;
  storage: LabStorage;
}

/** The inputs of a domain's size: the provider would restart all hosts at the same time. See `HostRestarts`. */
export const SIZE = ["memory", "memoryUnit", "vcpu"];

/** A host in libvirt: what a container and a virtual machine have in common. */
export interface Guest {
  /** Changes when the domain is recreated. */
  readonly uuid: pulumi.Output<string>;
  /** Changes when the domain is defined again, whatever its size. */
  readonly defined: pulumi.Output<string>[];
  /** The host boots when these are there. */
  readonly started: pulumi.Resource[];
  /** Removes the key from the seed's volume, once the host is ready. */
  readonly takeSeedBack?: (ready: pulumi.Resource) => void;
}
