import { expect, it } from "vitest";
import { bytesNeeded, requireSpace } from "../../hypervisor/disk-space";

const GIB = 1024 ** 3;
const needs = { image: "/no/such/image", isBuilt: false, hosts: 4, isCopied: true };

it("counts an image for each container or one for all machines, what hosts write, and the build of an image", () => {
  expect(bytesNeeded(needs)).toBe(6 * GIB);
  expect(bytesNeeded({ ...needs, isCopied: false })).toBe(3 * GIB);
  expect(bytesNeeded({ ...needs, isBuilt: true })).toBe(9 * GIB);
  expect(bytesNeeded({ ...needs, hosts: 0 })).toBe(0);
});

it("refuses what would not fit, with what is free and what is needed", () => {
  expect(() => {
    requireSpace("/lab", 6 * GIB, () => 1.5 * GIB);
  }).toThrow(
    "not enough disk space for the lab: /lab has 1.5 GiB free, the lab needs 6.0 GiB; hint: free some space, or set fewer lab:standbys",
  );
  requireSpace("/lab", 6 * GIB, () => 6 * GIB);
  // A folder that is not there yet is as large as the one above it.
  requireSpace("/no/such/folder", 1);
});
