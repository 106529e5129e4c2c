import { describe, expect, it } from "vitest";
import { missingPackages, requiredPackages } from "../../hypervisor/requirements";

describe("what a machine lacks", () => {
  it("is every wanted package that dpkg does not call installed", () => {
    const answer = "iproute2 installed\nmount config-files\niptables half-installed\n";
    expect(missingPackages(["iproute2", "mount", "iptables", "mmdebstrap"], answer)).toEqual([
      "mount",
      "iptables",
      "mmdebstrap",
    ]);
  });

  it("includes an emulator only for virtual machines", () => {
    const emulator = "qemu-system-x86";
    expect(requiredPackages({ vm: true })).toContain(emulator);
    expect(requiredPackages({ vm: false })).not.toContain(emulator);
    expect(requiredPackages({ vm: true })).toEqual(expect.arrayContaining([...requiredPackages({ vm: false })]));
  });
});
