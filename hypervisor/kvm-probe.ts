import { spawn } from "node:child_process";
import { existsSync } from "node:fs";

const limitMilliseconds = 5000;

// iPXE, the network card's firmware, says so once it runs in protected mode. Where kvm is broken SeaBIOS may still come to its end, in
// real mode, and no kernel ever starts.
const signOfLife = "Open Source Network Boot Firmware";

/** Whether a guest of QEMU with this accelerator comes as far as the firmware that boots from a network, of which it has none. */
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
    let said = "";
    qemu.stdout.on("data", (data: Buffer) => {
      said += data.toString();
      if (said.includes(signOfLife)) qemu.kill("SIGKILL");
    });
    qemu.on("error", reject);
    qemu.on("close", () => {
      resolve(said.includes(signOfLife));
    });
  });
}

/**
 * Whether a guest truly runs on kvm here. Where a machine is itself virtual, `/dev/kvm` may open and libvirt may advertise it, and yet
 * no guest comes to life; so one is started. QEMU must be installed.
 */
export async function probeKvm(): Promise<boolean> {
  return existsSync("/dev/kvm") && (await canRunGuest("kvm", "host"));
}
