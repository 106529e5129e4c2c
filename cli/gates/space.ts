import * as fs from "node:fs";
import * as path from "node:path";
import { bytesNeeded, requireSpace } from "../../hypervisor/disk-space";
import { isOnThisMachine } from "../../config/libvirt-uri";
import { planLab } from "../../plan/plan";
import { libvirtNameOf } from "../../render/domain";
import { checkedConfig } from "../stack/checked-config";
import { chosenEngine } from "../stack/open-engine";
import type { Invocation } from "../invocation";
import type { Stack } from "../stack/stack";

/** Where libvirt keeps images. */
const IMAGES = path.join("lib", "images");

/**
 * Checks the configuration before this machine is made ready for it, and that the disk is large enough. Pulumi's own engine leaves both to
 * the program and to libvirt: only it can read what `pulumi config` has encrypted.
 * @throws EngineError with what is wrong.
 */
export function checkSpace(invocation: Invocation, stack: Stack): void {
  if (chosenEngine(invocation, stack) !== "embedded") return;
  const { location, image, isPrivate } = stack;
  const config = checkedConfig(location, invocation.options.config);
  const { imagePath, hypervisor, libvirtUri } = config;
  if (!isPrivate && !isOnThisMachine(libvirtUri)) return;
  const images = isPrivate
    ? path.join(location.stateFolder, "libvirt", IMAGES)
    : path.join("/var/lib/libvirt", "images");
  const missing = planLab(config).hosts.filter(
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
