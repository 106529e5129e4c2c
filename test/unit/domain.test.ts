import { expect, it } from "vitest";
import { repositoryOf } from "../../plan/plan";
import { libvirtNameOf, stackProblems } from "../../config/libvirt-names";
import { stackPlan } from "../support/stack-config";

const LONGEST = "a-name-of-20-letters";

it("refuses a stack whose containers' disks would have paths that libvirt mounts none of", () => {
  const { disk } = repositoryOf(stackPlan("container")).volumes;
  const path = (stack: string): string => `/var/lib/libvirt/images/${libvirtNameOf(stack)}/${disk}`;
  expect(path(LONGEST)).toHaveLength(63);
  expect(stackProblems(LONGEST, "lxc")).toEqual([]);
  expect(stackProblems(`${LONGEST}s`, "lxc")).toEqual([
    `the stack's name must have at most 20 characters when lab:hypervisor is lxc, got "${LONGEST}s" (21); ` +
      "hint: the paths of containers' disks begin with it, and libvirt mounts no longer ones",
  ]);
  expect(stackProblems(`${LONGEST}s`, "qemu")).toEqual([]);
});
