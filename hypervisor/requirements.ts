import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { runAsRoot } from "./run-as-root";

const containerPackages = [
  ...["libvirt-daemon", "libvirt-daemon-driver-lxc", "libvirt-clients"],
  // libvirt's networks: name service, and the tools of its firewall driver.
  ...["dnsmasq-base", "iptables"],
  ...["iproute2", "util-linux", "mount", "mmdebstrap", "debian-archive-keyring", "e2fsprogs", "openssh-client"],
];

const vmPackages = [
  ...["libvirt-daemon-driver-qemu", "qemu-system-x86", "qemu-utils", "extlinux"],
  // The KVM probe waits for its boot firmware.
  "ipxe-qemu",
];

/** What this machine will run. */
interface RequirementsOptions {
  /** Virtual machines too: QEMU and what builds their image. */
  readonly vm: boolean;
  /** Receives the installation's output, line by line. */
  readonly onProgress?: (line: string) => void;
}

/** The Debian packages of a private libvirtd, its guests' image and the guests. */
export function requiredPackages({ vm }: Pick<RequirementsOptions, "vm">): readonly string[] {
  return vm ? [...containerPackages, ...vmPackages] : containerPackages;
}

/** The packages that are not installed by dpkg's answer, a line `NAME STATUS` a package. */
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
    // 1: some packages are unknown, the answer has the others.
    if (code === 1 && stdout !== undefined) return stdout;
    if (code === "ENOENT") {
      throw new Error(
        "dpkg-query not found: a private libvirtd needs Debian 12; hint: a stack that uses an existing libvirt, such as dev",
      );
    }
    throw error;
  }
}

// `requirements.sh` forbids packages to start services while it runs; a killed one leaves the ban behind.
function isBanLeft(): boolean {
  const policy = "/usr/sbin/policy-rc.d";
  return existsSync(policy) && readFileSync(policy, "utf8").includes("\n# lab\n");
}

/** Installs the missing packages, and starts no service. */
export async function installPackages(wanted: readonly string[], onProgress?: (line: string) => void): Promise<void> {
  const missing = missingPackages(wanted, await askDpkg(wanted));
  if (missing.length > 0 || isBanLeft()) await runAsRoot("requirements.sh", missing, onProgress);
}

/** Installs the missing packages of a private libvirtd and its guests. */
export async function installRequirements({ vm, onProgress }: RequirementsOptions): Promise<void> {
  await installPackages(requiredPackages({ vm }), onProgress);
}
