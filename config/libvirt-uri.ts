import * as path from "node:path";

/** Whether a libvirt URI is of this machine: without a host and a transport over the network. */
export function isOnThisMachine(libvirtUri: string): boolean {
  return /^(qemu|lxc)(\+unix)?:\/\/\//.test(libvirtUri);
}

/** The name or address of a libvirt URI's machine. */
export function machineOf(libvirtUri: string): string {
  return /^[\w+]+:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/?]*)/.exec(libvirtUri)?.[1] ?? "";
}

/** The stack of a private libvirtd's URI: its socket is under `.lab/STACK/run`. Undefined for any other URI. */
export function privateStackOf(libvirtUri: string, projectFolder: string): string | undefined {
  const [, socket] = /[?&]socket=([^&]+)/.exec(libvirtUri) ?? [];
  if (socket === undefined) return undefined;
  const [folder, stack, run] = path.relative(projectFolder, path.resolve(projectFolder, socket)).split(path.sep);
  return folder === ".lab" && run === "run" ? stack : undefined;
}

/** The problem of a stack with the libvirtd of another one, as in a copied stack file: a line, or none. */
export function privateStackProblems(libvirtUri: string, projectFolder: string, stack: string): string[] {
  const other = privateStackOf(libvirtUri, projectFolder);
  if (other === undefined || other === stack) return [];
  return [
    `lab:libvirtUri of stack "${stack}" must not be the libvirtd of stack "${other}", got "${libvirtUri}"; ` +
      `hint: in Pulumi.${stack}.yaml, socket=.lab/${stack}/run/libvirt-sock`,
  ];
}
