import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { Lab } from "../../components/lab";
import type { ManagedHost } from "../../steps/inventory";
import { runMocked } from "../support/run-mocked";
import { labArgs } from "../support/stack-config";

async function managedOf(settings: Parameters<typeof labArgs>[1]) {
  let output: pulumi.Output<Readonly<Record<string, ManagedHost>>> | undefined;
  const resources = await runMocked(() => {
    output = new Lab("lab", labArgs("container", settings)).managed;
  });
  if (output === undefined) throw new Error("the lab tells nothing");
  const managed = await new Promise<Readonly<Record<string, ManagedHost>>>((resolve) => output?.apply(resolve));
  return { managed, resources, isSecret: await pulumi.isSecret(output) };
}

it("tells what the program keeps on each host, with steps that there are, and no secret's content", async () => {
  const { managed, resources } = await managedOf({});
  expect(Object.keys(managed)).toEqual(["backup-srv", "pg1-srv", "pg2-srv", "pg3-srv"]);

  const { files = [], units, packages, settings } = managed["pg2-srv"] ?? {};
  expect(files.map(({ path, owner, mode }) => `${path} ${owner} ${mode ?? "folder"}`).sort()).toEqual([
    "/etc/lab/pg_hba.conf postgres 0640",
    "/etc/lab/pg_ident.conf postgres 0640",
    "/etc/lab/postgresql.conf postgres 0640",
    "/etc/pgbackrest/cert/ca.crt postgres 0644",
    "/etc/pgbackrest/cert/host.crt postgres 0644",
    "/etc/pgbackrest/cert/host.key postgres 0600",
    "/etc/pgbackrest/pgbackrest.conf root 0644",
    "/etc/systemd/system/pgbackrest.service.d/lab.conf root 0644",
    "/var/log/pgbackrest postgres folder",
    "/var/spool/pgbackrest postgres folder",
  ]);
  const fileOf = (path: string) => files.find((file) => file.path === path);
  expect(fileOf("/etc/pgbackrest/pgbackrest.conf")?.content).toContain("tls-server-auth=backup-srv=demo\n");
  expect(fileOf("/etc/pgbackrest/cert/host.key")).not.toHaveProperty("digest");
  expect(units?.map(({ name }) => name).sort()).toEqual(["pgbackrest.service", "postgresql@17-main.service"]);
  expect(packages?.map(({ name, version }) => [name, version])).toEqual([
    ["pgbackrest", "2.55.1"],
    ["postgresql-17", ""],
  ]);
  expect(settings?.file).toBe("/etc/lab/postgresql.conf");

  const steps = Object.values(managed).flatMap((host) =>
    [...host.files, ...host.units, ...host.packages, host.settings, host.standbyOf, host.replicationSlots].flatMap(
      (each) => each?.steps ?? [],
    ),
  );
  const names = resources.filter(({ type }) => type === "command:remote:Command").map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...new Set(steps)]));
});

it("keeps Barman, and what is in front of its API, by their own steps", async () => {
  const source = { backupApiSource: "test/support/backup-api-stand-in" };
  const { managed } = await managedOf({ backupApi: "true", ...source });
  const { barman, units } = managed["barman-srv"] ?? {};
  expect(barman).toEqual({ name: "demo", steps: ["barman-srv-barman-check", "barman-srv-barman-backup"] });
  expect(units?.map(({ name, steps }) => `${name} ${steps.join(" ")}`).sort()).toEqual([
    "apache2.service barman-srv-apache-start",
    "cron.service barman-srv-barman-check",
    "pg-backup-api.service barman-srv-api-start",
  ]);
});

it("keeps the repository's passphrase on its host alone, as a secret of which nobody is told more than the digest", async () => {
  const holders = async (settings: Record<string, unknown>) =>
    Object.entries((await managedOf(settings)).managed).flatMap(([host, { files }]) =>
      files.filter(({ path }) => path.endsWith("/cipher.conf")).map((file) => ({ host, ...file })),
    );
  expect(await holders({})).toEqual([]);
  expect(await holders({ repositoryCipher: true })).toEqual([
    {
      ...{ host: "backup-srv", path: "/etc/pgbackrest/conf.d/cipher.conf", owner: "pgbackrest", mode: "0600" },
      ...{ digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string, steps: ["backup-srv-pgbackrest-start"] },
    },
  ]);
});

it("generates a passphrase for each encrypted repository that has none, which goes with its path", async () => {
  const passphrases = async (...repositories: unknown[]): Promise<string[]> =>
    (await managedOf({ repositories })).resources
      .filter(({ type }) => type === "lab:postgresql:GeneratedPassword")
      .map(({ name }) => name);
  const encrypted = { path: "/srv/second", cipherType: "aes-256-cbc" };
  expect(await passphrases({}, encrypted)).toEqual(["backup-srv-cipher-srv-second"]);
  expect(await passphrases(encrypted, {})).toEqual(["backup-srv-cipher-srv-second"]);
});

it("keeps a standby's data, its settings and its slot by steps of their own; passwords only where there is no mutual TLS", async () => {
  const { managed } = await managedOf({});
  expect(managed["pg2-srv"]?.standbyOf).toEqual({
    name: "pg1-srv",
    steps: ["rejoin", "follow", "restore", "start"].map((step) => `pg2-srv-postgresql-${step}`),
  });
  expect(managed["pg1-srv"]?.replicationSlots).toEqual({
    names: ["pg2_srv", "pg3_srv"],
    steps: ["pg1-srv-replication-slots-keep"],
  });
  // One that is stopped may lack the folder of a tablespace, or be behind all WAL.
  expect(managed["pg2-srv"]?.units.find(({ name }) => name.startsWith("postgresql"))?.steps).toEqual(
    ["follow", "restore", "create", "start"].map((step) => `pg2-srv-postgresql-${step}`),
  );
  expect(managed["pg2-srv"]?.files.filter(({ path }) => path.endsWith("/.pgpass"))).toEqual([]);
  const withPasswords = await managedOf({ replicationTls: false });
  const file = withPasswords.managed["pg2-srv"]?.files.find(({ path }) => path.endsWith("/.pgpass"));
  expect(file).not.toHaveProperty("content");
  expect(file?.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(withPasswords.isSecret).toBe(true);
});
