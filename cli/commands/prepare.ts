import * as fs from "node:fs";
import * as path from "node:path";
import { buildGuestImage, type GuestImage, guestImagePath, IMAGE_FOLDER } from "../../hypervisor/guest-image";
import { type PrivateLibvirtd, startPrivateLibvirtd } from "../../hypervisor/private-libvirtd";
import { installRequirements } from "../../hypervisor/requirements";
import { saveGuest } from "../../hypervisor/saved-guest";
import { chooseAccelerator, withAccelerator } from "../stack/accelerator";
import { plainUp } from "../stack/plain-up";
import { stackSettings } from "../stack/stack-settings";
import { type Invocation, PROJECT_FOLDER, stackOf } from "../invocation";
import type { Stack } from "../stack/stack";

/** Prepares this machine for a stack, and prints the command line of `pulumi up`. */
export async function prepare(invocation: Invocation): Promise<number> {
  const stack = stackOf(invocation);
  if (!stack.isPrivate) {
    process.stderr.write(
      `lab: stack "${stack.location.stack}" uses a libvirt and an image of yours: nothing to prepare\n`,
    );
    process.stdout.write(`${plainUp(stack)}\n`);
    return 0;
  }
  stackSettings(withAccelerator(invocation, stack), stack, "machine");
  await prepareStack(invocation, stack);
  process.stderr.write("lab: ready; the hosts are reached from a network namespace, as root:\n");
  const setting = withAccelerator(invocation, stack).options.config["lab:hypervisor"];
  const config = setting === undefined ? [] : ["--config", `lab:hypervisor=${setting}`];
  process.stdout.write(`${plainUp(stack, ...config)}\n`);
  return 0;
}

/** Installs missing packages, builds the image if it is one of the lab's own, and starts the stack's libvirtd. */
export async function prepareStack(invocation: Invocation, stack: Stack): Promise<PrivateLibvirtd> {
  const { options, signal } = invocation;
  const { location, image, guestKind } = stack;
  const vm = guestKind === "vm";
  const phase = (title: string): ((line: string) => void) => announceOnce(title, options.debug === true);
  await installRequirements({ vm, onProgress: phase("installing libvirt's missing packages") });
  signal.throwIfAborted();
  if (image !== undefined) {
    const onProgress = phase(
      `building the guest image ${image.release}-${image.kind}-${image.recipe}, which takes a minute or two`,
    );
    await buildGuestImage({ ...image, imageFolder: path.join(PROJECT_FOLDER, IMAGE_FOLDER) }, onProgress);
    signal.throwIfAborted();
  }
  fs.mkdirSync(location.stateFolder, { recursive: true, mode: 0o700 });
  const starting = startPrivateLibvirtd(location, { vm });
  const [libvirtd] = await Promise.all([starting, chooseAccelerator(invocation, stack)]);
  signal.throwIfAborted();
  if (image !== undefined) await prepareSavedGuest(withAccelerator(invocation, stack), stack, image, phase);
  return libvirtd;
}

/** Saves the memory of a booted guest for emulated hosts to resume from, where the stack asks for that. */
async function prepareSavedGuest(
  invocation: Invocation,
  stack: Stack,
  image: GuestImage,
  phase: (title: string) => (line: string) => void,
): Promise<void> {
  const {
    hypervisor,
    libvirtUri,
    savedGuestPath: saved,
    memoryMiB,
    cpus,
  } = stackSettings(invocation, stack, "nothing").configuration;
  if (hypervisor !== "qemu" || saved === "") return;
  const imageFolder = path.join(PROJECT_FOLDER, IMAGE_FOLDER);
  const onProgress = phase("booting one guest and saving it, for the hosts to resume from");
  await saveGuest({ libvirtUri, image: guestImagePath({ ...image, imageFolder }), saved, memoryMiB, cpus, onProgress });
}

/** Prints the title at the first line of output, and the lines themselves only on request. */
function announceOnce(title: string, everyLine: boolean): (line: string) => void {
  let announced = false;
  return (line) => {
    if (!announced) process.stderr.write(`lab: ${title}\n`);
    announced = true;
    if (everyLine) process.stderr.write(`  ${line}\n`);
  };
}
