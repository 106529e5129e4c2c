import { spawn } from "node:child_process";
import { existsSync } from "node:fs";

const limitMilliseconds = 5000;

// iPXE, the network card's firmware, prints this in protected mode. With a broken KVM, SeaBIOS may still complete in real mode, but no
// kernel ever starts.
const signOfLife = "Open Source Network Boot Firmware";

/** Whether a QEMU guest with this accelerator gets as far as its network boot firmware. */
export function canRunGuest(accelerator: "kvm" | "tcg", cpu: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const qemu = spawn(
      "qemu-system-x86_64",
      [
        ...["-accel", accelerator, "-cpu", cpu, "-machine", "pc,graphics=off", "-m", "64", "-boot", "n"],
        ...["-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio"],
        ...["-netdev", "hubport,id=nowhere,hubid=0", "-device", "e1000,netdev=nowhere"],
      ],
      { stdio: ["ignore", "pipe", "ignore"], timeout: limitMilliseconds, killSignal: "SIGKILL" },
    );
    let output = "";
    qemu.stdout.on("data", (data: Buffer) => {
      output += data.toString();
      if (output.includes(signOfLife)) qemu.kill("SIGKILL");
    });
    qemu.on("error", reject);
    qemu.on("close", () => {
      resolve(output.includes(signOfLife));
    });
  });
}

/**
 * Whether KVM can run a guest here. On a virtual machine, `/dev/kvm` may open and libvirt may advertise KVM, and yet no guest boots; so
 * one is started. QEMU must be installed.
 */
export async function probeKvm(): Promise<boolean> {
  return existsSync("/dev/kvm") && (await canRunGuest("kvm", "host"));
}
