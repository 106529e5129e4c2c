import * as fs from "node:fs";
import * as path from "node:path";
import { bytesNeeded, requireSpace } from "../../hypervisor/disk-space";
import { areExisting } from "../../config/hosts";
import { isOnThisMachine } from "../../config/libvirt-uri";
import { libvirtNameOf } from "../../config/libvirt-names";
import type { LabConfig } from "../../config/schema";
import { planLab } from "../../plan/plan";
import type { Stack } from "../stack/stack";

/** libvirt's folder of images. */
const IMAGES = path.join("lib", "images");

/**
 * Checks that this machine has disk space for the missing hosts.
 * @throws EngineError when it is not.
 */
export function checkSpace({ location, image, isPrivate }: Stack, configuration: LabConfig): void {
  const { imagePath, hypervisor, libvirtUri } = configuration;
  if (areExisting(configuration)) return;
  if (!isPrivate && !isOnThisMachine(libvirtUri)) return;
  const images = isPrivate
    ? path.join(location.stateFolder, "libvirt", IMAGES)
    : path.join("/var/lib/libvirt", "images");
  const missing = planLab(configuration).hosts.filter(
    ({ volumes }) => !fs.existsSync(path.join(images, libvirtNameOf(location.stack), volumes.disk)),
  );
  const needs = {
    image: imagePath,
    isBuilt: image !== undefined,
    hosts: missing.length,
    isCopied: hypervisor === "lxc",
  };
  requireSpace(images, bytesNeeded(needs));
}
