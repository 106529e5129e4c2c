import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { Lab } from "../../components/lab";
import type { ManagedHost } from "../../steps/inventory";
import { runMocked } from "../support/run-mocked";
import { labArgs } from "../support/stack-config";

it("tells what the program keeps on each host, with steps that there are, and no secret's content", async () => {
  let output: pulumi.Output<Readonly<Record<string, ManagedHost>>> | undefined;
  const resources = await runMocked(() => {
    output = new Lab("lab", labArgs("container")).managed;
  });
  if (output === undefined) throw new Error("the lab tells nothing");
  const managed = await new Promise<Readonly<Record<string, ManagedHost>>>((resolve) => output?.apply(resolve));
  expect(await pulumi.isSecret(output)).toBe(true);
  expect(Object.keys(managed)).toEqual(["backup-srv", "pg1-srv", "pg2-srv", "pg3-srv"]);

  const { files = [], units, packages, settings } = managed["pg2-srv"] ?? {};
  expect(files.map(({ path, owner, mode }) => `${path} ${owner} ${mode}`).sort()).toEqual([
    "/etc/lab/pg_hba.conf postgres 0640",
    "/etc/lab/postgresql.conf postgres 0640",
    "/etc/pgbackrest/cert/ca.crt postgres 0644",
    "/etc/pgbackrest/cert/host.crt postgres 0644",
    "/etc/pgbackrest/cert/host.key postgres 0600",
    "/etc/pgbackrest/pgbackrest.conf root 0644",
    "/etc/systemd/system/pgbackrest.service.d/lab.conf root 0644",
    "/var/lib/postgresql/.pgpass postgres 0600",
  ]);
  const fileOf = (path: string) => files.find((file) => file.path === path);
  expect(fileOf("/etc/pgbackrest/pgbackrest.conf")?.content).toContain("tls-server-auth=backup-srv=demo\n");
  expect(fileOf("/var/lib/postgresql/.pgpass")).not.toHaveProperty("content");
  expect(fileOf("/var/lib/postgresql/.pgpass")?.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(fileOf("/etc/pgbackrest/cert/host.key")).not.toHaveProperty("digest");
  expect(units?.map(({ name }) => name).sort()).toEqual(["pgbackrest.service", "postgresql@15-main.service"]);
  expect(packages?.map(({ name, version }) => [name, version])).toEqual([
    ["pgbackrest", "2.45"],
    ["postgresql-15", ""],
  ]);
  expect(settings?.file).toBe("/etc/lab/postgresql.conf");

  const steps = Object.values(managed).flatMap((host) =>
    [...host.files, ...host.units, ...host.packages, ...(host.settings ? [host.settings] : [])].flatMap(
      (each) => each.steps,
    ),
  );
  const names = resources.filter(({ type }) => type === "command:remote:Command").map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...new Set(steps)]));
});
