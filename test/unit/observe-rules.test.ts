import { describe, expect, it } from "vitest";
import type { HostFacts, PostgreSqlFacts, RepositoryFacts, StanzaInfo, UnitFacts } from "../../observe/facts";
import { parseVerify } from "../../observe/rules/backups";
import { walGap } from "../../observe/rules/postgresql";
import type { ManagedHost } from "../../steps/inventory";
import {
  BACKUP,
  type Changes,
  deployedLab,
  INFO,
  judged,
  NOW,
  POSTGRESQL_UNIT,
  PRIMARY,
  segmentsUpTo,
  STANDBY,
  told,
  UNIT,
  walOf,
} from "../support/observed-lab";

const causes = (changes: Changes, lab = deployedLab()): string[] => told(judged(changes, lab).causes);
const WAL = walOf(segmentsUpTo(8));
const DAY = 86_400;
const MIB = 1024 ** 2;

describe("units", () => {
  it.each<[string, Partial<UnitFacts>, string[]]>([
    ["a unit that runs", {}, []],
    ["a unit that was restarted long ago", { restarts: 9 }, []],
    [
      "a unit that was stopped",
      { state: "inactive", sub: "dead" },
      ["fail LAB-PGBACKREST-DOWN pg2-srv: pgbackrest.service is inactive"],
    ],
    [
      "a unit that failed",
      { state: "failed", sub: "failed", error: "P00  ERROR: [095]: key values mismatch" },
      [
        "fail LAB-PGBACKREST-DOWN pg2-srv: pgbackrest.service is failed; its last error: ERROR: [095]: key values mismatch",
      ],
    ],
    [
      "a unit that does not start with the host",
      { enabled: "disabled" },
      ["warn LAB-UNIT-DISABLED pg2-srv: pgbackrest.service runs, but is disabled: it will not after a reboot"],
    ],
    [
      "a loop, seen between two starts",
      { state: "activating", sub: "auto-restart", restarts: 7, error: "P00  ERROR: [095]: key values mismatch" },
      [
        "fail LAB-UNIT-LOOP pg2-srv: pgbackrest.service ends as soon as it is started; systemd has restarted it 7 times; its last error: ERROR: [095]: key values mismatch",
      ],
    ],
    [
      "a loop, seen while it runs for a moment",
      { restarts: 7, seconds: 0 },
      [
        "fail LAB-UNIT-LOOP pg2-srv: pgbackrest.service ends as soon as it is started; systemd has restarted it 7 times",
      ],
    ],
  ])("are judged: %s", (_what, facts, expected) => {
    expect(causes({ "pg2-srv": { units: { "pgbackrest.service": { ...UNIT, ...facts } } } })).toEqual(expected);
  });

  it("are down for a file that their own step writes: one cause; for another file they are told too", () => {
    const path = "/etc/systemd/system/pgbackrest.service.d/lab.conf";
    const told = (step: string): string[] => {
      const lab = deployedLab();
      const files = [{ path, owner: "root", mode: "0644", digest: "a", steps: [step] }];
      const managed = { ...lab.managed?.["pg2-srv"], files } as ManagedHost;
      const changes = { files: {}, units: { "pgbackrest.service": { ...UNIT, state: "failed" } } };
      return causes({ "pg2-srv": changes }, { ...lab, managed: { "pg2-srv": managed } });
    };
    const missing = "fail LAB-FILE-MISSING pg2-srv: the file is missing";
    expect(told("pg2-srv-pgbackrest-start")).toEqual([missing]);
    expect(told("another")).toEqual(["fail LAB-PGBACKREST-DOWN pg2-srv: pgbackrest.service is failed", missing]);
  });

  it("tell which tablespace's folder PostgreSQL lacks; the steps of a standby make it", () => {
    const error = '2026-11-27 19:00:00 UTC [7] FATAL:  directory "/srv/space" does not exist';
    const units = { [POSTGRESQL_UNIT]: { ...UNIT, state: "failed", sub: "failed", error } };
    const standby = {
      ...deployedLab().managed?.["pg2-srv"],
      standbyOf: { name: "pg1-srv", steps: ["follow", "start"] },
    };
    const lab = { ...deployedLab(), managed: { "pg2-srv": standby as ManagedHost } };
    const { causes: found } = judged({ "pg2-srv": { units, postgresql: null } }, lab);
    expect(told(found)).toEqual([
      "fail LAB-TABLESPACE-MISSING pg2-srv: /srv/space, the folder of a tablespace, is missing: PostgreSQL ends without it",
    ]);
    expect(found[0]).toMatchObject({ remedy: "./lab drift --fix", steps: ["follow", "start"] });
    expect(judged({ "pg1-srv": { units, postgresql: null } }).causes[0]).toMatchObject({
      code: "LAB-TABLESPACE-MISSING",
      remedy: "./lab ssh pg1-srv -- sudo install -d -o postgres -g postgres -m 0700 /srv/space",
    });
    expect(causes({ "pg2-srv": { units: { [POSTGRESQL_UNIT]: { ...UNIT, error } } } })).toEqual([]);
  });

  it("are started by their steps, or by systemctl where no step keeps them", () => {
    const down: Changes = { "pg2-srv": { units: { "pgbackrest.service": { ...UNIT, state: "failed" } } } };
    expect(judged(down).causes[0]).toMatchObject({ remedy: "./lab drift --fix", steps: ["pg2-srv-pgbackrest-start"] });
    expect(judged(down, { ...deployedLab(), managed: undefined }).causes[0]?.remedy).toBe(
      "./lab ssh pg2-srv -- sudo systemctl start pgbackrest.service",
    );
  });
});

