import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { pgBackRestRefusal, postgreSqlRefusal } from "../../config/reserved-settings";
import { problemsOf } from "../support/stack-config";

const IS_SECRET =
  "it is a secret, and would stand in the stack's outputs and in files that every account of a host reads";

const PGBACKREST_HINT = "hint: lab:repositorySecrets";

describe("lab:pgbackrest", () => {
  it.each([
    ...["repo1-cipher-pass", "repo-cipher-pass", "Repo1-Cipher-Pass", "repo1-s3-key", "repo1-s3-key-secret"],
    ...[
      "repo1-s3-token",
      "repo1-azure-account",
      "repo1-azure-key",
      "repo1-gcs-key",
      "repo1-sftp-private-key-passphrase",
    ],
    ...["repo2-cipher-pass", "repo1-vault-token"],
  ])("may not set %s, a secret", (option) => {
    expect(pgBackRestRefusal(option, "hunter2")).toBe(`may not set ${option}: ${IS_SECRET}; ${PGBACKREST_HINT}`);
  });

  it("knows every option that the installed pgBackRest calls secure", () => {
    const help = (...args: string[]): string => spawnSync("pgbackrest", ["help", ...args], { encoding: "utf8" }).stdout;
    const options = [...help("backup").matchAll(/^ +--(repo-[a-z0-9-]+)/gm)].map(([, name]) => String(name));
    const secure = options.filter((option) => {
      const name = option.replace(/^repo/, "repo1");
      const { stdout, stderr } = spawnSync(
        "pgbackrest",
        ["--stanza=demo", "--log-level-file=off", `--${name}=x`, "info"],
        {
          encoding: "utf8",
        },
      );
      return (stdout + stderr).includes("is not allowed on the command-line");
    });
    expect(secure.length).toBeGreaterThan(5);
    expect(
      secure.filter(
        (option) => pgBackRestRefusal(option, "x") !== `may not set ${option}: ${IS_SECRET}; ${PGBACKREST_HINT}`,
      ),
    ).toEqual([]);
  });

  it.each([
    ...[
      "repo1-path",
      "repo-path",
      "repo1-type",
      "repo1-cipher-type",
      "repo1-s3-bucket",
      "repo2-host",
      "repo2-cipher-type",
    ],
    ...["backup-host", "retention-full"],
  ])("may not set %s", (option) => {
    expect(pgBackRestRefusal(option, "x")).toBe(`may not set ${option}: it comes from lab:repositories`);
  });

  it.each(["spool-path", "log-path", "lock-path"])("may not set %s, a folder that nobody makes", (option) => {
    expect(pgBackRestRefusal(option, "/srv/spool")).toBe(
      `may not set ${option}: the packages make pgBackRest's folders, with owner and SELinux label; hint: mount another disk there`,
    );
  });

  it.each([
    ["pg2-path", "/x", "may not set pg2-path: it comes from the lab's hosts"],
    ["db-exclude", "x", "may not set db-exclude: a standby is restored whole"],
    ["archive-mode", "off", `archive-mode must be preserve, got "off": a primary that is restored must archive`],
    ["archive-check", false, "archive-check must be on, got false: a backup without its WAL restores nothing"],
    ["dry-run", true, "may not set dry-run: it has a key of its own or belongs on a command line"],
    ["target-timeline", "2", "may not set target-timeline: it has a key of its own or belongs on a command line"],
  ])("refuses %s = %j", (option, value, refusal) => {
    expect(pgBackRestRefusal(option, value)).toBe(refusal);
  });

  it.each([
    ...[
      "process-max",
      "repo1-bundle",
      "repo1-block",
      "repo01-bundle",
      "repo1-retention-full-type",
      "repo1-retention-diff",
    ],
    ...[
      "compress-type",
      "archive-async",
      "archive-push-queue-max",
      "db-timeout",
      "buffer-size",
      "delta",
      "archive-timeout",
    ],
  ])("may set %s", (option) => {
    expect(pgBackRestRefusal(option, "x")).toBeUndefined();
  });
});

