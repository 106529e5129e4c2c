import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { domainNameOf } from "../../config/libvirt-names";
import { virshUri } from "../../config/virsh";
import { container } from "../../render/domain";
import { runOnDelete } from "../../steps/local";
import { type Guest, type GuestArgs, SIZE } from "./guest";

/** A host as a container of libvirt's LXC driver: its disk is mounted as a loop device. */
export function createContainer(parent: pulumi.Resource, { host, seed, site, network, storage }: GuestArgs): Guest {
  const { name } = host;
  const disk = storage.createDisk(host, parent);
  const encode = (text: string): string => Buffer.from(text).toString("base64");
  const domain = new libvirt.Domain(
    `${name}-domain`,
    container({
      name: domainNameOf(pulumi.getStack(), name),
      mac: host.mac,
      cpus: host.cpus,
      memoryMiB: host.memoryMiB,
      networkName: network.networkName,
      diskPath: disk.path,
      seed: { metaData: seed.apply((s) => encode(s.metaData)), userData: seed.apply((s) => encode(s.userData)) },
    }),
    // The provider's update undefines with flags that LXC refuses.
    { parent, replaceOnChanges: ["*"], deleteBeforeReplace: true, ignoreChanges: SIZE, dependsOn: network.entries },
  );
  // So does its delete. By UUID: the name may be the successor's by then.
  runOnDelete(`${name}-undefine`, "site/domain-undefine.sh", [virshUri(site.libvirtUri), domain.uuid], {
    parent,
    dependsOn: [domain],
    rerunOn: [domain.uuid],
  });
  return { uuid: domain.uuid, defined: [domain.uuid], started: [domain] };
}
