import * as command from "@pulumi/command";
import type * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { commandLine } from "./command-line";
import { fingerprint } from "./fingerprint";

/** Steps that run where the deployment runs, as its account: they speak with libvirt. */
export interface LocalOptions {
  parent: pulumi.Resource;
  dependsOn: pulumi.Resource[];
}

/**
 * Ends a domain and its definition before the provider deletes it: on LXC the provider's own way fails (it undefines with flags
 * that the driver does not know). By UUID: the name may be its successor's by then.
 */
export function undefineBeforeDelete(
  name: string,
  libvirtUri: string,
  machine: pulumi.Input<string>,
  options: LocalOptions,
): command.local.Command {
  return new command.local.Command(
    name,
    { create: ":", delete: localScript("site/domain-undefine.sh", [libvirtUri, machine]), triggers: [machine] },
    { ...options, deleteBeforeReplace: true },
  );
}

/**
 * Starts a domain for the first time: from a guest that was saved after its boot, where that fits, else by booting it.
 * @param definition What it was defined by: a domain that is defined anew is off.
 */
export function startDomain(
  name: string,
  libvirtUri: string,
  domain: { machine: pulumi.Input<string>; definition: libvirt.DomainArgs; savedGuestPath: string },
  options: LocalOptions,
): command.local.Command {
  const definition = pulumi.output(domain.definition).apply((known) => fingerprint(JSON.stringify(known)));
  return new command.local.Command(
    name,
    {
      create: localScript("site/domain-start.sh", [libvirtUri, domain.machine, domain.savedGuestPath]),
      triggers: [domain.machine, definition],
    },
    options,
  );
}

/** Empties the seed of a machine that has read it: it holds the host's SSH key. What asks for a seed again gets a new volume. */
export function emptySeed(
  name: string,
  libvirtUri: string,
  seed: { pool: pulumi.Input<string>; volume: pulumi.Input<string>; machine: pulumi.Input<string> },
  options: LocalOptions,
): command.local.Command {
  return new command.local.Command(
    name,
    { create: localScript("site/seed-empty.sh", [libvirtUri, seed.pool, seed.volume]), triggers: [seed.machine] },
    options,
  );
}

/** Verifies the image that hosts are made from, once: not one to come. */
export function verifyImage(
  name: string,
  libvirtUri: string,
  image: { pool: string; volume: string; checksum: string },
  options: LocalOptions,
): command.local.Command {
  return new command.local.Command(
    name,
    { create: localScript("site/image-verify.sh", [libvirtUri, image.pool, image.volume, image.checksum]) },
    { ...options, ignoreChanges: ["create"] },
  );
}

function localScript(script: string, args: pulumi.Input<string>[]): pulumi.Output<string> {
  return commandLine(["bash", `scripts/${script}`], args);
}
