import * as fs from "node:fs";
import * as path from "node:path";
import { probeKvm } from "../../hypervisor/kvm-probe";
import type { Invocation } from "../invocation";
import type { Stack } from "./stack";

const KEY = "lab:hypervisor";

/** What virtual machines run on, found out once: a stack keeps it, since another type of machine would be another machine. */
function fileOf({ location }: Stack): string {
  return path.join(location.stateFolder, "hypervisor");
}

/** Whether it is `./lab` that chooses: for virtual machines of an image of its own, unless the user has said what to take. */
function isChosenHere({ options }: Invocation, { isPrivate, image }: Stack): boolean {
  return isPrivate && image?.kind === "vm" && options.config[KEY] === undefined;
}

/** Chooses kvm where it truly runs a guest, else emulation, and says so. QEMU must be installed, the state folder be there. */
export async function chooseAccelerator(invocation: Invocation, stack: Stack): Promise<void> {
  if (!isChosenHere(invocation, stack)) return;
  const file = fileOf(stack);
  if (!fs.existsSync(file)) {
    fs.writeFileSync(`${file}.new`, (await probeKvm()) ? "kvm" : "qemu");
    fs.renameSync(`${file}.new`, file);
  }
  process.stderr.write(
    fs.readFileSync(file, "utf8") === "kvm"
      ? "lab: the virtual machines run on kvm\n"
      : "lab: kvm runs no guest on this machine, so the virtual machines are emulated: minutes where containers take seconds (--stack container)\n",
  );
}

/** The invocation with what was chosen, which stands above the stack's file. */
export function withAccelerator(invocation: Invocation, stack: Stack): Invocation {
  const file = fileOf(stack);
  if (!isChosenHere(invocation, stack) || !fs.existsSync(file)) return invocation;
  const { options } = invocation;
  return {
    ...invocation,
    options: { ...options, config: { ...options.config, [KEY]: fs.readFileSync(file, "utf8") } },
  };
}
