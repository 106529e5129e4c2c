import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import type { Hypervisor } from "../../config/schema";
import { domainNameOf, seedNameOf } from "../../config/libvirt-names";
import { virshUri } from "../../config/virsh";
import { virtualMachine } from "../../render/domain";
import { renderSpentSeed } from "../../render/seed";
import { renderSeedImage, SEED_BYTES } from "../../render/seed-image";
import { fingerprint } from "../../steps/fingerprint";
import { runLocally } from "../../steps/local";
import { type Guest, type GuestArgs, SIZE } from "./guest";

/** A host as a virtual machine: its disk, and a CD-ROM with its seed. */
export function createVirtualMachine(
  type: Exclude<Hypervisor, "lxc">,
  parent: pulumi.Resource,
  { host, seed, config, site, network, storage }: GuestArgs,
): Guest {
  const { name, mac } = host;
  const { savedGuestPath } = config;
  const uri = virshUri(site.libvirtUri);
  const pool = storage.poolName;
  const disk = storage.createDisk(host, parent);
  const seedVolume = new libvirt.Volume(
    `${name}-seed`,
    { name: seedNameOf(name), pool, capacity: SEED_BYTES, target: { format: { type: "iso" } } },
    // An interrupted run leaves an unwritten volume, whose format is raw; the provider cannot update a volume.
    { parent, ignoreChanges: ["target"] },
  );
  const definition = virtualMachine({
    name: domainNameOf(pulumi.getStack(), name),
    mac,
    cpus: host.cpus,
    memoryMiB: host.memoryMiB,
    networkName: network.networkName,
    type,
    diskPath: disk.path,
    seedPath: seedVolume.path,
  });
  const domain = new libvirt.Domain(`${name}-domain`, definition, {
    ...{ parent, ignoreChanges: SIZE },
    dependsOn: network.entries,
  });
  // Defining a domain again leaves it shut off.
  const sizeless = pulumi.output(definition).apply((known) => ({ ...known, memory: undefined, vcpu: undefined }));
  const defined = [domain.uuid, sizeless.apply((known) => fingerprint(JSON.stringify(known)))];
  // From the state straight into the volume: no file of this machine holds the seed.
  const written = runLocally(`${name}-seed-write`, "site/seed-write.sh", [uri, pool, seedVolume.name, domain.uuid], {
    parent,
    dependsOn: [domain],
    rerunOn: defined,
    input: pulumi.secret(seed.apply(renderSeedImage)),
  });
  // KVM cannot resume an emulated guest, and boots in seconds anyway.
  const savedGuest = type === "qemu" ? savedGuestPath : "";
  const started = runLocally(`${name}-start`, "site/domain-start.sh", [uri, domain.uuid, savedGuest], {
    parent,
    dependsOn: [written],
    rerunOn: defined,
  });
  return {
    uuid: domain.uuid,
    defined,
    started: [started],
    takeSeedBack: (ready) => {
      runLocally(`${name}-seed-take-back`, "site/seed-write.sh", [uri, pool, seedVolume.name], {
        parent,
        dependsOn: [started, ready],
        rerunOn: defined,
        input: renderSeedImage(renderSpentSeed(host)),
      });
    },
  };
}
