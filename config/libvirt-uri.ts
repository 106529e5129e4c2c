import * as path from "node:path";

/** Whether a libvirt URI leads to a libvirt of this machine: it names neither a host nor a transport over the network. */
export function isOnThisMachine(libvirtUri: string): boolean {
  return /^(qemu|lxc)(\+unix)?:\/\/\//.test(libvirtUri);
}

/** The stack whose private libvirtd a URI leads to: its socket is under `.lab/STACK/run`. Undefined when it leads elsewhere. */
export function privateStackOf(libvirtUri: string, projectFolder: string): string | undefined {
  const [, socket] = /[?&]socket=([^&]+)/.exec(libvirtUri) ?? [];
  if (socket === undefined) return undefined;
  const [folder, stack, run] = path.relative(projectFolder, path.resolve(projectFolder, socket)).split(path.sep);
  return folder === ".lab" && run === "run" ? stack : undefined;
}

/** What is wrong with a stack that is to run on the libvirtd of another one, as a copied stack file does: a line, or none. */
export function privateStackProblems(libvirtUri: string, projectFolder: string, stack: string): string[] {
  const other = privateStackOf(libvirtUri, projectFolder);
  if (other === undefined || other === stack) return [];
  return [
    `lab:libvirtUri of stack "${stack}" must not lead to the libvirtd of stack "${other}", got "${libvirtUri}"; ` +
      `hint: in Pulumi.${stack}.yaml, socket=.lab/${stack}/run/libvirt-sock`,
  ];
}
