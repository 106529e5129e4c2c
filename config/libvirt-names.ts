import { createHash } from "node:crypto";
import type { Hypervisor } from "./schema";

/** The name of a stack's network and pool in libvirt. */
export function libvirtNameOf(stack: string): string {
  return `lab-${stack}`;
}

/** What a host has of its disk's path. */
const LONGEST_CONTAINER_DISK = "backup-srv".length;

/** libvirt mounts a container's disk only when its path has less than 64 bytes (LO_NAME_SIZE, linux/loop.h). */
const LONGEST_CONTAINER_STACK = 63 - "/var/lib/libvirt/images/lab-/.raw".length - LONGEST_CONTAINER_DISK;

/** Problems of a stack's name, a line each. */
export function stackProblems(stack: string, hypervisor: Hypervisor): string[] {
  if (hypervisor !== "lxc" || stack.length <= LONGEST_CONTAINER_STACK) return [];
  return [
    `the stack's name must have at most ${LONGEST_CONTAINER_STACK} characters when lab:hypervisor is lxc, got "${stack}" (${stack.length}); ` +
      `hint: libvirt mounts no container's disk with a longer path`,
  ];
}

/** The name of the bridge of a network: an interface's name has at most 15 characters, so a hash tells long names apart. */
export function bridgeNameOf(networkName: string): string {
  return shortened(networkName, 15);
}

/** The name of a host's domain in libvirt: two stacks have hosts of the same names. */
export function domainNameOf(stack: string, host: string): string {
  return `${libvirtNameOf(stack)}-${host}`;
}

/** The name of a host's root disk in the pool; a long name of a container's is shortened, as there is no room for it in the disk's path. */
export function diskNameOf(host: string, hypervisor: Hypervisor): string {
  if (hypervisor !== "lxc") return `${host}.qcow2`;
  return `${host.length > LONGEST_CONTAINER_DISK ? shortened(host, LONGEST_CONTAINER_DISK) : host}.raw`;
}

/** The beginning of a name, and a hash that tells it from others. */
function shortened(name: string, length: number): string {
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${name.slice(0, length - hash.length - 1)}-${hash}`;
}

/** The name of a virtual machine's seed in the pool. */
export function seedNameOf(host: string): string {
  return `${host}-seed.iso`;
}
