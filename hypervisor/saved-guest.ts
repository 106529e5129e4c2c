import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runAsRoot } from "./run-as-root";

export interface SavedGuestOptions {
  /** The libvirt that it runs on. */
  readonly libvirtUri: string;
  /** Absolute path of the image that it boots from, which becomes the disk that belongs to its memory. */
  readonly image: string;
  /** Absolute path of the file that its memory is saved in. */
  readonly saved: string;
  /** Memory and processors of the hosts that are to go on from it. */
  readonly memoryMiB: number;
  readonly cpus: number;
  /** Gets a line of what happens at a time. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Boots a guest up to where it waits for its seed, and saves it, unless that is done: an emulated host takes a second to be restored,
 * and many to boot. QEMU must be installed.
 */
export async function saveGuest({
  libvirtUri,
  image,
  saved,
  memoryMiB,
  cpus,
  onProgress,
}: SavedGuestOptions): Promise<void> {
  const hash = createHash("sha256");
  for (const file of ["guest-save.sh", "libvirt/guest-to-save.xml"]) hash.update(readFileSync(join(__dirname, file)));
  // Another version may not understand it.
  hash.update(
    JSON.stringify([memoryMiB, cpus, execFileSync("qemu-system-x86_64", ["--version"], { encoding: "utf8" })]),
  );
  await runAsRoot(
    "guest-save.sh",
    [libvirtUri, image, saved, String(memoryMiB), String(cpus), hash.digest("hex")],
    onProgress,
  );
}
