import { expect, it } from "vitest";
import { bridgeNameOf, diskNameOf, domainNameOf, libvirtNameOf, stackProblems } from "../../config/libvirt-names";

const LONGEST = "a-name-of-20-letters";

it("refuses a stack whose containers' disks would have paths that libvirt mounts none of", () => {
  const path = (stack: string): string =>
    `/var/lib/libvirt/images/${libvirtNameOf(stack)}/${diskNameOf("backup-srv", "lxc")}`;
  expect(path(LONGEST)).toHaveLength(63);
  expect(stackProblems(LONGEST, "lxc")).toEqual([]);
  expect(stackProblems(`${LONGEST}s`, "lxc")).toEqual([
    `the stack's name must have at most 20 characters when lab:hypervisor is lxc, got "${LONGEST}s" (21); ` +
      "hint: libvirt mounts no container's disk with a longer path",
  ]);
  expect(stackProblems(`${LONGEST}s`, "qemu")).toEqual([]);
});

it("names bridges so that those of two stacks never meet, in at most 15 characters", () => {
  const names = ["dev", "staging-a", "staging-b", LONGEST, `${LONGEST}s`].map((stack) =>
    bridgeNameOf(libvirtNameOf(stack)),
  );
  expect(names).toMatchInlineSnapshot(`
    [
      "lab-dev-20ed60",
      "lab-stag-be69b8",
      "lab-stag-44b8ee",
      "lab-a-na-6b98e6",
      "lab-a-na-456bfa",
    ]
  `);
  expect(new Set(names).size).toBe(names.length);
  expect(Math.max(...names.map(({ length }) => length))).toBeLessThanOrEqual(15);
});

it("names a disk after its host, and shortens what a container's path has no room for", () => {
  const long = ["pg1.north.example", "pg1.south.example"];
  expect(long.map((host) => diskNameOf(host, "qemu"))).toEqual(["pg1.north.example.qcow2", "pg1.south.example.qcow2"]);
  expect(long.map((host) => diskNameOf(host, "lxc"))).toEqual(["pg1-b8924f.raw", "pg1-2e79af.raw"]);
  expect(diskNameOf("backup-srv", "lxc")).toBe("backup-srv.raw");
});

it("names a host's domain after the stack", () => {
  expect(domainNameOf("dev", "pg1-srv")).toBe("lab-dev-pg1-srv");
});
