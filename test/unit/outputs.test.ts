import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, expect, it, vi } from "vitest";
import { runMocked } from "../support/run-mocked";
import { rawConfig } from "../support/stack-config";
import { TestAuthority } from "../support/test-authority";

afterEach(() => {
  delete process.env.PULUMI_CONFIG_SECRET_KEYS;
  vi.resetModules();
});

it.each([
  [[], false],
  [["lab:caKey"], false],
  [["lab:pgbackrest"], true],
])("shows the configuration unless a key is encrypted that is not masked: %j", async (keys, isHidden) => {
  process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(keys);
  const raw = rawConfig("container", { libvirtUri: "lxc:///system" });
  let configuration: unknown;
  await runMocked(
    async () => {
      pulumi.runtime.setAllConfig(Object.fromEntries(Object.entries(raw).map(([key, value]) => [`lab:${key}`, value])));
      ({ configuration } = await import("../../index"));
    },
    { preview: true },
  );
  expect(await pulumi.isSecret(pulumi.output(configuration))).toBe(isHidden);
});

it("shows no key and no password in an output that is not secret", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-outputs-"));
  const { certificate } = new TestAuthority(folder);
  const caKey = fs.readFileSync(path.join(folder, "ca.key"), "utf8");
  const raw = rawConfig("container", {
    ...{ caCertificate: fs.readFileSync(certificate, "utf8"), caKey },
    ...{ backupApi: true, backupApiSource: "test/support/backup-api-stand-in" },
    libvirtUri: "lxc:///system",
  });
  fs.rmSync(folder, { recursive: true });

  let outputs: Record<string, unknown> = {};
  const resources = await runMocked(
    async () => {
      pulumi.runtime.setAllConfig(Object.fromEntries(Object.entries(raw).map(([key, value]) => [`lab:${key}`, value])));
      outputs = await import("../../index");
    },
    { preview: true },
  );
  const open: Record<string, string> = {};
  for (const [name, value] of Object.entries(outputs)) {
    const output = pulumi.output(value) as pulumi.Output<unknown>;
    const text = new Promise<string>((resolve) =>
      output.apply((settled) => {
        resolve(JSON.stringify(settled));
      }),
    );
    if (!(await pulumi.isSecret(output))) open[name] = await text;
  }

  expect(Object.keys(open).sort()).toEqual(["configuration", "plan", "rotation"]);
  const passwords = resources
    .filter(({ type }) => type.endsWith("PrivateKey"))
    .map(({ name }) => `-----BEGIN EC PRIVATE KEY-----\n${name}\n-----END EC PRIVATE KEY-----\n`)
    .map((pem) => createHash("sha256").update(pem).digest("base64url"));
  expect(passwords.length).toBeGreaterThan(5);
  const [, secretLine = "?"] = caKey.split("\n");
  for (const [name, text] of Object.entries(open)) {
    expect(
      [...passwords, secretLine, "PRIVATE KEY"].filter((secret) => text.includes(secret)),
      name,
    ).toEqual([]);
  }
});
