import { spawnSync } from "node:child_process";

/** Seconds in which a libvirt must answer. */
const ANSWER_SECONDS = 15;

/** The URI that virsh knows: `+sshcmd` is the provider's name for a connection by the program ssh, which virsh calls `+ssh`. */
export function virshUri(libvirtUri: string): string {
  return libvirtUri.replace(/^(\w+)\+sshcmd:/, "$1+ssh:");
}

/** What virsh prints; `problem` in its own words when it fails. */
export interface VirshAnswer {
  readonly stdout: string;
  readonly problem?: string;
}

/** Asks a libvirt, which must answer in 15 s. No question is asked on the terminal: an unknown SSH host key fails. */
export function askVirsh(libvirtUri: string, args: readonly string[], seconds = ANSWER_SECONDS): VirshAnswer {
  const options = { encoding: "utf8", timeout: seconds * 1000, detached: true } as const;
  const command = ["-q", "-c", virshUri(libvirtUri), ...args];
  const { pid, status, stdout, stderr, error } = spawnSync("virsh", command, options);
  if (status === 0) return { stdout };
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "ENOENT") return { stdout: "", problem: "virsh is not installed" };
  const words = stderr
    .replaceAll(/^error: /gm, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, "; ");
  if (code !== "ETIMEDOUT") return { stdout: "", problem: words || `virsh failed with exit status ${status}` };
  // virsh's own ssh would go on.
  endGroup(pid);
  return { stdout: "", problem: [`no answer in ${seconds} s`, words].filter((part) => part !== "").join(": ") };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It has ended.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
