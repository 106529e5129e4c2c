import { expect, it } from "vitest";
import { planAddresses } from "../../plan/address-plan";
import { renderBarmanPgPass, renderBarmanServer } from "../../render/backup-api/barman";
import { renderApiUnit, renderGunicornConf } from "../../render/backup-api/service";
import { renderVirtualHost } from "../../render/backup-api/virtual-host";
import { WEB_SERVERS } from "../../plan/backup-api-layout";
import { renderBarmanIni, renderDnfIni, renderPgBackRestIni, renderSystemdIni } from "../../render/ini-dialects";
import { hostOf, type LabPlan } from "../../plan/plan";
import type { PgBackRestOptions, Repository } from "../../config/schema";
import { renderPgBackRestConf, renderSecretsConf, renderStandbysConf } from "../../render/pgbackrest-conf";
import { barmanConnections } from "../../plan/replication";
import { renderPgHba, renderPgIdent, renderPgPass, renderPostgreSqlConf } from "../../render/postgresql-conf";
import { renderSeed } from "../../render/seed";
import { PLACES } from "../support/places";
import { stackPlan } from "../support/stack-config";

/** Every byte that a host gets, against the file of that name; the user's options are there to show where they go. */
const API = { backupApi: true, backupApiSource: "test/support/backup-api-stand-in" };
const options = { "process-max": 4, "archive-async": false, "repo1-bundle": true, "compress-type": "lz4" };
const repositories = [{ type: "posix" as const, path: "/backup_space", retentionFull: 2 }];
const several: Repository[] = [
  { ...{ type: "posix", path: "/backup_space", retentionFull: 2 }, ...{ retentionDiff: 3, bundle: false } },
  { ...{ type: "posix", path: "/srv/second", retentionFull: 30, retentionFullType: "time" }, cipherType: "aes-256-cbc" },
  {
    ...{ type: "posix", path: "/srv/third", retentionFull: 4, retentionArchive: 2, retentionArchiveType: "full" },
    ...{ cipherType: "aes-256-cbc", bundle: true, block: false },
  },
];
const store: Repository = {
  ...{ type: "s3", path: "/demo", retentionFull: 4, cipherType: "aes-256-cbc", bundle: true },
  ...{ s3Bucket: "backups", s3Endpoint: "s3.example.net", s3Region: "eu-central-1", s3UriStyle: "path", storagePort: 8443 },
  storageCaFile: "/etc/pgbackrest/cert/ca.crt",
};
const others: Repository[] = [
  {
    ...{ type: "azure", path: "/demo", retentionFull: 2, azureAccount: "backups", azureContainer: "lab" },
    ...{ azureEndpoint: "blob.core.example.net", azureUriStyle: "path", azureKeyType: "sas", storagePort: 8443 },
  },
  { type: "gcs", path: "/demo", retentionFull: 2, gcsBucket: "backups", gcsEndpoint: "storage.example.net" },
  {
    ...{ type: "sftp", path: "/srv/demo", retentionFull: 2, sftpHost: "nas.example.net", sftpHostUser: "backup" },
    ...{ sftpHostPort: 2222, sftpHostFingerprint: "e3".repeat(32) },
  },
];
const PLAN = stackPlan("dev");
const PASSWORDS = stackPlan("dev", { ...API, replicationTls: false });
const FQDNS = stackPlan("dev", { ...API, hosts: { ...PLACES, "barman.ops.example": { role: "barman" } } });
const OTHER_PRIMARY = stackPlan("dev", { primary: "pg2-srv" });

const pgBackRestConf = (plan: LabPlan, host: string, pgbackrest: PgBackRestOptions) =>
  renderPgBackRestConf(plan, hostOf(plan, host), { repositories, pgbackrestVersion: "2.45", cpus: 1, pgbackrest });
const pgHba = (plan: LabPlan) => renderPgHba(hostOf(plan, "pg1-srv"), plan);

