/**
 * The part of provider dmacvicar/libvirt 0.9.7 that the lab uses, in the form that
 * `pulumi package add terraform-provider dmacvicar/libvirt 0.9.7` generates: 50,000 lines of types.
 * Names and nesting are the provider's, which follow libvirt's XML: https://libvirt.org/format.html
 */
import * as pulumi from "@pulumi/pulumi";
import type { DomainArgs, NetworkArgs, PoolArgs, ProviderArgs, VolumeArgs } from "./arguments";
import manifest from "./package.json";

export type * from "./arguments";

function packageReference(): Promise<string> {
  const { name, version, parameterization } = manifest.pulumi;
  return pulumi.runtime.registerPackage({
    baseProviderName: name,
    baseProviderVersion: version,
    baseProviderDownloadUrl: "",
    packageName: parameterization.name,
    packageVersion: parameterization.version,
    base64Parameter: parameterization.value,
  });
}

// An output that is not an input must be a property, as undefined, or it never appears on the resource.

/** A connection to one libvirt. */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs, opts?: pulumi.ResourceOptions) {
    super("libvirt", name, args, opts, false, packageReference());
  }
}

/** A virtual network with its DHCP server and name service. */
export class Network extends pulumi.CustomResource {
  declare public readonly name: pulumi.Output<string>;
  declare public readonly uuid: pulumi.Output<string>;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.CustomResourceOptions) {
    super("libvirt:index/network:Network", name, { ...args, uuid: undefined }, opts, false, packageReference());
  }
}

/** A storage pool. */
export class Pool extends pulumi.CustomResource {
  declare public readonly name: pulumi.Output<string>;
  declare public readonly uuid: pulumi.Output<string>;

  constructor(name: string, args: PoolArgs, opts?: pulumi.CustomResourceOptions) {
    super("libvirt:index/pool:Pool", name, { ...args, uuid: undefined }, opts, false, packageReference());
  }
}

/** A volume of a storage pool. */
export class Volume extends pulumi.CustomResource {
  declare public readonly name: pulumi.Output<string>;
  declare public readonly pool: pulumi.Output<string>;
  /** The file on libvirt's machine. */
  declare public readonly path: pulumi.Output<string>;

  constructor(name: string, args: VolumeArgs, opts?: pulumi.CustomResourceOptions) {
    super("libvirt:index/volume:Volume", name, { ...args, path: undefined }, opts, false, packageReference());
  }
}

/** A virtual machine or a container. */
export class Domain extends pulumi.CustomResource {
  declare public readonly name: pulumi.Output<string>;
  /** Identifies this domain among later ones of the same name. `id` does not: it is the text "missing ID". */
  declare public readonly uuid: pulumi.Output<string>;

  constructor(name: string, args: DomainArgs, opts?: pulumi.CustomResourceOptions) {
    super("libvirt:index/domain:Domain", name, { ...args, uuid: undefined }, opts, false, packageReference());
  }
}