describe("files and packages", () => {
  const managed: ManagedHost = {
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
      { path: "/etc/pgbackrest/cert/host.key", owner: "postgres", mode: "0600", steps: ["install"] },
    ],
    units: [],
    packages: [
      { name: "pgbackrest", version: "2.45", steps: ["install"] },
      { name: "postgresql-15", version: "", steps: ["install"] },
    ],
  };
  const lab = { ...deployedLab(), managed: { "pg1-srv": managed } };
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const HBA = { owner: "postgres", mode: "640", digest: "1", content: base64("a\nb\n") };
  const PASS = { owner: "postgres", mode: "600", digest: "2", content: "" };
  const KEY = { owner: "postgres", mode: "600", digest: "3", content: "" };
  const files = (changes: Partial<Record<"hba" | "pass" | "key", typeof HBA>>): HostFacts => ({
    files: Object.fromEntries(
      [
        ["/etc/lab/pg_hba.conf", "hba" in changes ? changes.hba : HBA],
        ["/home/.pgpass", "pass" in changes ? changes.pass : PASS],
        ["/etc/pgbackrest/cert/host.key", "key" in changes ? changes.key : KEY],
      ].filter(([, file]) => file !== undefined),
    ) as HostFacts["files"],
  });

  it("are as they were written", () => {
    expect(causes({ "pg1-srv": files({}) }, lab)).toEqual([]);
  });

  it("show what differs, name the step, and show nothing of a secret", () => {
    const { causes: found } = judged(
      {
        "pg1-srv": files({
          hba: { ...HBA, digest: "9", content: base64("a\nc\n") },
          pass: { ...PASS, digest: "9", mode: "644" },
        }),
      },
      lab,
    );
    expect(told(found)).toEqual([
      "fail LAB-FILE-CONTENT pg1-srv: the file is not what the program wrote",
      "fail LAB-FILE-MODE pg1-srv: the file has mode 0644, not 0600",
      "fail LAB-FILE-CONTENT pg1-srv: the file is not what the program wrote",
    ]);
    expect(found[0]?.diff).toContain("@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
    expect(found[2]).not.toHaveProperty("diff");
    expect(found.map(({ steps }) => steps)).toEqual([["start"], ["start"], ["start"]]);
  });

  it("are missing, or another account's", () => {
    expect(causes({ "pg1-srv": files({ hba: { ...HBA, owner: "root" }, pass: undefined }) }, lab)).toEqual([
      "fail LAB-FILE-OWNER pg1-srv: the file belongs to root, not to postgres",
      "fail LAB-FILE-MISSING pg1-srv: the file is missing",
    ]);
  });

  it("tell of a key once, with pgBackRest's reason", () => {
    const certificates = { now: NOW, key: "postgres 644", publicKey: "" };
    const found = causes({ "pg1-srv": { ...files({ key: { ...KEY, mode: "644" } }), certificates } }, lab);
    expect(found.filter((each) => each.includes("mode"))).toEqual([
      "fail LAB-KEY-MODE pg1-srv: the key has mode 0644: pgBackRest refuses a key that others than its owner may read [42]",
    ]);
  });

  it.each([
    ["2.45-1", true, []],
    [
      "2.45-1",
      false,
      ["warn LAB-PACKAGE-NOT-HELD pg1-srv: package pgbackrest is not held: an upgrade of the host would change it"],
    ],
    [
      "2.59.1-1.pgdg12+1",
      true,
      ["fail LAB-PACKAGE-NEWER pg1-srv: package pgbackrest is 2.59.1, newer than 2.45, which the program wants"],
    ],
    [
      "1:2.44-2",
      true,
      ["fail LAB-PACKAGE-VERSION pg1-srv: package pgbackrest is 2.44, older than 2.45, which the program wants"],
    ],
    ["", false, ["fail LAB-PACKAGE-MISSING pg1-srv: package pgbackrest is not installed"]],
  ])("judge pgBackRest %s, held %s", (version, held, expected) => {
    const packages = { pgbackrest: { version, held }, "postgresql-15": { version: "15.20-0", held: false } };
    expect(causes({ "pg1-srv": { packages } }, lab)).toEqual(expected);
  });
});