const userData = (plan: LabPlan, host: string) =>
  renderSeed({
    host: hostOf(plan, host),
    user: "lab",
    authorizedKey: "ssh-ed25519 AAAA deployment\n",
    hostKey: { privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\n…\n", publicKey: "ssh-ed25519 BBBB\n" },
  }).userData;

const FILES: Record<string, () => string> = {
  "backup-srv.pgbackrest.conf": () => pgBackRestConf(PLAN, "backup-srv", options),
  "backup-srv.standbys.conf": () => renderStandbysConf(PLAN, "2.45"),
  "backup-srv.no-standbys.conf": () => renderStandbysConf(stackPlan("dev", { standbys: 0 }), "2.60.0"),
  "backup-srv.primary-pg2.pgbackrest.conf": () => pgBackRestConf(OTHER_PRIMARY, "backup-srv", {}),
  "backup-srv.primary-pg2.standbys.conf": () => renderStandbysConf(OTHER_PRIMARY, "2.45"),
  "backup-srv.newest.pgbackrest.conf": () =>
    renderPgBackRestConf(PLAN, hostOf(PLAN, "backup-srv"), {
      ...{ repositories, pgbackrestVersion: "2.60.0", cpus: 16, pgbackrest: {} },
    }),
  "backup-srv.several.pgbackrest.conf": () =>
    renderPgBackRestConf(PLAN, hostOf(PLAN, "backup-srv"), {
      ...{ repositories: several, pgbackrestVersion: "2.60.0", cpus: 4, pgbackrest: { "repo2-bundle-size": "10MiB" } },
    }),
  "pg2-srv.several.pgbackrest.conf": () =>
    renderPgBackRestConf(PLAN, hostOf(PLAN, "pg2-srv"), {
      ...{ repositories: several, pgbackrestVersion: "2.60.0", cpus: 4, pgbackrest: {} },
    }),
  "backup-srv.several.cipher.conf": () => renderSecretsConf({ "repo2-cipher-pass": "secret", "repo3-cipher-pass": "a=b c" }),
  "backup-srv.s3.pgbackrest.conf": () =>
    renderPgBackRestConf(PLAN, hostOf(PLAN, "backup-srv"), {
      ...{ repositories: [...repositories, store], pgbackrestVersion: "2.60.0", cpus: 4, pgbackrest: {} },
    }),
  "backup-srv.s3.cipher.conf": () =>
    renderSecretsConf({ "repo2-cipher-pass": "secret", "repo2-s3-key": "AKIA", "repo2-s3-key-secret": "a/b+c=" }),
  "backup-srv.stores.pgbackrest.conf": () =>
    renderPgBackRestConf(PLAN, hostOf(PLAN, "backup-srv"), {
      ...{ repositories: [...repositories, ...others], pgbackrestVersion: "2.60.0", cpus: 4, pgbackrest: {} },
    }),
  "backup-srv.stores.cipher.conf": () => renderSecretsConf({ "repo2-azure-key": "?sv=2026&sig=a%2Fb" }),
  "pg2-srv.s3.pgbackrest.conf": () =>
    renderPgBackRestConf(PLAN, hostOf(PLAN, "pg2-srv"), {
      ...{ repositories: [...repositories, store], pgbackrestVersion: "2.60.0", cpus: 4, pgbackrest: {} },
    }),
  "pg2-srv.pgbackrest.conf": () => pgBackRestConf(PLAN, "pg2-srv", options),
  "pg1-srv.postgresql.conf": () =>
    renderPostgreSqlConf(PLAN, hostOf(PLAN, "pg1-srv"), { work_mem: "8MB", jit: false, search_path: "o'x" }),
  "pg2-srv.postgresql.conf": () => renderPostgreSqlConf(PLAN, hostOf(PLAN, "pg2-srv"), {}),
  "pg2-srv.passwords.postgresql.conf": () => renderPostgreSqlConf(PASSWORDS, hostOf(PASSWORDS, "pg2-srv"), {}),
  "pg1-srv.pg_ident.conf": () => renderPgIdent(stackPlan("dev", { ...API, revoked: ["pg3-srv"] })),
  "pg1-srv.passwords.pg_hba.conf": () => pgHba(PASSWORDS),
  "pg1-srv.pg_hba.conf": () => pgHba(PLAN),
  "pg1-srv.with-barman.pg_hba.conf": () => pgHba(stackPlan("dev", API)),
  "barman-srv.barman.conf": () =>
    renderBarmanServer({ host: "barman-srv", server: "demo", connections: barmanConnections(PLAN), binFolder: "/usr/pgsql-14/bin", retentionFull: 2 }),
  "barman-srv.pgpass": () => renderBarmanPgPass("pg1-srv", { asking: "secret", streaming: "other" }),
  "pg-backup-api-config.py": renderGunicornConf,
  "pg-backup-api.service": renderApiUnit,
  ...Object.fromEntries(
    Object.entries(WEB_SERVERS).map(([family, { logFolder }]) => [
      `pgbapi.${family}.conf`,
      () => renderVirtualHost({ serverName: "barman-srv", clients: ["admin", "pem.example.com"], operations: false, logFolder }),
    ]),
  ),
  "fqdns.repository.pgbackrest.conf": () => pgBackRestConf(FQDNS, "backup.ops.example", {}),
  "fqdns.repository.standbys.conf": () => renderStandbysConf(FQDNS, "2.45"),
  "fqdns.standby.pgbackrest.conf": () => pgBackRestConf(FQDNS, "pg1.south.example", {}),
  "fqdns.standby.postgresql.conf": () => renderPostgreSqlConf(FQDNS, hostOf(FQDNS, "pg1.south.example"), {}),
  "fqdns.primary.pg_hba.conf": () => renderPgHba(hostOf(FQDNS, "pg1.north.example"), FQDNS),
  "fqdns.primary.pg_ident.conf": () => renderPgIdent(FQDNS),
  "fqdns.barman.conf": () =>
    renderBarmanServer({
      ...{ host: "barman.ops.example", server: "demo", binFolder: "/usr/pgsql-14/bin", retentionFull: 2 },
      connections: barmanConnections(FQDNS),
    }),
  "fqdns.standby.user-data": () => userData(FQDNS, "pg1.south.example"),
  "pg1-srv.pgpass": () => renderPgPass("secret"),
  "pgbackrest.service.d.conf": () =>
    renderSystemdIni({ Service: { User: "pgbackrest", Restart: "always", RestartSec: 1, PrivateTmp: false } }),
  "lab.repo": () => renderDnfIni({ lab: { name: "lab", baseurl: "http://10.83.14.1:8080/", gpgcheck: false } }),
  "pg1-srv.user-data": () => userData(PLAN, "pg1-srv"),
};

it.each(Object.entries(FILES))("renders %s as it is kept", async (name, render) => {
  await expect(render()).toMatchFileSnapshot(`files/${name}`);
});

it("refuses a value that the dialect cannot say", () => {
  expect(() => renderPgBackRestIni({ global: { "repo1-path": "/a\n[other]" } })).toThrow(
    'repo1-path must be one line without blanks at its ends, got "/a\\n[other]"',
  );
});

it("refuses a percent sign in Barman's file, where it would stand for another option", () => {
  expect(() => renderBarmanIni({ demo: { description: "100%" } })).toThrow(/^no value may hold "%"/);
});

it("lets clients POST only when operations are on", () => {
  const host = { serverName: "barman-srv", clients: ["admin"], logFolder: "/var/log/apache2" };
  expect(renderVirtualHost({ ...host, operations: false })).toMatch(/^ *AllowMethods GET$/m);
  expect(renderVirtualHost({ ...host, operations: true })).toMatch(/^ *AllowMethods GET POST$/m);
});

it("reserves the same addresses for every host from the start", () => {
  const plan = planAddresses("192.168.200.0/27");
  expect(plan).toMatchObject({ gateway: "192.168.200.1", prefix: 27 });
  expect(plan.reservations.map(({ name, address }) => `${name} ${address}`)).toEqual([
    "backup-srv 192.168.200.10",
    ...Array.from({ length: 9 }, (_, index) => `pg${index + 1}-srv 192.168.200.${index + 11}`),
    "barman-srv 192.168.200.20",
  ]);
  expect(plan.reservations[2]).toEqual({ name: "pg2-srv", address: "192.168.200.12", mac: "52:54:00:a8:c8:0c" });
});

it("has pgBackRest take a backup from the primary while no standby runs, from the version on that can", () => {
  expect(renderStandbysConf(PLAN, "2.53.1")).toContain("backup-standby=y\n");
  expect(renderStandbysConf(PLAN, "2.54.0")).toContain("backup-standby=prefer\n");
});
