import { expect, it } from "vitest";
import { asDeployed } from "../../cli/commands/drift";
import { stackConfig } from "../support/stack-config";

it("drift --fix runs with the deployed configuration, whatever the stack's file says by then; secrets come from the file", () => {
  const configuration = stackConfig("local", { hypervisor: "kvm", standbys: 3, pgbackrest: { "process-max": 4 } });
  const given = { options: { stack: "local", config: { "lab:standbys": "1", "lab:caKey": "key.pem" } } };
  const { config } = asDeployed({ ...given, signal: new AbortController().signal }, { configuration }).options;
  expect(config).toMatchObject({
    "lab:hypervisor": "kvm",
    "lab:standbys": "3",
    "lab:pgbackrest": '{"process-max":4}',
    "lab:caKey": "key.pem",
  });
  expect(config).not.toHaveProperty("lab:hostCertificates");
  const settings = Object.entries(config)
    .filter(([key]) => key !== "lab:caKey")
    .map(([key, value]) => [key.replace("lab:", ""), value]);
  expect(stackConfig("local", Object.fromEntries(settings) as Record<string, string>)).toEqual(configuration);
});