describe("PostgreSQL", () => {
  it.each<[string, Partial<NonNullable<PostgreSqlFacts>>, string[]]>([
    [
      "WAL that is not archived",
      { archiver: { failedWal: "00000001000000000000000A", failed: 20, archivedWal: null, archived: 10 } },
      [
        "fail LAB-ARCHIVE-FAILING pg1-srv: WAL segment 00000001000000000000000A was not archived, last tried 1970-01-01T00:00:20Z",
      ],
    ],
    [
      "WAL whose segment came to the repository after PostgreSQL has tried: it is its own",
      { archiver: { failedWal: "000000010000000000000008", failed: 20, archivedWal: null, archived: 10 } },
      [
        "fail LAB-ARCHIVE-FAILING pg1-srv: WAL segment 000000010000000000000008 was not archived, last tried 1970-01-01T00:00:20Z",
      ],
    ],
    [
      "WAL of which the repository holds another segment",
      { archiver: { failedWal: "000000010000000000000008", failed: 4e9, archivedWal: null, archived: 10 } },
      [
        "fail LAB-ARCHIVE-TAKEN pg1-srv: WAL segment 000000010000000000000008 was not archived: the repository holds another segment of that name",
      ],
    ],
    [
      "a standby that only the standby itself takes for streaming",
      { replication: [] },
      [
        "fail LAB-STANDBY-NOT-STREAMING pg2-srv: the standby does not stream from pg1-srv (WAL receiver: streaming, WAL sender: none)",
      ],
    ],
    [
      "a standby that still catches up",
      { replication: [{ address: "10.83.14.12", state: "catchup", behind: 0 }] },
      [
        "fail LAB-STANDBY-NOT-STREAMING pg2-srv: the standby does not stream from pg1-srv (WAL receiver: streaming, WAL sender: catchup)",
      ],
    ],
    [
      "a standby that is behind",
      { replication: [{ address: "10.83.14.12", state: "streaming", behind: 100 * MIB }] },
      ["warn LAB-STANDBY-BEHIND pg1-srv → pg2-srv: pg2-srv is 100 MiB of WAL behind the primary"],
    ],
    [
      "a standby that is far behind",
      { replication: [{ address: "10.83.14.12", state: "streaming", behind: 2048 * MIB }] },
      ["fail LAB-STANDBY-FAR-BEHIND pg1-srv → pg2-srv: pg2-srv is 2048 MiB of WAL behind the primary"],
    ],
    [
      "WAL that waits to be archived",
      { segment: "00000001000000000000000E" },
      ["warn LAB-ARCHIVE-BEHIND pg1-srv: 5 WAL segments are written and not in the repository"],
    ],
    [
      "much WAL that waits to be archived",
      { segment: "00000001000000000000002A" },
      ["fail LAB-ARCHIVE-FAR-BEHIND pg1-srv: 33 WAL segments are written and not in the repository"],
    ],
    [
      "settings that were not read",
      { stale: true },
      ["fail LAB-SETTING-UNREAD pg1-srv: /etc/lab/postgresql.conf was changed, and not read since"],
    ],
    [
      "settings that are not included",
      { included: false },
      ["fail LAB-SETTING-NOT-INCLUDED pg1-srv: postgresql.conf does not include /etc/lab/postgresql.conf"],
    ],
    [
      "another minor version",
      { version: "15.19" },
      ["warn LAB-VERSION-POSTGRESQL pg2-srv: it runs PostgreSQL 15.20, pg1-srv 15.19"],
    ],
  ])("of a primary is judged: %s", (_what, changes, expected) => {
    expect(causes({ "pg1-srv": { postgresql: { ...PRIMARY, ...changes } } })).toEqual(expected);
  });

  it("is in recovery where it should be the primary, and does not answer", () => {
    expect(causes({ "pg1-srv": { postgresql: { ...PRIMARY, inRecovery: true, replication: [] } } })).toEqual([
      "fail LAB-PG-IN-RECOVERY pg1-srv: the primary is in recovery",
    ]);
    expect(causes({ "pg2-srv": { postgresql: null } })).toEqual([
      "fail LAB-PG-SILENT pg2-srv: PostgreSQL does not answer",
    ]);
  });

  it("has a standby that replays nothing", () => {
    const { causes: found } = judged({ "pg2-srv": { postgresql: { ...STANDBY, replayPaused: true } } });
    expect(told(found)).toEqual([
      "warn LAB-REPLAY-PAUSED pg2-srv: the standby receives WAL and does not replay it: replay is paused",
    ]);
    expect(found[0]?.remedy).toBe(`./lab ssh pg2-srv -- sudo -iu postgres psql -c "'SELECT pg_wal_replay_resume()'"`);
  });

  it("has a package removed: one cause, put right by what installs it and by what runs its services", () => {
    const lab = deployedLab();
    const kept = { path: "/var/spool/pgbackrest", owner: "postgres", steps: ["start"] };
    const managed = {
      ...lab.managed,
      "pg2-srv": {
        files: [kept],
        units: [{ name: "pgbackrest.service", steps: ["start"] }],
        packages: [{ name: "pgbackrest", version: "2.45", steps: ["install"] }],
      },
    };
    const units = { "pgbackrest.service": { ...UNIT, enabled: "" } };
    const { causes: found } = judged(
      { "pg2-srv": { units, files: {}, packages: { pgbackrest: { version: "", held: false } } } },
      { ...lab, managed },
    );
    expect(told(found)).toEqual(["fail LAB-PACKAGE-MISSING pg2-srv: package pgbackrest is not installed"]);
    expect(found[0]?.steps).toEqual(["install", "start"]);
  });

  it("has a standby that the primary refuses: the role, its rights and its password are put right", () => {
    const lab = deployedLab();
    const role = { name: "replic_user", steps: ["pg1-srv-replication-role-create"] };
    const managed = {
      ...lab.managed,
      "pg1-srv": { ...lab.managed?.["pg1-srv"], replicationRole: role } as ManagedHost,
    };
    const refused = { ...STANDBY, receiver: null, refusal: "password authentication failed" };
    const { drift } = judged(
      { "pg1-srv": { postgresql: { ...PRIMARY, replication: [] } }, "pg2-srv": { postgresql: refused } },
      { ...lab, managed },
    );
    expect(told(drift)).toEqual([
      "fail LAB-REPLICATION-REFUSED pg2-srv → pg1-srv: pg1-srv does not let the standby stream: password authentication failed",
    ]);
    expect(drift[0]?.steps).toEqual([
      "pg1-srv-replication-role-create",
      "pg1-srv-postgresql-start",
      "pg2-srv-postgresql-start",
    ]);
  });

  it("has a setting that ALTER SYSTEM overrides, which drift tells and leaves alone", () => {
    const setting = { name: "archive_command", wanted: "pgbackrest", pending: false, error: null };
    const overridden = [{ ...setting, actual: "/bin/true", source: "/data/postgresql.auto.conf" }];
    const { drift } = judged({ "pg2-srv": { postgresql: { ...STANDBY, overridden } } });
    expect(told(drift)).toEqual([
      'fail LAB-SETTING-OVERRIDDEN pg2-srv: archive_command is "/bin/true" by /data/postgresql.auto.conf, not "pgbackrest" as in /etc/lab/postgresql.conf',
    ]);
    expect(drift[0]).not.toHaveProperty("steps");
    expect(drift[0]?.remedy).toBe(
      `./lab ssh pg2-srv -- sudo -iu postgres psql -c "'ALTER SYSTEM RESET archive_command'" -c "'SELECT pg_reload_conf()'"`,
    );
  });

  it("takes no setting of a file with a value that it refuses: of a file that was edited, that is the cause", () => {
    const file = "/etc/lab/postgresql.conf";
    const setting = { name: "work_mem", wanted: "lots", actual: "4096", source: file, pending: false };
    const overridden = [
      { ...setting, error: "setting could not be applied" },
      { ...setting, error: null, name: "log_connections" },
    ];
    const lab = deployedLab();
    const files = [{ path: file, owner: "postgres", mode: "0644", digest: "a", steps: [] }];
    const managed = { "pg1-srv": { ...lab.managed?.["pg1-srv"], files } as ManagedHost };
    const told = (digest: string): string[] => {
      const seen = { [file]: { owner: "postgres", mode: "644", digest, content: "" } };
      return causes({ "pg1-srv": { files: seen, postgresql: { ...PRIMARY, overridden } } }, { ...lab, managed });
    };
    expect(told("b")).toEqual(["fail LAB-FILE-CONTENT pg1-srv: the file is not what the program wrote"]);
    expect(told("a")).toEqual([
      "fail LAB-SETTING-INVALID pg1-srv: work_mem = lots is not applied: setting could not be applied",
      'fail LAB-SETTING-OVERRIDDEN pg1-srv: log_connections is "4096" by /etc/lab/postgresql.conf, not "lots" as in /etc/lab/postgresql.conf',
    ]);
  });

  it("has settings that wait for a restart, which steps put right", () => {
    const setting = { name: "max_connections", wanted: "200", actual: "100", source: null, pending: true, error: null };
    expect(judged({ "pg2-srv": { postgresql: { ...STANDBY, overridden: [setting] } } }).causes).toMatchObject([
      { cause: "max_connections = 200 waits for a restart", steps: ["pg2-srv-postgresql-start"] },
    ]);
  });
});

