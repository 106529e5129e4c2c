import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { refuseUsersLab } from "../../cli/stack/users-lab";
import { privateLibvirtdOf } from "../../hypervisor/private-libvirtd";
import { FakePulumi } from "../support/fake-pulumi";

let fake: FakePulumi;
let projectFolder: string;
const refuse = (isPrivate = false): Promise<void> => {
  const location = { projectFolder, stack: "dev", stateFolder: path.join(projectFolder, ".lab", "dev") };
  return refuseUsersLab({ location, isPrivate, image: undefined });
};

beforeEach(() => {
  projectFolder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-users-"));
  fake = new FakePulumi();
});
afterEach(() => {
  fake.remove();
  fs.rmSync(projectFolder, { recursive: true });
});

it("refuses a lab that plain pulumi up made, with the commands that work on it", async () => {
  fake.write("stacks", [
    { name: "other", resourceCount: 3 },
    { name: "dev", resourceCount: 120 },
  ]);
  const told =
    'stack "dev" was made by pulumi, in file:///theirs (120 resources); ./lab works only on its own labs; hint: ';
  await expect(refuse()).rejects.toThrow(
    new Error(`${told}pulumi up --stack dev, or pulumi destroy --stack dev before ./lab up --stack dev`),
  );
  fake.write("stacks", [{ name: "organization/dev", resourceCount: 120 }]);
  const { namespace } = privateLibvirtdOf({ projectFolder, stack: "dev", stateFolder: "" });
  const pulumi = `nsenter --net=/run/netns/${namespace} pulumi`;
  await expect(refuse(true)).rejects.toThrow(
    new Error(`${told}${pulumi} up --stack dev, or ${pulumi} destroy --stack dev before ./lab up --stack dev`),
  );
  expect(fake.verbs()).toEqual(["stack ls", "whoami", "stack ls", "whoami"]);
});

it("lets a stack be that is empty, that ./lab made, or that cannot be seen", async () => {
  fake.write("stacks", [{ name: "dev", resourceCount: 0 }, { name: "other" }]);
  await refuse();
  fake.write("stacks", "broken");
  await refuse();
  const calls = fake.calls().length;
  fs.mkdirSync(path.join(projectFolder, ".lab", "dev", "pulumi"), { recursive: true });
  await refuse();
  expect(fake.calls()).toHaveLength(calls);
});
