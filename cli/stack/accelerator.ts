import * as fs from "node:fs";
import * as path from "node:path";
import { probeKvm } from "../../hypervisor/kvm-probe";
import type { Invocation } from "../invocation";
import type { Stack } from "./stack";

const KEY = "lab:hypervisor";

/** The accelerator of virtual machines, chosen once: with another one, every host would restart. */
function fileOf({ location }: Stack): string {
  return path.join(location.stateFolder, "hypervisor");
}

/** Whether `./lab` chooses: for virtual machines on a libvirtd of its own, unless this run sets the key. */
function isChosenHere({ options }: Invocation, { isPrivate, guestKind }: Stack): boolean {
  return isPrivate && guestKind === "vm" && options.config[KEY] === undefined;
}

/** Chooses KVM if it can run a guest, else emulation, and says so. QEMU must be installed, and the state folder must exist. */
export async function chooseAccelerator(invocation: Invocation, stack: Stack): Promise<void> {
  if (!isChosenHere(invocation, stack)) return;
  const file = fileOf(stack);
  if (!fs.existsSync(file)) {
    fs.writeFileSync(`${file}.new`, (await probeKvm()) ? "kvm" : "qemu");
    fs.renameSync(`${file}.new`, file);
  }
  process.stderr.write(
    fs.readFileSync(file, "utf8") === "kvm"
      ? "lab: using KVM\n"
      : "lab: KVM does not work on this machine, using emulation: minutes instead of seconds; hint: --stack container\n",
  );
}

/** The invocation with the chosen accelerator, which overrides the stack's file. */
export function withAccelerator(invocation: Invocation, stack: Stack): Invocation {
  const file = fileOf(stack);
  if (!isChosenHere(invocation, stack) || !fs.existsSync(file)) return invocation;
  const { options } = invocation;
  return {
    ...invocation,
    options: { ...options, config: { ...options.config, [KEY]: fs.readFileSync(file, "utf8") } },
  };
}