describe("stanza, backups and WAL", () => {
  const stanza = (changes: Partial<StanzaInfo>, labels = [BACKUP.label]): HostFacts => ({
    stanza: { version: "2.45", stopped: [], info: [{ ...INFO, ...changes }], labels: { 1: labels } },
  });

  it("tell the status, whatever the exit status was", () => {
    const message = "[ServiceError] TLS error [1:167773206] tlsv1 alert unknown ca";
    const repo = [{ status: { code: 99, message } }];
    expect(causes({ "pg1-srv": stanza({ status: { code: 99, message: "other" }, repo }) })).toEqual([
      `fail LAB-STANZA-STATUS pg1-srv: stanza demo: ${message} (status 99)`,
    ]);
    expect(causes({ "pg1-srv": { stanza: { version: "2.45", stopped: ["all"], info: null } } })).toEqual([
      "fail LAB-STANZA-STOPPED pg1-srv: pgBackRest was stopped on this host: no backup, no archiving [62]",
      "fail LAB-STANZA-SILENT pg1-srv: pgbackrest info did not answer",
    ]);
  });

  it("are lost to pgBackRest when both copies of backup.info are damaged: one cause, on the repository host", () => {
    const message =
      "[FormatError] unable to load info file '/b/backup/demo/backup.info' or '/b/backup/demo/backup.info.copy':";
    const info = [{ ...INFO, status: { code: 99, message }, backup: [] }];
    const { causes: found } = judged({
      "backup-srv": { stanza: { version: "2.45", stopped: [], info } },
      "pg1-srv": { stanza: { version: "2.45", stopped: [], info } },
    });
    expect(told(found)).toEqual([
      "fail LAB-REPOSITORY-INFO backup-srv: pgBackRest cannot read /b/backup/demo/backup.info and /b/backup/demo/backup.info.copy: they are damaged",
    ]);
    expect(found[0]?.remedy).toContain(
      "move /backup_space/backup/demo and /backup_space/archive/demo aside, then ./lab up",
    );
  });

  it("are stopped by a file for this stanza or for all, each with the command that removes it", () => {
    const { causes: found } = judged({
      "pg1-srv": { stanza: { version: "2.45", stopped: ["all", "demo", "other"], info: [INFO] } },
    });
    expect(found.map(({ code, remedy }) => [code, remedy])).toEqual([
      ["LAB-STANZA-STOPPED", "./lab ssh pg1-srv -- sudo -u postgres pgbackrest start"],
      ["LAB-STANZA-STOPPED", "./lab ssh pg1-srv -- sudo -u postgres pgbackrest --stanza=demo start"],
    ]);
  });

  it("are refused to a host that is revoked, which is a finding when they are not", () => {
    const lab = deployedLab({ revoked: ["pg2-srv"] });
    const denied = "[AccessError] raised from remote-0 tls protocol on 'backup-srv': access denied";
    const told105 = stanza({
      status: { code: 99, message: "other" },
      repo: [{ status: { code: 99, message: denied } }],
    });
    const silent = { postgresql: { ...STANDBY, receiver: null } };
    expect(causes({ "pg2-srv": { ...told105, ...silent } }, lab)).toEqual([]);
    expect(causes({ "pg2-srv": silent }, lab)).toEqual([
      "fail LAB-STANZA-NOT-REFUSED pg2-srv: its certificate is revoked, but it is not refused: stanza demo: ok",
    ]);
    expect(judged({ "pg2-srv": silent }, lab).drift).toMatchObject([{ steps: ["backup-srv-pgbackrest-start"] }]);
  });

  it("tell the age of the last full backup", () => {
    const old = (days: number): string[] => {
      const stop = NOW - days * DAY;
      return causes({ "backup-srv": stanza({ backup: [{ ...BACKUP, timestamp: { start: stop, stop } }] }) });
    };
    expect(old(8)).toEqual([]);
    expect(old(9)).toEqual(["warn LAB-BACKUP-OLD backup-srv: the last full backup, 20261123-184305F, is 9 days old"]);
    expect(old(30)).toEqual([
      "fail LAB-BACKUP-TOO-OLD backup-srv: the last full backup, 20261123-184305F, is 30 days old",
    ]);
  });

  it("need a backup from a standby, where there are standbys that are not revoked", () => {
    const changes = { "backup-srv": { repositories: { 1: { fromStandby: { [BACKUP.label]: false }, wal: WAL } } } };
    expect(causes(changes)).toEqual(["fail LAB-BACKUP-NO-STANDBY backup-srv: there is no backup from a standby"]);
    expect(causes({ "backup-srv": { repositories: { 1: { fromStandby: {}, wal: WAL } } } })).toHaveLength(1);
    const denied = { code: 99, message: "access denied" };
    const refused = stanza({ status: denied, repo: [{ status: denied }] });
    const still = { ...refused, postgresql: { ...STANDBY, receiver: null } };
    const revoked = deployedLab({ revoked: ["pg2-srv"] });
    expect(causes({ ...changes, "pg2-srv": still }, revoked)).toEqual([]);
    expect(causes({ ...changes, "pg2-srv": refused }, revoked)).toEqual([
      "fail LAB-STREAMS-REVOKED pg2-srv: its certificate is revoked, but it streams from pg1-srv",
    ]);
  });

  it("tell of a folder that is gone, of wrong checksums, and of an interrupted backup, but not of one that runs", () => {
    expect(causes({ "backup-srv": stanza({}, []) })).toEqual([
      "fail LAB-BACKUP-LOST backup-srv: backup 20261123-184305F is in backup.info, but its folder is missing",
    ]);
    const labels = [BACKUP.label, "20261124-104500F"];
    expect(causes({ "backup-srv": stanza({ backup: [{ ...BACKUP, error: true }] }, labels) })).toEqual([
      "fail LAB-BACKUP-CHECKSUM backup-srv: backup 20261123-184305F has pages with wrong checksums",
      "warn LAB-BACKUP-INTERRUPTED backup-srv: backup 20261124-104500F was interrupted",
    ]);
    const status = { code: 0, message: "ok", lock: { backup: { held: true } } };
    expect(causes({ "backup-srv": stanza({ status }, labels) })).toEqual([]);
  });

  it("count WAL segments as PostgreSQL numbers them, of any size", () => {
    const size = 16 * MIB;
    expect(walGap("000000010000000000000008", "000000010000000000000009", size)).toBe(0);
    expect(walGap("000000010000000000000008", "000000010000000000000008", size)).toBe(0);
    expect(walGap("0000000100000000000000FE", "000000010000000100000002", size)).toBe(3);
    expect(walGap("00000001000000000000003F", "000000010000000100000000", 64 * MIB)).toBe(0);
    expect(walGap("000000010000000000000008", "000000020000000000000009", size)).toBeUndefined();
    expect(walGap(null, "000000010000000000000001", size)).toBeUndefined();
  });
});

