import { expect, it } from "vitest";
import { renderSecret, repositorySecrets } from "../../cli/commands/secrets";
import type { Output } from "../../engine/engine";
import { stackConfig, stackPlan } from "../support/stack-config";

const settings = {
  repositories: [
    { path: "/backup_space" },
    {
      ...{ type: "s3", path: "/demo", cipherType: "aes-256-cbc" },
      ...{ s3Bucket: "backups", s3Endpoint: "s3.example.net", s3Region: "eu" },
    },
  ],
  repositorySecrets: { "repo2-s3-key": "a key", "repo2-s3-key-secret": "its secret" },
};
const open = (value: unknown): Output => ({ value, secret: false });
const outputs = {
  ...{ plan: open(stackPlan("container", settings)), configuration: open(stackConfig("container", settings)) },
  ssh: open({}),
};

it("tells each encrypted repository's passphrase, with the option and the place that it is for, and nothing of the others", () => {
  const passphrases = { value: { "repo2-cipher-pass": "hunter2" }, secret: true };
  const found = repositorySecrets({ ...outputs, passphrases }, "staging");
  expect(found).toEqual([{ option: "repo2-cipher-pass", place: "s3://backups/demo", passphrase: "hunter2" }]);
  expect(found.map(renderSecret)).toEqual(["# s3://backups/demo\nrepo2-cipher-pass=hunter2\n"]);
  expect(repositorySecrets({ ...outputs, passphrases: { value: {}, secret: true } }, "staging")).toEqual([]);
});

it("says what to do where no up has told them", () => {
  expect(() => repositorySecrets(outputs, "staging")).toThrow(
    new Error('the last up of stack "staging" told no secrets; hint: ./lab up --stack staging'),
  );
  expect(() => repositorySecrets({}, "staging")).toThrow(
    new Error('stack "staging" has no lab yet; hint: ./lab up --stack staging'),
  );
});