describe("lab:postgresql", () => {
  it.each([
    ["wal_level", "minimal", `wal_level must be replica or logical, got "minimal": archiving and standbys need it`],
    [
      "hot_standby",
      false,
      "hot_standby must be on, got false: standbys are asked whether they stream, and deliver backups",
    ],
    [
      "max_wal_senders",
      0,
      "max_wal_senders must be a whole number from 10, got 0: every standby, every restore and Barman need one",
    ],
    [
      "max_wal_senders",
      "-1",
      `max_wal_senders must be a whole number from 10, got "-1": every standby, every restore and Barman need one`,
    ],
    [
      "max_replication_slots",
      0,
      "max_replication_slots must be a whole number from 10, got 0: every standby and Barman stream from one",
    ],
    [
      "primary_slot_name",
      "x",
      "may not set primary_slot_name: the lab's steps decide what a host recovers to, and from whom",
    ],
    [
      "recovery_target_timeline",
      "current",
      "may not set recovery_target_timeline: the lab's steps decide what a host recovers to, and from whom",
    ],
    [
      "promote_trigger_file",
      "/t",
      "may not set promote_trigger_file: the lab's steps decide what a host recovers to, and from whom",
    ],
    ["trigger_file", "/t", "may not set trigger_file: the lab's steps decide what a host recovers to, and from whom"],
    [
      "password_encryption",
      "md5",
      `password_encryption must be scram-sha-256, got "md5": pg_hba.conf takes no other for the roles that the lab makes`,
    ],
    [
      "port",
      5433,
      "may not set port: standbys, pgBackRest and every check find PostgreSQL at its default port and socket",
    ],
    [
      "Unix_Socket_Directories",
      "/t",
      "may not set Unix_Socket_Directories: standbys, pgBackRest and every check find PostgreSQL at its default port and socket",
    ],
    ["external_pid_file", "/t", "may not set external_pid_file: the packages and the lab's steps know where it is"],
    ["ARCHIVE_MODE", "off", "may not set ARCHIVE_MODE: pgBackRest archives WAL, and expires it"],
    ["archive_cleanup_command", "rm", "may not set archive_cleanup_command: pgBackRest archives WAL, and expires it"],
    ["ssl", true, "may not set ssl: lab:replicationTls decides, with the hosts' own certificates"],
    ["ssl_key_file", "/k", "may not set ssl_key_file: lab:replicationTls decides, with the hosts' own certificates"],
    [
      "ssl_passphrase_command",
      "echo x",
      `may not set ssl_passphrase_command: ${IS_SECRET}; hint: ALTER SYSTEM sets it on a host, by hand`,
    ],
    [
      "plugin.api_token",
      "x",
      `may not set plugin.api_token: ${IS_SECRET}; hint: ALTER SYSTEM sets it on a host, by hand`,
    ],
    ["include_dir", "/etc/x", "may not set include_dir: the file could set what is refused here"],
    ["fsync", "off", `fsync must be on, got "off": a crash would damage the cluster, and the backups after it`],
    ["full_page_writes", "off", `full_page_writes must be on, got "off": a backup from a standby needs it`],
    [
      "synchronous_standby_names",
      "*",
      `synchronous_standby_names must be "", got "*": the primary's first transactions come before its standbys, and would wait for them for ever`,
    ],
    [
      "recovery_min_apply_delay",
      "1h",
      `recovery_min_apply_delay must be 0, got "1h": a standby is verified by a row that it must have within a minute`,
    ],
    [
      "default_transaction_read_only",
      "on",
      `default_transaction_read_only must be off, got "on": the lab makes roles, and writes rows`,
    ],
    ["data_checksums", true, "may not set data_checksums: PostgreSQL reports it, and nobody can set it"],
  ])("refuses %s = %j", (setting, value, refusal) => {
    expect(postgreSqlRefusal(setting, value)).toBe(refusal);
  });

  it.each([
    ["wal_level", "logical"],
    ["WAL_LEVEL", "Replica"],
    ["hot_standby", true],
    ["hot_standby", "yes"],
    ["max_wal_senders", 20],
    ["password_encryption", "scram-sha-256"],
    ["ssl_min_protocol_version", "TLSv1.3"],
    ["synchronous_standby_names", ""],
    ["synchronous_commit", "off"],
    ["work_mem", "8MB"],
    ["shared_preload_libraries", "pg_stat_statements"],
    ["max_connections", 50],
    ["lc_messages", "C"],
  ])("takes %s = %j", (setting, value) => {
    expect(postgreSqlRefusal(setting, value)).toBeUndefined();
  });
});

it("is refused with the configuration, before the first resource", () => {
  const settings = { pgbackrest: { "repo1-cipher-pass": "hunter2" }, postgresql: { port: 5433, wal_level: "logical" } };
  expect(problemsOf(settings)).toEqual([
    `lab:pgbackrest may not set repo1-cipher-pass: ${IS_SECRET}; ${PGBACKREST_HINT}`,
    "lab:postgresql may not set port: standbys, pgBackRest and every check find PostgreSQL at its default port and socket",
  ]);
});