const SAID = `2026-11-24 10:38:25.982 P00   INFO: verify command begin 2.45: --exec-id=347-4a5c8c97 --stanza=demo
2026-11-24 10:38:26.385 P01   INFO: invalid checksum '20261124-071447F/pg_data/pg_xact/0000.gz'
2026-11-24 10:38:26.452 P02   INFO: invalid result 15-1/0000000100000000/000000010000000000000007-6879db.gz: [29] raised from local-2 protocol: unexpected eof in compressed data
2026-11-24 10:38:41.453 P00   INFO: stanza: demo
                                    status: error
                                      backup: 20261124-071447F, status: invalid, total files checked: 965, total valid files: 964
2026-11-24 10:38:41.454 P00   INFO: verify command end: completed successfully (15475ms)`;

describe("several repositories", () => {
  const lab = deployedLab({ repositories: [{}, { path: "/srv/second" }] });
  const inRepository = (number: number, label: string) => ({
    ...BACKUP,
    label,
    database: { id: 1, "repo-key": number },
  });
  const [first, second] = [inRepository(1, BACKUP.label), inRepository(2, "20261123-190000F")];
  const archive = [1, 2].map((number) => ({
    id: "15-1",
    database: { id: 1, "repo-key": number },
    max: "000000010000000000000008",
  }));
  const statuses = (code: number, message: string) => [
    { key: 1, status: { code: 0, message: "ok" } },
    { key: 2, status: { code, message } },
  ];
  const facts = (changes: Partial<StanzaInfo> = {}, its: RepositoryFacts = held(second.label)): HostFacts => ({
    stanza: {
      ...{ version: "2.45", stopped: [], labels: { 1: [first.label], 2: [second.label] } },
      info: [{ ...INFO, repo: statuses(0, "ok"), archive, backup: [first, second], ...changes }],
    },
    repositories: { 1: held(first.label), 2: its },
  });
  const held = (label: string): RepositoryFacts => ({ fromStandby: { [label]: true }, unusable: [], wal: WAL });
  const others = (changes: Partial<StanzaInfo>): Changes =>
    Object.fromEntries(["pg1-srv", "pg2-srv"].map((host) => [host, { stanza: facts(changes).stanza }]));
  const judgedAt = (changes: Partial<StanzaInfo>, its?: RepositoryFacts) =>
    judged({ "backup-srv": facts(changes, its), ...others(changes) }, lab);

  it("are each as they should be", () => {
    expect(judgedAt({}).causes).toEqual([]);
  });

  it("have one without the stanza, which gets it, and a backup, alone", () => {
    const { causes: found } = judgedAt(
      { repo: statuses(1, "missing stanza path"), archive: archive.slice(0, 1), backup: [first] },
      { fromStandby: {}, wal: {} },
    );
    expect(told(found)).toEqual([
      "fail LAB-STANZA-MISSING backup-srv: repo2 (/srv/second) has no stanza demo: its backups and WAL are lost",
    ]);
    expect(found[0]).toMatchObject({ fullBackup: true, inRepository: 2, steps: ["backup-srv-stanza-create"] });
  });

  it("have one that is down: it alone is named, by one cause, and explains no finding of another", () => {
    const message = "[PathOpenError] unable to list file info for path '/srv/second/backup'";
    const down = { repo: statuses(99, message), archive: archive.slice(0, 1), backup: [first] };
    const { causes: found, proven } = judgedAt(down, { fromStandby: {}, wal: "ERROR: [041]: unable to open" });
    expect([proven, told(found)]).toEqual([
      false,
      [`fail LAB-STANZA-STATUS backup-srv: stanza demo in repo2 (/srv/second): ${message} (status 99)`],
    ]);
    const lost = judgedAt({ ...down, backup: [] }, { fromStandby: {}, wal: "ERROR: [041]: unable to open" });
    expect(told(lost.causes)).toContain(
      "fail LAB-BACKUP-NONE backup-srv: there is no full backup in repo1 (/backup_space)",
    );
  });

  it("let in a host whose certificate is revoked: that is told once, as one server does", () => {
    const revoked = deployedLab({ repositories: [{}, { path: "/srv/second" }], revoked: ["pg2-srv"] });
    const { causes: found } = judged({ "backup-srv": facts(), ...others({}) }, revoked);
    expect(told(found).filter((each) => each.includes("NOT-REFUSED"))).toEqual([
      "fail LAB-STANZA-NOT-REFUSED pg2-srv: its certificate is revoked, but it is not refused: stanza demo: ok",
    ]);
  });

  it("have a store that refuses, or does not answer: it is named with what it says, and hosts that ask for it are not", () => {
    const store = { type: "s3", path: "/demo", s3Bucket: "backups", s3Endpoint: "s3.example.net", s3Region: "eu" };
    const inStore = deployedLab({
      repositories: [{}, store],
      repositorySecrets: { "repo2-s3-key": "a", "repo2-s3-key-secret": "b" },
    });
    const tellOf = (message: string) => {
      const changes = { repo: statuses(99, message), archive: archive.slice(0, 1), backup: [first] };
      const own = facts(changes, { fromStandby: {}, wal: "ERROR: [039]: HTTP request failed with 404" });
      return judged({ "backup-srv": own, ...others(changes) }, inStore).causes;
    };
    const refused =
      "[ProtocolError] HTTP request failed with 404 (NOT FOUND):\n*** Path/Query ***:\nGET /backups/\n*** Response Content ***:\n" +
      "<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message></Error>";
    expect(tellOf(refused)).toMatchObject([
      {
        ...{ code: "LAB-REPOSITORY-STORE", host: "backup-srv", inRepository: 2 },
        cause: "repo2 (s3://backups/demo) cannot be used: The specified bucket does not exist (NoSuchBucket)",
        remedy:
          "the bucket does not exist there: see s3Bucket and s3Endpoint in lab:repositories; then ./lab ssh backup-srv -- sudo -u pgbackrest pgbackrest --repo=2 info answers",
      },
    ]);
    expect(
      told(tellOf("[HostConnectError] unable to connect to 's3.example.net:443': [111] Connection refused")),
    ).toEqual([
      "fail LAB-REPOSITORY-STORE backup-srv: repo2 (s3://backups/demo) cannot be used: unable to connect to 's3.example.net:443': [111] Connection refused",
    ]);
  });

  it("have WAL that only one of them misses, and backups that only one of them lacks", () => {
    const { causes: found } = judgedAt(
      {},
      { ...held(second.label), wal: walOf(segmentsUpTo(8).filter((name) => !name.endsWith("5"))) },
    );
    expect(told(found)[0]).toMatch(
      /^fail LAB-WAL-HOLE backup-srv: no backup in repo2 \(\/srv\/second\) restores to the newest moment: /,
    );
    expect(found[0]).toMatchObject({ fullBackup: true, inRepository: 2 });
    expect(told(judgedAt({ backup: [first] }, { fromStandby: {}, wal: WAL }).causes)).toEqual([
      "fail LAB-BACKUP-NONE backup-srv: there is no full backup in repo2 (/srv/second)",
      "warn LAB-BACKUP-INTERRUPTED backup-srv: backup 20261123-190000F was interrupted in repo2 (/srv/second)",
    ]);
  });

  it("hold WAL of which one has another segment, or which waits for one: that is no other cluster's", () => {
    const archiver = { failedWal: "000000010000000000000008", failed: 4e9, archivedWal: null, archived: 10 };
    const waits = (its: RepositoryFacts): string[] =>
      told(
        judged({ "backup-srv": facts({}, its), "pg1-srv": { ...facts(), postgresql: { ...PRIMARY, archiver } } }, lab)
          .causes,
      );
    expect(waits({ ...held(second.label), wal: walOf(segmentsUpTo(7)) }).join()).toContain("LAB-ARCHIVE-FAILING");
    expect(waits(held(second.label)).join()).toContain("LAB-ARCHIVE-TAKEN");
  });
});

