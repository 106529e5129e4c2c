import * as fs from "node:fs";
import * as path from "node:path";
import { bytesNeeded, requireSpace } from "../../hypervisor/disk-space";
import { isOnThisMachine } from "../../config/libvirt-uri";
import { libvirtNameOf } from "../../config/libvirt-names";
import type { LabConfig } from "../../config/schema";
import { siteOf } from "../../config/sites";
import { planLab } from "../../plan/plan";
import type { Stack } from "../stack/stack";

/** libvirt's folder of images. */
const IMAGES = path.join("lib", "images");

/**
 * Checks that this machine has disk space for the missing hosts.
 * @throws EngineError when it is not.
 */
export function checkSpace({ location, image, isPrivate }: Stack, configuration: LabConfig): void {
  const { imagePath, hypervisor } = configuration;
  const images = isPrivate
    ? path.join(location.stateFolder, "libvirt", IMAGES)
    : path.join("/var/lib/libvirt", "images");
  const here = planLab(configuration).hosts.filter((host) => {
    const site = siteOf(configuration, host);
    return site !== undefined && (isPrivate || isOnThisMachine(site.libvirtUri));
  });
  if (here.length === 0) return;
  const missing = here.filter(
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
