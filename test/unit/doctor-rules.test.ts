import { describe, expect, it } from "vitest";
import type { Patient } from "../../observe/doctor/diagnose";
import { diagnose } from "../../observe/doctor/diagnose";
import { diskFindings } from "../../observe/doctor/disks";
import { fileFindings, packageFindings } from "../../observe/doctor/drift";
import type { HostCondition, PostgreSqlState, UnitFacts } from "../../observe/doctor/facts";
import { postgreSqlFindings } from "../../observe/doctor/postgresql";
import { backupFindings, stanzaFindings, walFindings, walGap } from "../../observe/doctor/stanza";
import { unitFindings } from "../../observe/doctor/units";
import type { ManagedHost } from "../../steps/inventory";
import type { StanzaInfo } from "../../observe/proofs";

const causes = (findings: readonly { cause: string }[]): string[] => findings.map(({ cause }) => cause);

describe("unitFindings", () => {
  const WELL: UnitFacts = { state: "active", sub: "running", restarts: 0, enabled: "enabled", seconds: 400, error: "" };
  const find = (facts: Partial<UnitFacts>): string[] =>
    causes(unitFindings("pg1-srv", { "pgbackrest.service": { ...WELL, ...facts } }));

  it.each<[string, Partial<UnitFacts>, string[]]>([
    ["a unit that runs", {}, []],
    ["a unit that was started again long ago", { restarts: 9 }, []],
    ["a unit that was stopped", { state: "inactive", sub: "dead" }, ["pgbackrest.service is inactive"]],
    [
      "a unit that does not start with the host",
      { enabled: "disabled" },
      ["pgbackrest.service runs, but is disabled: it will not after a reboot"],
    ],
    [
      "a loop, seen between two starts",
      {
        state: "activating",
        sub: "auto-restart",
        restarts: 7,
        error: "2026-11-24 P00  ERROR: [095]: key values mismatch",
      },
      [
        "pgbackrest.service ends as soon as it is started, and systemd starts it again, 7 times so far; its last error: ERROR: [095]: key values mismatch",
      ],
    ],
    [
      "a loop, seen while it runs for a moment",
      { restarts: 7, seconds: 0 },
      ["pgbackrest.service ends as soon as it is started, and systemd starts it again, 7 times so far"],
    ],
  ])("judges %s", (_what, facts, expected) => {
    expect(find(facts)).toEqual(expected);
  });
});

