import type { Hypervisor } from "./schema";

/** The name of a stack's network and pool in libvirt. */
export function libvirtNameOf(stack: string): string {
  return `lab-${stack}`;
}

/** libvirt mounts a container's disk only when its path has less than 64 bytes (LO_NAME_SIZE, linux/loop.h). */
const LONGEST_CONTAINER_STACK = 63 - "/var/lib/libvirt/images/lab-/backup-srv.raw".length;

/** What is wrong with a stack's name, a line each. */
export function stackProblems(stack: string, hypervisor: Hypervisor): string[] {
  if (hypervisor !== "lxc" || stack.length <= LONGEST_CONTAINER_STACK) return [];
  return [
    `the stack's name must have at most ${LONGEST_CONTAINER_STACK} characters when lab:hypervisor is lxc, got "${stack}" (${stack.length}); ` +
      `hint: the paths of containers' disks begin with it, and libvirt mounts no longer ones`,
  ];
}

/** The name of the bridge of a network: an interface's name has at most 15 characters. */
export function bridgeNameOf(networkName: string): string {
  return `virbr-${networkName}`.slice(0, 15);
}

/** The name of a host's root disk in the pool. */
export function diskNameOf(host: string, hypervisor: Hypervisor): string {
  return `${host}.${hypervisor === "lxc" ? "raw" : "qcow2"}`;
}
