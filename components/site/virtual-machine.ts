import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import type { Hypervisor } from "../../config/schema";
import { domainNameOf, seedNameOf } from "../../config/libvirt-names";
import { virtualMachine } from "../../render/domain";
import { renderSpentSeed } from "../../render/seed";
import { renderSeedImage, SEED_BYTES } from "../../render/seed-image";
import { fingerprint } from "../../steps/fingerprint";
import { runLocally } from "../../steps/local";
import type { Guest, GuestArgs } from "./guest";

/** A host as a virtual machine: its disk, and a CD-ROM with its seed. */
export function createVirtualMachine(
  type: Exclude<Hypervisor, "lxc">,
  parent: pulumi.Resource,
  { host, seed, config, network, storage }: GuestArgs,
): Guest {
  const { name, mac } = host;
  const { libvirtUri, savedGuestPath } = config;
  const pool = storage.poolName;
  const disk = storage.createDisk(host, parent);
  const seedVolume = new libvirt.Volume(
    `${name}-seed`,
    { name: seedNameOf(name), pool, capacity: SEED_BYTES, target: { format: { type: "iso" } } },
    // It is found to be raw until it is written, which an interrupted run may not have come to; the provider cannot change a volume.
    { parent, ignoreChanges: ["target"] },
  );
  const definition = virtualMachine({
    name: domainNameOf(pulumi.getStack(), name),
    mac,
    cpus: config.cpus,
    memoryMiB: config.memoryMiB,
    networkName: network.networkName,
    type,
    diskPath: disk.path,
    seedPath: seedVolume.path,
  });
  const domain = new libvirt.Domain(`${name}-domain`, definition, { parent });
  // A domain that is defined again is shut off.
  const defined = [domain.uuid, pulumi.output(definition).apply((known) => fingerprint(JSON.stringify(known)))];
  // No file of this machine ever holds the seed: it goes from the state into the volume.
  const written = runLocally(
    `${name}-seed-write`,
    "site/seed-write.sh",
    [libvirtUri, pool, seedVolume.name, domain.uuid],
    { parent, dependsOn: [domain], rerunOn: defined, input: pulumi.secret(seed.apply(renderSeedImage)) },
  );
  // The memory of an emulated guest is none for kvm, where guests boot in seconds anyway.
  const savedGuest = type === "qemu" ? savedGuestPath : "";
  const started = runLocally(`${name}-start`, "site/domain-start.sh", [libvirtUri, domain.uuid, savedGuest], {
    parent,
    dependsOn: [written],
    rerunOn: defined,
  });
  return {
    uuid: domain.uuid,
    started: [started],
    takeSeedBack: (ready) => {
      runLocally(`${name}-seed-take-back`, "site/seed-write.sh", [libvirtUri, pool, seedVolume.name], {
        parent,
        dependsOn: [started, ready],
        rerunOn: defined,
        input: renderSeedImage(renderSpentSeed(host)),
      });
    },
  };
}
