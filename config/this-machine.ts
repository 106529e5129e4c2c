import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import { networkRange } from "./ipv4";
import type { LabConfig } from "./lab-config";
import { isOnThisMachine } from "./libvirt-uri";

/** What is asked of the machine that the program runs on. */
export interface Machine {
  /** The addresses of the machine's own network interfaces. */
  readonly interfaces: readonly { readonly name: string; readonly cidr: string }[];
  /** Whether a file is there, and whether this user may write it. */
  access(file: string): "missing" | "denied" | "granted";
  /** SHA-256 of a file, hexadecimal. */
  digest(file: string): string;
}

/** This machine. */
export const THIS_MACHINE: Machine = {
  get interfaces() {
    return Object.entries(os.networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses.flatMap(({ family, cidr }) => (family === "IPv4" && cidr !== null ? [{ name, cidr }] : [])),
    );
  },
  access: (file) => {
    if (!fs.existsSync(file)) return "missing";
    try {
      fs.accessSync(file, fs.constants.R_OK | fs.constants.W_OK);
      return "granted";
    } catch {
      return "denied";
    }
  },
  digest: (file) => {
    const hash = createHash("sha256");
    const chunk = Buffer.alloc(4 * 1024 ** 2);
    const descriptor = fs.openSync(file, "r");
    for (let count = 0; (count = fs.readSync(descriptor, chunk)) > 0;) hash.update(chunk.subarray(0, count));
    fs.closeSync(descriptor);
    return hash.digest("hex");
  },
};

/** Where a libvirt of the machine's own listens: libvirtd, then its modular daemons (libvirt, "Daemons"). */
const SOCKETS: Readonly<Record<string, readonly string[]>> = {
  qemu: ["/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock"],
  lxc: ["/run/libvirt/libvirt-sock", "/run/libvirt/virtlxcd-sock"],
};

/**
 * What is wrong with a configuration on the machine that the program runs on, a line each, before anything is made: the image, the way to
 * libvirt, and the lab's network beside the machine's own.
 * @param bridge The bridge of the lab's own network, which is there from the second run on.
 */
export function machineProblems(config: LabConfig, bridge: string, machine = THIS_MACHINE): string[] {
  return [
    ...imageProblems(config, machine),
    ...libvirtProblems(config, machine),
    ...networkProblems(config, bridge, machine),
  ];
}

function imageProblems({ imagePath, imageChecksum }: LabConfig, machine: Machine): string[] {
  if (/^https?:/.test(imagePath)) return [];
  if (machine.access(imagePath) === "missing") {
    return [
      `lab:imagePath must be an image that is there, got "${imagePath}"; hint: ./lab prepare builds the lab's own`,
    ];
  }
  if (imageChecksum === "") return [];
  const found = `sha256:${machine.digest(imagePath)}`;
  if (found === imageChecksum) return [];
  return [`lab:imageChecksum must be that of ${imagePath}, which is ${found}, got "${imageChecksum}"`];
}

function libvirtProblems({ libvirtUri }: LabConfig, machine: Machine): string[] {
  // A URI with a host or a transport leads elsewhere; a session's libvirt is the user's own, and starts when it is asked.
  const [, driver = "", given] = /^(qemu|lxc):\/\/\/system(?:\?socket=([^&]+))?/.exec(libvirtUri) ?? [];
  if (driver === "") return [];
  const sockets = given === undefined ? (SOCKETS[driver] ?? []) : [given];
  const [socket] = sockets.filter((file) => machine.access(file) !== "missing");
  if (socket === undefined) {
    return [
      `lab:libvirtUri must lead to a libvirt that runs, got "${libvirtUri}", and there is no ${sockets.join(" and no ")}; ` +
        `hint: systemctl start libvirtd, or a stack with a libvirt of its own (./lab up)`,
    ];
  }
  if (machine.access(socket) === "granted") return [];
  return [
    `lab:libvirtUri must lead to a libvirt that this user may use, got "${libvirtUri}", and ${socket} is not permitted to ${os.userInfo().username}; ` +
      `hint: usermod -aG libvirt ${os.userInfo().username}, then log in anew`,
  ];
}

function networkProblems({ network, libvirtUri }: LabConfig, bridge: string, { interfaces }: Machine): string[] {
  if (!isOnThisMachine(libvirtUri)) return [];
  const own = networkRange(network);
  return interfaces
    .filter(({ name }) => name !== bridge)
    .filter(({ cidr }) => {
      const other = networkRange(cidr);
      return own.first <= other.last && other.first <= own.last;
    })
    .map(
      ({ name, cidr }) =>
        `lab:network must not overlap a network of this machine, got "${network}", and ${name} has ${cidr}; hint: another one, such as 10.84.14.0/24`,
    );
}
