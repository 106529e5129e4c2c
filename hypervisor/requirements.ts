import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { runAsRoot } from "./run-as-root";

const containerPackages = [
  "libvirt-daemon",
  "libvirt-daemon-driver-lxc",
  "libvirt-clients",
  // libvirt's networks: name service, and the rules that its firewall driver insists on.
  "dnsmasq-base",
  "iptables",
  "iproute2",
  "util-linux",
  "mount",
  "mmdebstrap",
  "debian-archive-keyring",
  "e2fsprogs",
  "openssh-client",
];

const vmPackages = [
  "libvirt-daemon-driver-qemu",
  "qemu-system-x86",
  // With its boot firmware the kvm probe tells whether a guest runs.
  "ipxe-qemu",
  "qemu-utils",
  "extlinux",
];

/** What this machine is to run. */
export interface RequirementsOptions {
  /** Virtual machines too: QEMU and what builds their image. */
  readonly vm: boolean;
  /** Gets a line of what happens at a time. */
  readonly onProgress?: (line: string) => void;
}

/** The Debian packages that a private libvirtd, its guests' image and the guests themselves need. */
export function requiredPackages({ vm }: Pick<RequirementsOptions, "vm">): readonly string[] {
  return vm ? [...containerPackages, ...vmPackages] : containerPackages;
}

/** The packages of `wanted` that dpkg's answer, a line `NAME STATUS` a package, does not call installed. */
export function missingPackages(wanted: readonly string[], dpkgAnswer: string): readonly string[] {
  const installed = new Set(
    dpkgAnswer
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return wanted.filter((name) => !installed.has(name));
}

async function askDpkg(packages: readonly string[]): Promise<string> {
  const format = "${Package} ${db:Status-Status}\\n";
  try {
    return (await promisify(execFile)("dpkg-query", ["--show", "--showformat", format, ...packages])).stdout;
  } catch (error) {
    const { code, stdout } = error as { code?: unknown; stdout?: string };
    // 1: it does not know some of them, and says what it knows.
    if (code === 1 && stdout !== undefined) return stdout;
    if (code === "ENOENT") {
      throw new Error(
        "this machine has no dpkg-query; private libvirtds are set up on Debian 12 only; hint: use a stack with a libvirt of its own, such as dev",
      );
    }
    throw error;
  }
}

// `requirements.sh` forbids packages to start services for as long as it runs; killed, it leaves the ban behind.
function isBanLeft(): boolean {
  const policy = "/usr/sbin/policy-rc.d";
  return existsSync(policy) && readFileSync(policy, "utf8").includes("\n# lab\n");
}

/** Installs those of the packages that this machine lacks, and starts no service. */
export async function installPackages(wanted: readonly string[], onProgress?: (line: string) => void): Promise<void> {
  const missing = missingPackages(wanted, await askDpkg(wanted));
  if (missing.length > 0 || isBanLeft()) await runAsRoot("requirements.sh", missing, onProgress);
}

/** Installs what this machine lacks for a private libvirtd and its guests. */
export async function installRequirements({ vm, onProgress }: RequirementsOptions): Promise<void> {
  await installPackages(requiredPackages({ vm }), onProgress);
}
