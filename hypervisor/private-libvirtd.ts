import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { runAsRoot } from "./run-as-root";

/** The owner of a private libvirtd. */
export interface StackFolders {
  /** Absolute path of the folder with Pulumi.yaml. */
  readonly projectFolder: string;
  readonly stack: string;
  /** Absolute path of the folder of the stack's state. */
  readonly stateFolder: string;
}

/** A stack's own libvirtd. */
export interface PrivateLibvirtd {
  /** The network namespace of the daemon and of its networks: `/run/netns/NAMESPACE`. */
  readonly namespace: string;
  /** Absolute path of its socket, short enough for any project folder. */
  readonly socket: string;
}

const longestStackPart = 40;

/** The names of a stack's libvirtd, whether it runs or not: the same for every path of a folder. */
export function privateLibvirtdOf({ projectFolder, stack }: StackFolders): PrivateLibvirtd {
  const hash = createHash("sha256")
    .update(`${realpathSync(projectFolder)}\0${stack}`)
    .digest("hex");
  const namespace = `lab-${stack.slice(0, longestStackPart)}-${hash.slice(0, 6)}`;
  return { namespace, socket: `/run/lab/${namespace}/libvirt-sock` };
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
    connection.once("error", () => {
      resolve(false);
    });
  });
}

/** Whether the stack's libvirtd answers, in its own network namespace and with the present state folder. */
export async function isRunning(location: StackFolders): Promise<boolean> {
  const { namespace, socket } = privateLibvirtdOf(location);
  const runtimeFolder = `/run/lab/${namespace}`;
  const libvirtFolder = join(location.stateFolder, "libvirt");
  if (!existsSync(`${runtimeFolder}/libvirtd.pid`) || !existsSync(libvirtFolder)) return false;
  try {
    const id = readFileSync(`${runtimeFolder}/libvirtd.pid`, "utf8").trim();
    const folder = statSync(libvirtFolder);
    const belongsTogether =
      statSync(`/proc/${id}/ns/net`).ino === statSync(`/run/netns/${namespace}`).ino &&
      readFileSync(`${runtimeFolder}/state-folder`, "utf8").trim() === `${folder.dev}:${folder.ino}` &&
      realpathSync(join(location.stateFolder, "run")) === runtimeFolder;
    return belongsTogether && (await answers(socket));
  } catch (error) {
    // `libvirtd-start.sh` recreates missing files.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/**
 * Starts the stack's libvirtd, whatever an earlier one left. The state folder must exist.
 * @param vm Whether virtual machines will run on it.
 */
export async function startPrivateLibvirtd(location: StackFolders, { vm = false } = {}): Promise<PrivateLibvirtd> {
  const libvirtd = privateLibvirtdOf(location);
  if (!(await isRunning(location))) {
    await runAsRoot("libvirtd-start.sh", [libvirtd.namespace, location.stateFolder, ...(vm ? ["--qemu"] : [])]);
  }
  return libvirtd;
}

/** Stops the stack's libvirtd and its guests, and deletes their volumes and definitions. */
export async function stopPrivateLibvirtd(location: StackFolders): Promise<void> {
  await runAsRoot("libvirtd-stop.sh", [privateLibvirtdOf(location).namespace, location.stateFolder]);
}
