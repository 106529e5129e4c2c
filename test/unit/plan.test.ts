import { describe, expect, it } from "vitest";
import { hostOf, hostsWith, restartOrder, upgradeOrder } from "../../plan/plan";
import { stackPlan } from "../support/stack-config";

const API = { backupApi: true, backupApiSource: "test/support/backup-api-stand-in" };

const CONTAINERS = {
  family: "debian13",
  packages: "distribution",
  postgresqlVersion: 17,
  pgbackrestVersion: "2.55.1",
  network: "10.83.15.0/24",
};

const MACHINES = { hypervisor: "kvm", family: "el8", packages: "pgdg", postgresqlVersion: 14, networkMode: "nat" };

const planOf = (settings: Record<string, unknown> = {}) => stackPlan("container", { ...CONTAINERS, ...settings });

const SIZE = { cpus: 1, memoryMiB: 1024, diskGiB: 20 };

const FILES = {
  folder: "/etc/pgbackrest/cert",
  ca: "/etc/pgbackrest/cert/ca.crt",
  certificate: "/etc/pgbackrest/cert/host.crt",
  key: "/etc/pgbackrest/cert/host.key",
};

describe("the plan of a lab", () => {
  it("tells all of a host", () => {
    expect(hostOf(planOf(), "backup-srv")).toEqual({
      name: "backup-srv",
      role: "repository",
      address: "10.83.15.10",
      ...SIZE,
      mac: "52:54:00:53:0f:0a",
      revoked: false,
      account: "pgbackrest",
      units: ["pgbackrest.service"],
      certificate: FILES,
      folders: ["/backup_space", "/var/log"],
      peers: ["pg1-srv", "pg2-srv", "pg3-srv"],
      volumes: { disk: "backup-srv.raw" },
      protected: false,
      resources: { disk: "backup-srv-disk", certificate: "backup-srv-certificate" },
    });
    expect(hostOf(planOf(MACHINES), "pg2-srv")).toEqual({
      name: "pg2-srv",
      role: "standby",
      address: "10.83.15.12",
      ...SIZE,
      mac: "52:54:00:53:0f:0c",
      revoked: false,
      index: 2,
      account: "postgres",
      units: ["pgbackrest.service", "postgresql-14.service"],
      certificate: FILES,
      folders: ["/var/lib/pgsql/14/data", "/var/log"],
      peers: ["backup-srv"],
      volumes: { disk: "pg2-srv.qcow2" },
      protected: false,
      resources: { disk: "pg2-srv-disk", certificate: "pg2-srv-certificate" },
    });
  });

  it("lets hosts restart from the least missed to the primary", () => {
    const order = (settings: Record<string, unknown>) => restartOrder(planOf(settings)).map(({ name }) => name);
    expect(order({ ...API, primary: "pg2-srv" })).toEqual([
      "pg1-srv",
      "pg3-srv",
      "barman-srv",
      "backup-srv",
      "pg2-srv",
    ]);
    expect(order({ standbys: 0 })).toEqual(["backup-srv", "pg1-srv"]);
  });

  it("lets pgBackRest be upgraded on the hosts that archiving needs, then on the standbys; Barman's host has none", () => {
    const order = upgradeOrder(planOf({ ...API, primary: "pg2-srv" })).map(({ name }) => name);
    expect(order).toEqual(["backup-srv", "pg2-srv", "pg1-srv", "pg3-srv"]);
  });

  it("tells what all hosts share", () => {
    const { stanza, ports, postgresql, backupApi, network } = planOf({ stanza: "main" });
    expect({ stanza, ports, postgresql, backupApi }).toEqual({
      stanza: "main",
      ports: { pgbackrest: 8432, postgresql: 5432 },
      postgresql: {
        version: 17,
        dataFolder: "/var/lib/postgresql/17/main",
        service: "postgresql@17-main.service",
        binaries: "/usr/lib/postgresql/17/bin",
        settingsFile: "/etc/lab/postgresql.conf",
        tls: true,
        addresses: Array.from({ length: 9 }, (_, index) => `10.83.15.${11 + index}`),
      },
      backupApi: null,
    });
    expect(network.gateway).toBe("10.83.15.1");
  });

  it("is plain data, the same after a way through a stack's outputs", () => {
    const plan = planOf(API);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it("has any PostgreSQL host as the primary, which has pgBackRest's index 1", () => {
    const hosts = planOf({ primary: "pg3-srv", standbys: 2 }).hosts.map(({ name, role, index }) => [name, role, index]);
    expect(hosts).toEqual([
      ["backup-srv", "repository", undefined],
      ["pg3-srv", "primary", 1],
      ["pg1-srv", "standby", 3],
      ["pg2-srv", "standby", 2],
    ]);
  });

  it("gives a revoked host no peers, and is nobody's", () => {
    const plan = planOf({ revoked: '["pg2-srv"]' });
    expect(hostOf(plan, "pg2-srv")).toMatchObject({ revoked: true, peers: [] });
    expect(hostOf(plan, "backup-srv").peers).toEqual(["pg1-srv", "pg3-srv"]);
  });

  it("has a host of Barman's own only where Barman is on no other", () => {
    const alone = planOf(API);
    expect(hostsWith(alone, "barman")).toMatchObject([
      {
        name: "barman-srv",
        address: "10.83.15.20",
        account: "barman",
        units: ["apache2.service", "pg-backup-api.service", "cron.service"],
        certificate: { key: "/usr/local/lib/pgbapi/host.key" },
        folders: ["/var/lib/barman", "/var/log"],
        peers: [],
      },
    ]);
    expect(alone.backupApi?.host).toBe("barman-srv");
    const shared = planOf({ ...API, backupApiHost: "pg1-srv" });
    expect(hostsWith(shared, "barman")).toEqual([]);
    expect(shared.backupApi).toMatchObject({ host: "pg1-srv", units: alone.backupApi?.units });
  });

  it("names the hosts there are when one is asked for that is not", () => {
    expect(() => hostOf(planOf({ standbys: 1 }), "pg3-srv")).toThrow(
      new RangeError('there is no host "pg3-srv"; there are backup-srv, pg1-srv, pg2-srv'),
    );
  });
});
