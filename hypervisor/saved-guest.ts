import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runAsRoot } from "./run-as-root";

interface SavedGuestOptions {
  /** The libvirt to boot it on. */
  readonly libvirtUri: string;
  /** Absolute path of the image to boot, which becomes the disk that the saved memory needs. */
  readonly image: string;
  /** Absolute path of the saved memory. */
  readonly saved: string;
  /** Memory and processors of the hosts that resume from it. */
  readonly memoryMiB: number;
  readonly cpus: number;
  /** Receives its output, line by line. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Boots a guest until it waits for its seed, and saves its memory, unless that is done: an emulated host resumes in a second, and boots
 * in many. QEMU must be installed.
 */
export async function saveGuest(options: SavedGuestOptions): Promise<void> {
  const { libvirtUri, image, saved, memoryMiB, cpus, onProgress } = options;
  const hash = createHash("sha256");
  for (const file of ["guest-save.sh", "libvirt/guest-to-save.xml"]) hash.update(readFileSync(join(__dirname, file)));
  // Another version of QEMU may not read the saved memory.
  const version = execFileSync("qemu-system-x86_64", ["--version"], { encoding: "utf8" });
  hash.update(JSON.stringify([memoryMiB, cpus, version]));
  const args = [libvirtUri, image, saved, String(memoryMiB), String(cpus), hash.digest("hex")];
  await runAsRoot("guest-save.sh", args, onProgress);
}