describe("drift", () => {
  const MANAGED: ManagedHost = {
    files: [
      {
        path: "/etc/lab/pg_hba.conf",
        owner: "postgres",
        mode: "0640",
        content: "a\nb\n",
        digest: "1",
        steps: ["start"],
      },
      { path: "/home/.pgpass", owner: "postgres", mode: "0600", digest: "2", steps: ["start"] },
    ],
    units: [],
    packages: [
      { name: "pgbackrest", version: "2.45", steps: ["install"] },
      { name: "postgresql-15", version: "", steps: ["install"] },
    ],
  };
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const HBA = { owner: "postgres", mode: "640", digest: "1", content: base64("a\nb\n") };
  const PASS = { owner: "postgres", mode: "600", digest: "2", content: "" };

  it("finds nothing in files that are as they were written", () => {
    expect(fileFindings("pg1-srv", MANAGED, { "/etc/lab/pg_hba.conf": HBA, "/home/.pgpass": PASS })).toEqual([]);
  });

  it("shows what differs, names the step, and shows nothing of a secret", () => {
    const found = fileFindings("pg1-srv", MANAGED, {
      "/etc/lab/pg_hba.conf": { ...HBA, digest: "9", content: base64("a\nc\n") },
      "/home/.pgpass": { ...PASS, digest: "9", mode: "644" },
    });
    expect(causes(found)).toEqual([
      "the file is not what the program wrote",
      "the file has mode 0644, not 0600",
      "the file is not what the program wrote",
    ]);
    expect(found[0]?.diff).toContain("@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
    expect(found[2]).not.toHaveProperty("diff");
    expect(found.map(({ steps }) => steps)).toEqual([["start"], ["start"], ["start"]]);
  });

  it("names a file that is missing and one that belongs to another", () => {
    expect(causes(fileFindings("pg1-srv", MANAGED, { "/etc/lab/pg_hba.conf": { ...HBA, owner: "root" } }))).toEqual([
      "the file belongs to root, not to postgres",
      "the file is missing",
    ]);
  });

  it.each([
    ["2.45-1", true, []],
    ["2.45-1", false, ["package pgbackrest is not held: an upgrade of the host would change it"]],
    ["2.59.1-1.pgdg12+1", true, ["package pgbackrest is 2.59.1, newer than 2.45, which the program wants"]],
    ["1:2.44-2", true, ["package pgbackrest is 2.44, older than 2.45, which the program wants"]],
    ["", false, ["package pgbackrest is not installed"]],
  ])("judges pgBackRest %s, held %s", (version, held, expected) => {
    const packages = { pgbackrest: { version, held }, "postgresql-15": { version: "15.20-0", held: false } };
    expect(causes(packageFindings("pg1-srv", MANAGED, packages))).toEqual(expected);
  });
});

describe("stanza, backups and WAL", () => {
  const info = (changes: Partial<StanzaInfo> = {}): StanzaInfo => ({
    name: "demo",
    status: { code: 0, message: "ok" },
    backup: [
      {
        label: "20261123-184305F",
        type: "full",
        error: false,
        timestamp: { start: 0, stop: 100 },
        archive: { start: "000000010000000000000003", stop: "000000010000000000000004" },
      },
    ],
    ...changes,
  });
  const DAY = 86_400;

  it("reads the status, whatever the exit status was", () => {
    const other = info({ status: { code: 99, message: "other" } });
    expect(causes(stanzaFindings("pg1-srv", "demo", { version: "2.45", stopped: false, info: [other] }))).toEqual([
      "stanza demo: other (status 99)",
    ]);
    expect(causes(stanzaFindings("pg1-srv", "demo", { version: "2.45", stopped: true, info: null }))).toEqual([
      "pgBackRest was stopped on this host: no backup, no archiving [62]",
      "pgbackrest info did not answer",
    ]);
  });

  it("tells the age of the last full backup", () => {
    expect(backupFindings("backup-srv", info(), 100 + 8 * DAY)).toEqual([]);
    expect(backupFindings("backup-srv", info(), 100 + 9 * DAY)).toMatchObject([
      { level: "warn", cause: "the last full backup, 20261123-184305F, is 9 days old" },
    ]);
    expect(backupFindings("backup-srv", info(), 100 + 31 * DAY)).toMatchObject([{ level: "fail" }]);
    expect(causes(backupFindings("backup-srv", info({ backup: [] }), 0))).toEqual(["there is no full backup"]);
  });

  it("counts WAL segments as PostgreSQL numbers them, of any size", () => {
    const size = 16 * 1024 ** 2;
    expect(walGap("000000010000000000000008", "000000010000000000000009", size)).toBe(0);
    expect(walGap("000000010000000000000008", "000000010000000000000008", size)).toBe(0);
    expect(walGap("0000000100000000000000FE", "000000010000000100000002", size)).toBe(3);
    expect(walGap("00000001000000000000003F", "000000010000000100000000", 64 * 1024 ** 2)).toBe(0);
    expect(walGap("000000010000000000000008", "000000020000000000000009", size)).toBeUndefined();
    expect(walGap(null, "000000010000000000000001", size)).toBeUndefined();
    expect(walFindings("pg1-srv", 4)).toEqual([]);
    expect(walFindings("pg1-srv", 5)).toMatchObject([
      { level: "warn", cause: "5 WAL segments are written and not in the repository" },
    ]);
    expect(walFindings("pg1-srv", 33)).toMatchObject([{ level: "fail" }]);
  });

  it("tells what a file system has left", () => {
    const disk = (free: number) => diskFindings("pg1-srv", { "/a": { size: 1000, free }, "/b": { size: 1000, free } });
    expect(disk(200)).toEqual([]);
    expect(disk(199)).toMatchObject([{ level: "warn", subject: "/a" }]);
    expect(disk(49)).toMatchObject([{ level: "fail", subject: "/a" }]);
  });
});

describe("postgreSqlFindings", () => {
  const WELL: Extract<PostgreSqlState, { answers: true }> = {
    answers: true,
    version: "15.20",
    inRecovery: false,
    receiver: null,
    segment: "000000010000000000000009",
    segmentSize: 16 * 1024 ** 2,
    archiver: { failedWal: null, failed: null, archived: 10 },
    replication: [{ address: "10.83.14.12", state: "streaming", behind: 0 }],
    included: true,
    stale: false,
    overridden: [],
  };
  const settings = "/etc/lab/postgresql.conf";
  const standbys = [{ name: "pg2-srv", address: "10.83.14.12" }];
  const primary = (changes: Partial<typeof WELL>): string[] =>
    causes(postgreSqlFindings({ name: "pg1-srv", role: "primary", settings, standbys }, { ...WELL, ...changes }));

  it.each<[string, Partial<typeof WELL>, string[]]>([
    ["a primary that is well", {}, []],
    [
      "WAL that is not archived",
      { archiver: { failedWal: "00000001000000000000000A", failed: 20, archived: 10 } },
      ["WAL segment 00000001000000000000000A was not archived, last tried 1970-01-01T00:00:20Z"],
    ],
    ["a standby that is not there", { replication: [] }, ["the primary streams no WAL to pg2-srv"]],
    [
      "a standby that is behind",
      { replication: [{ address: "10.83.14.12", state: "streaming", behind: 100 * 1024 ** 2 }] },
      ["pg2-srv is 100 MiB of WAL behind the primary"],
    ],
    ["a primary in recovery", { inRecovery: true }, ["it is in recovery, but should be the primary"]],
    [
      "a setting that ALTER SYSTEM overrides",
      {
        overridden: [
          {
            name: "archive_command",
            wanted: "pgbackrest",
            actual: "/bin/true",
            source: "/data/postgresql.auto.conf",
            pending: false,
            error: null,
          },
        ],
      },
      ['archive_command is "/bin/true" by /data/postgresql.auto.conf, not "pgbackrest" as in /etc/lab/postgresql.conf'],
    ],
    ["settings that were not read", { stale: true }, ["/etc/lab/postgresql.conf was changed, and not read since"]],
    [
      "settings that are not included",
      { included: false },
      ["postgresql.conf does not include /etc/lab/postgresql.conf"],
    ],
  ])("judges %s", (_what, changes, expected) => {
    expect(primary(changes)).toEqual(expected);
  });

  it("judges a standby that does not stream, and a PostgreSQL that does not answer", () => {
    const host = { name: "pg2-srv", role: "standby", settings, standbys } as const;
    expect(causes(postgreSqlFindings(host, { ...WELL, inRecovery: true }))).toEqual([
      "the standby does not stream from the primary (WAL receiver: none)",
    ]);
    expect(causes(postgreSqlFindings(host, { answers: false }))).toEqual(["PostgreSQL does not answer"]);
  });
});

describe("diagnose", () => {
  const patient: Patient = {
    hosts: [
      { name: "backup-srv", role: "repository", address: "10.83.14.10" },
      { name: "pg1-srv", role: "primary", address: "10.83.14.11" },
    ],
    stanza: "demo",
    account: () => "postgres",
    managed: undefined,
  };
  const TALKS = {
    tcp: "",
    said: 'New, TLSv1.3, Cipher is X\n{"name":"pgBackRest","service":"remote","version":"2.45"}',
    authorisation: "",
  };
  const stanza = (version: string): HostCondition["stanza"] => ({ version, stopped: false, info: null });

  it("takes a host that is off as a finding, and what could not be read for neither good nor bad", () => {
    const off = "no SSH connection to 10.83.14.11: timed out";
    const { healthy, hosts, pairs, findings } = diagnose(
      patient,
      new Map<string, HostCondition>([
        ["backup-srv", { failures: [], peers: { "pg1-srv": { ...TALKS, tcp: "timed out" } } }],
        ["pg1-srv", { failures: [off] }],
      ]),
    );
    expect(healthy).toBe(false);
    expect(causes(findings)).toEqual([off, "port 8432 of pg1-srv does not answer (timed out)"]);
    expect(hosts[1]?.verdicts).toMatchObject({ host: "fail", certificate: "-", PostgreSQL: "-", disk: "-" });
    expect(pairs.map(({ verdicts }) => verdicts)).toEqual([
      { TCP: "fail", TLS: "-", version: "-", authorisation: "-" },
      { TCP: "-", TLS: "-", version: "-", authorisation: "-" },
    ]);
  });

  it("has pgBackRest's versions in lockstep", () => {
    const { findings } = diagnose(
      patient,
      new Map<string, HostCondition>([
        ["backup-srv", { failures: [], stanza: stanza("2.45") }],
        ["pg1-srv", { failures: [], stanza: stanza("2.59.1"), peers: { "backup-srv": TALKS } }],
      ]),
    );
    expect(causes(findings)).toContain("pg1-srv runs pgBackRest 2.59.1, backup-srv 2.45");
    expect(causes(findings)).toContain(
      "pg1-srv runs pgBackRest 2.59.1, backup-srv 2.45: they refuse to talk to each other [39]",
    );
  });
});