describe("the repository's files", () => {
  it("are read from what verify says, which ends with 0", () => {
    expect(parseVerify(SAID)).toEqual([
      { path: "20261124-071447F/pg_data/pg_xact/0000.gz", problem: "invalid checksum" },
      {
        path: "15-1/0000000100000000/000000010000000000000007-6879db.gz",
        problem: "invalid result ([29] raised from local-2 protocol: unexpected eof in compressed data)",
      },
    ]);
  });

  it("are damaged: what the last full backup and its WAL need takes a new one", () => {
    expect(judged({ "backup-srv": { verified: { "1": SAID } } }).causes).toMatchObject([
      {
        level: "fail",
        code: "LAB-BACKUP-DAMAGED",
        cause: "repo1 holds a damaged file, 20261124-071447F/pg_data/pg_xact/0000.gz: invalid checksum",
        fullBackup: true,
      },
      { level: "fail", fullBackup: true },
    ]);
    const later = {
      ...BACKUP,
      label: "20261124-103900F",
      archive: { start: "000000020000000000000009", stop: "000000020000000000000009" },
    };
    const info = [{ ...INFO, backup: [BACKUP, later] }];
    expect(
      judged({
        "backup-srv": { verified: { "1": SAID }, stanza: { version: "2.45", stopped: [], info } },
      }).causes.filter(({ code }) => code.startsWith("LAB-BACKUP")),
    ).toMatchObject([{ level: "warn" }, { level: "warn" }]);
  });

  it("cannot be verified", () => {
    expect(
      causes({ "backup-srv": { verified: { "1": "P00  ERROR: [055]: unable to open missing file\nstatus 55" } } }),
    ).toEqual([
      "fail LAB-VERIFY-FAILED backup-srv: pgbackrest verify of repo1 failed: ERROR: [055]: unable to open missing file",
    ]);
  });

  it("are not their owner's to use, or too many to name", () => {
    const unusable = (count: number, owner: string): Changes => ({
      "backup-srv": {
        repositories: {
          1: {
            fromStandby: { [BACKUP.label]: true },
            wal: WAL,
            unusable: Array.from({ length: count }, (_, index) => ({
              path: `/backup_space/${index}`,
              owner,
              mode: "0",
            })),
          },
        },
      },
    });
    expect(judged(unusable(1, "pgbackrest")).causes).toMatchObject([
      {
        cause: "pgbackrest may not read and write its own files [041]: /backup_space/0",
        remedy: "./lab ssh backup-srv -- sudo chmod -R u+rwX /backup_space/0",
      },
    ]);
    expect(judged(unusable(6, "root")).causes).toMatchObject([
      {
        cause:
          "files belong to root, pgbackrest cannot use them [041]: /backup_space/0, /backup_space/1, /backup_space/2, /backup_space/3 and 2 more",
        remedy: "./lab ssh backup-srv -- sudo chown -R pgbackrest:pgbackrest /backup_space",
      },
    ]);
  });
});

it("tells folders that were moved aside, since when and how large they are", () => {
  const path = "/var/lib/postgresql/15/main.diverged-20261127T030405Z";
  const movedAside = { [path]: { date: "20261127T030405Z", bytes: 41_000_000 } };
  expect(judged({ "pg2-srv": { movedAside } }).causes).toEqual([
    {
      ...{ code: "LAB-DATA-ASIDE", level: "warn", area: "disk", host: "pg2-srv", subject: path },
      cause: `${path} was moved aside on 2026-11-27 03:04 UTC: 40 MiB`,
      remedy: `when nobody needs what is in it, ./lab ssh pg2-srv -- sudo rm -r ${path}; ./lab destroy deletes it with the host`,
    },
  ]);
  expect(judged({ "pg2-srv": { movedAside: {} } }).causes).toEqual([]);
});

describe("disks", () => {
  const disk = (free: number): string[] =>
    causes({
      "pg1-srv": {
        disks: {
          "/a": { device: "7", size: 1000, free },
          "/b": { device: "7", size: 1000, free },
          "/c": { device: "8", size: 1000, free },
        },
      },
    });

  it("are told by their device, once, although several folders lie on one, and others have its size", () => {
    expect(disk(200)).toEqual([]);
    expect(disk(199)).toEqual([
      "warn LAB-DISK-LOW pg1-srv: the file system of /a has 19 % free (0 MiB)",
      "warn LAB-DISK-LOW pg1-srv: the file system of /c has 19 % free (0 MiB)",
    ]);
    expect(disk(49)[0]).toBe("fail LAB-DISK-FULL pg1-srv: the file system of /a has 4 % free (0 MiB)");
  });
});
