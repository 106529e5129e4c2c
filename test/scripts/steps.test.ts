import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptRun, StandIns } from "../support/stand-ins";

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
});
afterEach(() => {
  host.remove();
});

const info = (code: number, ...labels: string[]): string =>
  JSON.stringify([
    {
      status: { code, message: code === 0 ? "ok" : "missing stanza path" },
      backup: labels.map((label) => ({ label, type: "full" })),
    },
  ]);

describe("backup-plane/stanza-create.sh", () => {
  const ASK = "pgbackrest --stanza=demo --output=json --log-level-console=off --log-level-file=off info";

  it("creates, then checks", () => {
    host.add("pgbackrest", `[[ $* != *info ]] || echo '${info(1)}'`);
    const { status, calls } = host.run("backup-plane/stanza-create.sh", ["pgbackrest", "demo"]);
    expect(calls).toEqual([ASK, "pgbackrest --stanza=demo stanza-create", "pgbackrest --stanza=demo check"]);
    expect(status).toBe(0);
  });

  it.each([0, 2])(
    "only checks a stanza that is there (status %i): creating it again would lock archiving out",
    (code) => {
      host.add("pgbackrest", `[[ $* != *info ]] || echo '${info(code)}'`);
      const { status, calls } = host.run("backup-plane/stanza-create.sh", ["pgbackrest", "demo"]);
      expect(calls).toEqual([ASK, "pgbackrest --stanza=demo check"]);
      expect(status).toBe(0);
    },
  );

  it.each([
    ["error 50", "exit 50"],
    [
      "error 56 where several hosts are asked",
      "echo \"WARN: unable to check pg1: [LockAcquireError] raised from remote-0 tls protocol on 'pg1-srv'\"; exit 56",
    ],
  ])("tries again while archiving holds the lock, which is %s", (_, refusal) => {
    const tried = host.path("tried");
    host.add("sleep", "").add(
      "pgbackrest",
      `case $* in
        *info) echo '${info(1)}' ;;
        *stanza-create) [[ -e ${tried} ]] || { touch ${tried}; ${refusal}; } ;;
      esac`,
    );
    const { status, calls } = host.run("backup-plane/stanza-create.sh", ["pgbackrest", "demo"]);
    const create = "pgbackrest --stanza=demo stanza-create";
    expect(calls).toEqual([ASK, create, "sleep 1", ASK, create, "pgbackrest --stanza=demo check"]);
    expect(status).toBe(0);
  });

  it("waits while a backup runs, and says so", () => {
    const tried = host.path("tried");
    const refusal = "echo \"ERROR: [050]: unable to acquire lock on file '/tmp/pgbackrest/demo-backup.lock'\"; exit 50";
    host.add(
      "pgbackrest",
      `case $* in *info) echo '[]' ;; *stanza-create) [[ -e ${tried} ]] || { touch ${tried}; ${refusal}; } ;; esac`,
    );
    host.add("sleep", "");
    expect(host.run("backup-plane/stanza-create.sh", ["pgbackrest", "demo"])).toMatchObject({
      status: 0,
      stderr: "waiting: pg1-srv: a backup or expire of stanza demo is running\n",
    });
  });

  it("does not check what could not be created, and fails with its status", () => {
    host.add("pgbackrest", '[[ $* == *info ]] || echo "ERROR: [056]: unable to find primary cluster"; exit 56');
    const { status, stdout, calls } = host.run("backup-plane/stanza-create.sh", ["pgbackrest", "demo"]);
    expect(calls).toEqual([ASK, "pgbackrest --stanza=demo stanza-create"]);
    expect([status, stdout]).toEqual([56, "ERROR: [056]: unable to find primary cluster\n"]);
  });
});

describe("backup-plane/backup-full.sh", () => {
  const BACKUP = "pgbackrest --stanza=demo --repo=2 --type=full backup";
  const LIST = "pgbackrest --repo=2 --log-level-console=off --log-level-stderr=off repo-get backup/demo/backup.info";
  const line = (label: string, ...facts: string[]): string =>
    `${label}={${['"db-id":2', ...facts, '"option-online":true'].join(",")}}`;
  const FROM_PRIMARY = '"option-backup-standby":false';
  const FROM_STANDBY = '"option-backup-standby":true';

  /** A repository that lists these, and as soon as a backup was taken the last of them too. */
  const repository = (last: string, ...listed: string[]): void => {
    const taken = host.path("taken");
    const lines = ["[backup:current]", ...listed, "[db]", "db-id=2"].map((text) => `echo '${text}'`).join("; ");
    host.add(
      "pgbackrest",
      `case $* in *repo-get*) ${lines}; [[ ! -e ${taken} ]] || echo '${last}' ;; *backup) touch ${taken} ;; esac`,
    );
  };
  const run = (...args: string[]): ScriptRun =>
    host.run("backup-plane/backup-full.sh", ["pgbackrest", "demo", "2", ...args]);

  it("takes a backup when there is none, and none the second time", () => {
    repository(line("20261123-120000F", FROM_PRIMARY));
    expect(run("any")).toMatchObject({ status: 0, calls: [LIST, BACKUP, LIST, LIST] });
    expect(run("any")).toMatchObject({ status: 0, calls: [LIST] });
  });

  it.each([
    ["one from the primary", line("20261123-120000F", FROM_PRIMARY)],
    ["a differential one", line("20261123-120000F_20261123-121000D", FROM_STANDBY)],
    ["one of an earlier major version", line("20261123-120000F", FROM_STANDBY).replace('"db-id":2', '"db-id":1')],
    ["one with page checksum errors", line("20261123-120000F", FROM_STANDBY, '"backup-error":true')],
  ])("does not count %s as a full backup from a standby", (_, listed) => {
    repository(line("20261123-130000F", FROM_STANDBY), listed);
    expect(run("standby").calls).toContain(BACKUP);
    expect(run("standby")).toMatchObject({ status: 0, calls: [LIST] });
  });

  it("takes a newer one than those from before a label", () => {
    repository(line("20261123-130000F", FROM_PRIMARY), line("20261123-120000F", FROM_PRIMARY));
    expect(run("any", "20261123-125959").calls).toContain(BACKUP);
    expect(run("any", "20261123-125959").calls).toEqual([LIST]);
  });

  it("says so when no standby delivered the backup", () => {
    repository(line("20261123-120000F", FROM_PRIMARY));
    expect(run("standby")).toMatchObject({
      status: 1,
      stderr: "pg1-srv: pgBackRest took a full backup of stanza demo, but repo2 lists none from host: standby\n",
    });
  });

  it("fails with pgBackRest's status when no backup can be taken", () => {
    host.add("pgbackrest", "[[ $* != *backup ]] || exit 56");
    expect(run("any")).toMatchObject({ status: 56, calls: [LIST, BACKUP] });
  });

  it("waits while another backup runs, whose lock is error 50", () => {
    const asked = host.path("asked");
    const held = line("20261123-120000F", FROM_STANDBY);
    host.add(
      "pgbackrest",
      `case $* in *repo-get*) [[ ! -e ${asked} ]] || echo '${held}'; echo db-id=2 ;; *backup) touch ${asked}; exit 50 ;; esac`,
    );
    host.add("sleep", "");
    expect(run("standby")).toMatchObject({
      status: 0,
      calls: [LIST, BACKUP, "sleep 5", LIST],
      stderr: "waiting: pg1-srv: another backup or expire of stanza demo is running\n",
    });
  });
});

describe("backup-plane/stanza-info.sh", () => {
  it("prints the newest backup of a sound stanza", () => {
    host.add("pgbackrest", `echo '${info(0, "20261123-120000F", "20261123-130000F")}'`);
    const run = host.run("backup-plane/stanza-info.sh", ["postgres", "demo"]);
    expect(run).toMatchObject({ status: 0, stdout: "20261123-130000F\n" });
  });

  it("does not believe the exit status of info", () => {
    host.add("pgbackrest", `echo '${info(1)}'`);
    expect(host.run("backup-plane/stanza-info.sh", ["postgres", "demo"])).toMatchObject({
      status: 1,
      stderr: "pg1-srv: stanza demo has status 1 (missing stanza path), not 0 (ok)\n",
    });
  });

  it.each([
    ["a backup that has run since", ["A", "B", "C"]],
    ["an expire that has run since", ["B"]],
    ["both", ["C"]],
  ])("agrees with B after %s", (_, labels) => {
    host.add("pgbackrest", `echo '${info(0, ...labels)}'`);
    expect(host.run("backup-plane/stanza-info.sh", ["postgres", "demo", "B"])).toMatchObject({ status: 0, stderr: "" });
  });

  it("refuses older backups than the one that is expected", () => {
    host.add("pgbackrest", `echo '${info(0, "A")}'`);
    expect(host.run("backup-plane/stanza-info.sh", ["postgres", "demo", "B"])).toMatchObject({
      status: 1,
      stderr: "pg1-srv: the newest backup of stanza demo is A, but the repository host lists B\n",
    });
  });
});

describe("cluster/standby-restore.sh", () => {
  const restore = (body: string): string => {
    const data = host.path("main");
    host.add("install", 'mkdir -p "${@: -1}"');
    host.add("pgbackrest", `case $* in *info) echo '[{}]' ;; *) ${body.replaceAll("DATA", data)} ;; esac`);
    return data;
  };
  const RESTORES = "mkdir -p DATA/global && touch DATA/global/pg_control DATA/standby.signal";

  it("restores into an empty folder, and leaves a standby as it is the second time", () => {
    const data = restore(RESTORES);
    expect(host.run("cluster/standby-restore.sh", ["demo", data, host.path("bin")])).toMatchObject({
      status: 0,
      calls: [
        `install -d -o postgres -g postgres -m 0700 ${data}`,
        "pgbackrest --stanza=demo --output=json --log-level-console=off --log-level-file=off info",
        "pgbackrest --stanza=demo --type=standby restore",
      ],
    });
    expect(host.run("cluster/standby-restore.sh", ["demo", data, host.path("bin")])).toMatchObject({
      status: 0,
      calls: [],
    });
  });

  it("gives a standby that has lost its standby.signal a new one", () => {
    const data = restore(RESTORES);
    fs.mkdirSync(`${data}/global`, { recursive: true });
    fs.writeFileSync(`${data}/global/pg_control`, "precious");
    host.add("pg_controldata", "echo 'Database cluster state:               shut down in recovery'");
    expect(host.run("cluster/standby-restore.sh", ["demo", data, host.path("bin")]).status).toBe(0);
    expect(fs.existsSync(`${data}/standby.signal`)).toBe(true);
  });

  it("does not touch a cluster that is no standby", () => {
    const data = restore(RESTORES);
    host.add("pg_controldata", "echo 'Database cluster state:               shut down'");
    fs.mkdirSync(`${data}/global`, { recursive: true });
    fs.writeFileSync(`${data}/global/pg_control`, "precious");
    const run = host.run("cluster/standby-restore.sh", ["demo", data, host.path("bin")]);
    expect(run.status).toBe(1);
    expect(run.stderr).toBe(
      `pg1-srv: ${data} holds a cluster that is not a standby; hint: move it aside if you do not need it\n`,
    );
    expect(fs.readFileSync(`${data}/global/pg_control`, "utf8")).toBe("precious");
  });

  it("moves aside what an interrupted restore left, and says so", () => {
    const data = restore(RESTORES);
    fs.mkdirSync(data);
    fs.writeFileSync(`${data}/half`, "half");
    const run = host.run("cluster/standby-restore.sh", ["demo", data, host.path("bin")]);
    const [aside = ""] = fs.readdirSync(host.folder).filter((name) => name.startsWith("main.incomplete-"));
    expect(run.status).toBe(0);
    expect(run.stderr).toBe(`moved aside: pg1-srv: ${data} held no complete cluster; it is now ${host.path(aside)}\n`);
    expect(fs.readFileSync(host.path(`${aside}/half`), "utf8")).toBe("half");
  });
});

describe("backup-plane/repository-holds.sh", () => {
  // The script looks for the configuration of the host that it runs on: here there is none.
  it("says none on a host that was never configured, without asking pgBackRest", () => {
    host.add("pgbackrest", "exit 99");
    expect(host.run("backup-plane/repository-holds.sh", ["pgbackrest", "demo"])).toMatchObject({
      status: 0,
      stdout: "none\n",
      calls: [],
    });
  });
});

describe("cluster/primary-restore.sh", () => {
  const restored = "pgbackrest --stanza=demo restore";
  const pgbackrest = (data: string): void => {
    host.add("install", 'mkdir -p "${@: -1}"');
    host.add(
      "pgbackrest",
      `case $* in *info) echo '${info(0, "A")}' ;; *repo-get*) ;; *restore) mkdir -p ${data}/global && touch ${data}/global/pg_control ;; esac`,
    );
  };

  it("restores where the repository holds a backup and there is no cluster, once", () => {
    const data = host.path("main");
    pgbackrest(data);
    expect(host.run("cluster/primary-restore.sh", ["demo", data, "backup"])).toMatchObject({ status: 0 });
    expect(host.run("cluster/primary-restore.sh", ["demo", data, "backup"]).calls).toEqual([]);
  });

  it("leaves the folder to the step that makes a new cluster where there is no backup", () => {
    const data = host.path("main");
    pgbackrest(data);
    expect(host.run("cluster/primary-restore.sh", ["demo", data, "none"])).toMatchObject({ status: 0, calls: [] });
    expect(fs.existsSync(data)).toBe(false);
  });

  it("moves aside what an interrupted restore left, and says so", () => {
    const data = host.path("main");
    pgbackrest(data);
    fs.mkdirSync(data);
    fs.writeFileSync(`${data}/half`, "half");
    const run = host.run("cluster/primary-restore.sh", ["demo", data, "backup"]);
    const [aside = ""] = fs.readdirSync(host.folder).filter((name) => name.startsWith("main.incomplete-"));
    expect(run.stderr).toBe(`moved aside: pg1-srv: ${data} held no complete cluster; it is now ${host.path(aside)}\n`);
    expect(run.calls).toContain(restored);
    expect(fs.readFileSync(host.path(`${aside}/half`), "utf8")).toBe("half");
  });
});

describe("cluster/standby-follow.sh", () => {
  const args = (data: string): string[] => [
    host.path("bin"),
    ...["postgresql@15-main", data, "pg1-srv", "host=pg1-srv user=replic_user", "demo"],
  ];

  /** A standby of system 42 at 0/7000060 of timeline 1, whose primary, and who itself, answers as given. */
  const standby = ({
    primary = "42|1|0/7000060|",
    history = "",
    own = "42|1|0/7000060",
    ahead = "f",
    receiver = "streaming",
    kept = "exit 2",
    tablespaces = "",
  }): string => {
    const data = host.path("main");
    fs.mkdirSync(`${data}/global`, { recursive: true });
    for (const file of ["global/pg_control", "standby.signal"]) fs.writeFileSync(`${data}/${file}`, "");
    host.add("systemctl", "").add("mountpoint", "exit 1");
    host.add(
      "psql",
      `case $* in
        *"host=pg1-srv user=replic_user dbname=postgres "*"FROM pg_tablespace, "*) echo '${tablespaces}' ;;
        *"host=pg1-srv user=replic_user dbname=postgres "*"pg_current_wal_lsn() <= '0/7000060' OR"*pg_stat_file*000000010000000000000007*) ${kept} ;;
        *pg_stat_wal_receiver) echo '${receiver}' ;;
        *wal_segment_size*) echo '0/7000060|16777216' ;;
        *replication=true*IDENTIFY_SYSTEM) echo '${primary}' ;;
        *replication=true*TIMELINE_HISTORY*) printf '%b' '${history}' ;;
        *pg_control_recovery*) [[ $* == *'-c CHECKPOINT -c CHECKPOINT -c '* ]] && echo '${own}' ;;
        *"pg_lsn '0/7000060' > '"*) echo '${ahead}' ;;
        *'SELECT 1') ;;
        *) exit 99 ;;
      esac`,
    );
    return data;
  };
  const asides = (): string[] => fs.readdirSync(host.folder).filter((name) => name.startsWith("main.diverged-"));
  const isThere = (data: string): void => {
    expect(asides()).toEqual([]);
    expect(fs.existsSync(`${data}/global/pg_control`)).toBe(true);
  };
  const HISTORY = "00000002.history|1\\t0/7000028\\tno recovery target specified\\n\\n";

  it.each([
    ["on the primary's timeline, as far as that or behind it", {}],
    ["on one that the primary left later", { primary: "42|2|0/8000060|", history: HISTORY, ahead: "f" }],
  ])("leaves data that is %s", (_, answers) => {
    const data = standby(answers);
    const run = host.run("cluster/standby-follow.sh", args(data));
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(run.calls.filter((call) => call.startsWith("systemctl"))).toEqual([
      "systemctl is-active --quiet postgresql@15-main",
    ]);
    isThere(data);
  });

  it.each([
    [
      "ahead of where the primary left its timeline",
      { primary: "42|2|0/8000060|", history: HISTORY, ahead: "t" },
      "the standby is at 0/7000060 on timeline 1, of which pg1-srv has only WAL before 0/7000028",
    ],
    [
      "ahead of the primary on its timeline",
      { primary: "42|1|0/6000060|", ahead: "t" },
      "the standby is at 0/7000060 on timeline 1, of which pg1-srv has only WAL before 0/6000060",
    ],
    [
      "on a timeline that the primary was never on",
      { primary: "42|3|0/8000060|", history: "00000003.history|2\\t0/6000000\\tno target\\n", own: "42|4|0/7000060" },
      "the standby is at 0/7000060 on timeline 4, of which pg1-srv has none",
    ],
    [
      "on a later timeline than the primary's first",
      { own: "42|2|0/7000060" },
      "the standby is at 0/7000060 on timeline 2, of which pg1-srv has none",
    ],
    ["of another cluster", { primary: "43|1|0/1000060|" }, "the standby's system identifier is 42, pg1-srv's is 43"],
  ])("moves data aside that is %s, and says so", (_, answers, why) => {
    const data = standby(answers);
    const run = host.run("cluster/standby-follow.sh", args(data));
    const aside = host.path(asides()[0] ?? "");
    expect(run).toMatchObject({ status: 0, stderr: `moved aside: pg1-srv: ${why}; it is now ${aside}\n` });
    expect(run.calls.filter((call) => call.startsWith("systemctl stop"))).toEqual([
      "systemctl stop postgresql@15-main",
    ]);
    expect(fs.existsSync(`${aside}/global/pg_control`)).toBe(true);
  });

  const asked = (said: string) => `cannot read pg1-srv's system identifier, timeline and position, got "${said}"`;
  it.each([
    ["the primary says nothing", { primary: "" }, asked("")],
    ["the primary says something else", { primary: "42" }, asked("42")],
    ["the primary says no timeline", { primary: "42|0|0/7000060|" }, asked("42|0|0/7000060|")],
    [
      "the standby says nothing",
      { own: "", primary: "43|1|0/1000060|" },
      `cannot read this host's system identifier, timeline and position, got ""`,
    ],
    [
      "the standby does not know its timeline",
      { own: "42||0/7000060", primary: "43|1|0/1000060|" },
      `cannot read this host's system identifier, timeline and position, got "42||0/7000060"`,
    ],
    [
      "the primary tells no history",
      { primary: "42|2|0/8000060|" },
      `cannot read pg1-srv's history of timeline 2, got ""`,
    ],
    [
      "the primary tells an empty history",
      { primary: "42|2|0/8000060|", history: "00000002.history|" },
      `cannot read pg1-srv's history of timeline 2, got "00000002.history|"`,
    ],
    [
      "nobody can tell whether its next WAL is there",
      { receiver: "" },
      "cannot tell whether the standby's next WAL is there",
    ],
    [
      "positions cannot be compared",
      { primary: "42|2|0/8000060|", history: HISTORY, ahead: "" },
      "cannot compare the standby's position with pg1-srv's",
    ],
  ])("touches nothing when %s", (_, answers, sentence) => {
    const data = standby(answers);
    const run = host.run("cluster/standby-follow.sh", args(data));
    expect(run).toMatchObject({ status: 1, stderr: `pg1-srv: ${sentence}\n` });
    expect(run.calls.filter((call) => call.startsWith("systemctl stop"))).toEqual([]);
    isThere(data);
  });

  it("touches nothing when the primary cannot be asked", () => {
    const data = standby({});
    const cannot = (question: string, answer: string): string => {
      host.add(
        "psql",
        `case $* in *${question}*) echo no route >&2; exit 2 ;; *pg_tablespace*) ;; *) echo '${answer}' ;; esac`,
      );
      return host.run("cluster/standby-follow.sh", args(data)).stderr;
    };
    expect(cannot("pg_tablespace", "")).toBe("no route\npg1-srv: cannot read pg1-srv's tablespaces\n");
    expect(cannot("IDENTIFY_SYSTEM", "42|1|0/7")).toBe(
      "no route\npg1-srv: cannot read pg1-srv's system identifier (IDENTIFY_SYSTEM)\n",
    );
    isThere(data);
  });

  it("says what is wrong when the standby does not start, and when it does not answer", () => {
    const data = standby({});
    host.add("systemctl", "exit 1").add("journalctl", "echo out of memory");
    expect(host.run("cluster/standby-follow.sh", args(data))).toMatchObject({
      status: 1,
      stderr: "pg1-srv: cannot start postgresql@15-main\nout of memory\n",
    });
    host.add("systemctl", "").add("psql", "[[ $* == *pg_tablespace* ]] || { echo starting up >&2; exit 2; }");
    expect(host.run("cluster/standby-follow.sh", args(data))).toMatchObject({
      status: 1,
      stderr: "pg1-srv: postgresql@15-main does not answer: starting up; hint: journalctl -u postgresql@15-main\n",
    });
    isThere(data);
  });

  it.each([
    ["is with the primary, or is to be written yet", "echo t", "exit 99", []],
    ["is in the repository", "echo f", "exit 0", []],
    [
      "is nowhere",
      "echo f",
      "exit 1",
      ["neither pg1-srv nor the repository has WAL segment 000000010000000000000007, which the standby needs next"],
    ],
  ])("keeps data of a standby that does not stream while its next WAL is there: it %s", (_, kept, archive, why) => {
    const data = standby({ receiver: "", kept });
    host.add("pgbackrest", archive).add("chown", "");
    const run = host.run("cluster/standby-follow.sh", args(data));
    expect(run.status).toBe(0);
    expect(run.stderr).toBe(
      why.map((words) => `moved aside: pg1-srv: ${words}; it is now ${host.path(asides()[0] ?? "")}\n`).join(""),
    );
    expect(asides()).toHaveLength(why.length);
  });

  it("moves nothing when the repository cannot be asked", () => {
    const data = standby({ receiver: "", kept: "echo f" });
    host.add("pgbackrest", "exit 82").add("chown", "");
    expect(host.run("cluster/standby-follow.sh", args(data)).status).toBe(1);
    isThere(data);
  });

  it("moves no mount point: that cannot be", () => {
    const data = standby({ primary: "43|1|0/1000060|" });
    host.add("mountpoint", "");
    expect(host.run("cluster/standby-follow.sh", args(data))).toMatchObject({
      status: 1,
      stderr: `pg1-srv: the standby's system identifier is 42, pg1-srv's is 43; cannot move it aside: ${data} is a mount point; hint: move its content elsewhere\n`,
    });
    isThere(data);
  });

  it("touches no cluster that is no standby, and needs none", () => {
    const data = standby({ primary: "43|1|0/1|" });
    fs.rmSync(`${data}/standby.signal`);
    for (const place of [data, host.path("nowhere")]) {
      const { status, calls } = host.run("cluster/standby-follow.sh", args(place));
      expect([status, calls.filter((call) => !call.includes("pg_tablespace"))]).toEqual([0, []]);
    }
  });
});

describe("cluster/standby-rejoin.sh", () => {
  const CONNECTION = "host=pg1-srv user=replic_user";
  const rejoin = (): ScriptRun =>
    host.run("cluster/standby-rejoin.sh", [
      ...[host.path("bin"), "postgresql@15-main", host.path("main"), "pg1-srv", CONNECTION, "/etc/postgresql.conf"],
    ]);
  const END =
    "pg_waldump: error: error in WAL record at 0/7000148: invalid record length at 0/7000180: wanted 24, got 0";
  const COMMIT =
    "rmgr: Transaction len (rec/tot): 34/34, tx: 740, lsn: 0/7000100, prev 0/70000C8, desc: COMMIT 2026-11-27 07:02:03.5 UTC; inval msgs: catcache 55";

  /** A server that was promoted from timeline 1 of system 42 at 0/7000060. */
  const promoted = ({
    primary = "42|1|0/7000200|",
    recovering = "f",
    wal = `echo '${END}' >&2; exit 1`,
    rewind = "",
  }): void => {
    fs.mkdirSync(host.path("main/global"), { recursive: true });
    fs.writeFileSync(host.path("main/global/pg_control"), "");
    host.add("systemctl", "").add("mountpoint", "exit 1").add("find", "");
    host.add("pg_waldump", wal).add("pg_rewind", `[[ $1 != --help ]] || { echo --config-file && exit; }; ${rewind}`);
    host.add(
      "psql",
      `case $* in
        *IDENTIFY_SYSTEM) echo '${primary}' ;;
        *pg_control_checkpoint*) echo '42|2|0/7000180' ;;
        *pg_is_in_recovery*) echo ${recovering} ;;
        *to_hex*) printf '1\\t0/7000060\\tno recovery target specified\\n\\n' ;;
        *'SELECT 1') ;;
        *) exit 99 ;;
      esac`,
    );
  };
  const HINT =
    "hint: if pg1-srv is to stay the primary, ./lab up --yes-replace pg1-srv: the data is moved aside, not deleted";
  const there = (): string[] => fs.readdirSync(host.folder).filter((name) => name.startsWith("main"));

  it("rewinds one that has committed nothing since, and makes it a standby", () => {
    promoted({});
    const run = rejoin();
    expect(run).toMatchObject({
      status: 0,
      stderr: "rewound: pg1-srv: it was promoted at 0/7000060 of timeline 1, and had committed nothing since\n",
    });
    expect(run.calls.filter((call) => /^(systemctl stop|pg_rewind --t|pg_waldump)/.test(call))).toEqual([
      `pg_waldump --path=${host.path("main")}/pg_wal --timeline=2 --start=0/7000060 --rmgr=Transaction`,
      "systemctl stop postgresql@15-main",
      `pg_rewind --target-pgdata=${host.path("main")} --source-server=${CONNECTION} dbname=postgres --restore-target-wal --config-file=/etc/postgresql.conf`,
    ]);
    expect(fs.existsSync(host.path("main/standby.signal"))).toBe(true);
  });

  it("moves it aside when it cannot be rewound", () => {
    promoted({ rewind: "echo 'pg_rewind: error: could not find previous WAL record' >&2; exit 1" });
    const run = rejoin();
    const aside = host.path(there()[0] ?? "");
    expect(run).toMatchObject({
      status: 0,
      stderr: `moved aside: pg1-srv: the standby was promoted, and pg_rewind failed: pg_rewind: error: could not find previous WAL record; it is now ${aside}\n`,
    });
    expect(there()).toEqual([expect.stringMatching(/^main\.diverged-/)]);
  });

  it.each([
    [
      "it has committed since",
      { wal: `echo '${COMMIT}'; echo '${END}' >&2; exit 1` },
      "the standby was promoted at 0/7000060 of timeline 1, and has committed since: it is at 0/7000180 on timeline 2, its last commit was 2026-11-27 07:02:03.5 UTC; pg1-srv is at 0/7000200 on timeline 1",
    ],
    [
      "its WAL does not tell",
      { wal: "echo 'pg_waldump: fatal: could not find file' >&2; exit 1" },
      "cannot tell whether this host has committed since its promotion",
    ],
    [
      "it is of another cluster",
      { primary: "43|1|0/7000200|" },
      "MAIN holds a primary of another cluster: its system identifier is 42, pg1-srv's is 43",
    ],
  ])("refuses, and changes nothing, when %s", (_, answers, sentence) => {
    promoted(answers);
    const run = rejoin();
    expect([run.status, run.stderr.trimEnd().split("\n").at(-1)]).toEqual([
      1,
      `pg1-srv: ${sentence.replace("MAIN", host.path("main"))}; ${HINT}`,
    ]);
    expect(run.calls.filter((call) => call.startsWith("systemctl stop"))).toEqual([]);
    expect(there()).toEqual(["main"]);
  });

  it("moves whatever is there aside when a user has let it go", () => {
    promoted({ wal: "exit 99" });
    host.add("find", "echo /run/lab-yes-replace");
    const run = rejoin();
    expect(run).toMatchObject({
      status: 0,
      stderr: `moved aside: pg1-srv: ./lab up --yes-replace pg1-srv; it is now ${host.path(there()[0] ?? "")}\n`,
    });
    expect(there()).toEqual([expect.stringMatching(/^main\.replaced-/)]);
  });

  it("leaves a standby as it is, and what recovers", () => {
    promoted({ recovering: "t" });
    expect(rejoin()).toMatchObject({ status: 0, stderr: "" });
    fs.writeFileSync(host.path("main/standby.signal"), "");
    expect(rejoin().calls.filter((call) => call.startsWith("psql"))).toEqual([]);
    expect(there()).toEqual(["main"]);
  });
});

describe("site/host-ready.sh", () => {
  const ready = (): ScriptRun => host.run("site/host-ready.sh", ["pg1-srv=10.0.0.11", "pg2-srv=10.0.0.12"]);
  const FORWARD = 'echo "10.0.0.11 STREAM pg1-srv"; echo "10.0.0.12 STREAM pg2-srv"';
  const BACKWARD = 'echo "10.0.0.11 pg1-srv.lab"; echo "10.0.0.12 pg2-srv.lab"';
  const names = (forward: string, backward: string) =>
    host.add(
      "getent",
      `case $* in "ahostsv4 pg1-srv pg2-srv") ${forward} ;; "hosts 10.0.0.11 10.0.0.12") ${backward} ;; esac`,
    );

  it("proves every name forward and backward", () => {
    names(FORWARD, BACKWARD);
    expect(ready()).toMatchObject({ status: 0, stderr: "" });
  });

  it("takes an FQDN as it is, and leaves a host name without the name service's domain", () => {
    host.add(
      "getent",
      `case $* in
        "ahostsv4 pg1.north.example pg1") echo "10.0.0.11 STREAM pg1.north.example"; echo "10.0.0.12 STREAM pg1.lab" ;;
        "hosts 10.0.0.11 10.0.0.12") echo "10.0.0.11 pg1.north.example pg1n"; echo "10.0.0.12 pg1.lab" ;;
      esac`,
    );
    const run = (...names: string[]) => host.run("site/host-ready.sh", names);
    expect(run("pg1.north.example=10.0.0.11", "pg1=10.0.0.12")).toMatchObject({ status: 0, stderr: "" });
    host.add("getent", 'echo "10.0.0.11 STREAM pg1.south.example"');
    expect(run("pg1.north.example=10.0.0.11")).toMatchObject({ status: 1 });
  });

  const TOLD = ["forward pg1-srv=10.0.0.11", "forward pg2-srv=10.0.0.12"];
  it.each([
    ["an address", FORWARD, 'echo "10.0.0.11 pg1-srv"', "pg2-srv=10.0.0.12", [...TOLD, "backward pg1-srv=10.0.0.11"]],
    ["a name", 'echo "10.0.0.12 STREAM pg1-srv"', BACKWARD, "pg1-srv=10.0.0.11", undefined],
    ["anything", "exit 2", "exit 2", "pg1-srv=10.0.0.11", [""]],
  ])("fails when the name service does not know %s, and says what it says", (_, forward, backward, missing, told) => {
    names(forward, backward);
    const { status, stderr } = ready();
    const sentence = `pg1-srv: the lab's hosts must resolve forward and backward: ${missing} is missing; the name service answers:`;
    expect([status, stderr.split("\n")[0]]).toEqual([1, sentence]);
    if (told !== undefined) expect(stderr).toBe([sentence, ...told].join("\n").trimEnd() + "\n");
  });

  it("waits for cloud-init, and says when that failed; a warning is none", () => {
    names(FORWARD, BACKWARD);
    host.add("cloud-init", "exit 2");
    expect(ready()).toMatchObject({ status: 0 });
    host.add("cloud-init", "exit 1");
    expect(ready()).toMatchObject({
      status: 1,
      stderr: "pg1-srv: cloud-init failed; hint: see /var/log/cloud-init-output.log\n",
    });
  });
});

describe("cluster/streaming-read.sh", () => {
  const read = (): ScriptRun =>
    host.run("cluster/streaming-read.sh", [host.path("bin"), "pg2-srv", "2026-11-23 12:00:00"]);

  it("asks for the row until it is there", () => {
    const asked = host.path("asked");
    host.add("psql", `if [[ -e ${asked} ]]; then echo 't|t|2026-11-23'; else touch ${asked}; fi`);
    const run = read();
    expect(run.status).toBe(0);
    expect(run.calls.filter((call) => call.startsWith("psql"))).toHaveLength(2);
  });

  it.each([
    ["does not come", "true", "no row"],
    ["is an old one", "echo 'f|t|2026-11-22'", "f|t|2026-11-22"],
    ["is on a host that is no standby", "echo 'f|f|2026-11-23'", "f|f|2026-11-23"],
    ["cannot be asked for", "echo no server >&2; exit 2", "no server\nno row"],
  ])("fails when the row %s", (_, psql, has) => {
    host.add("psql", psql);
    expect(read()).toMatchObject({
      status: 1,
      stderr: `pg1-srv: the standby must be in recovery and have the row that the primary wrote at 2026-11-23 12:00:00; it has: ${has}\n`,
    });
  });
});

describe("cluster/replication-role-create.sh", () => {
  it("gives psql the password as input, never as an argument", () => {
    host.add("psql", "");
    fs.writeFileSync(
      host.path("bin/psql"),
      `#!/bin/bash\necho "psql $*" >>${host.path("calls")}\ncat >${host.path("input")}\n`,
    );
    const run = host.run(
      "cluster/replication-role-create.sh",
      [host.path("bin"), "replic_user", "true"],
      "s3cret-pass",
    );
    expect(run.status).toBe(0);
    expect(run.calls.join()).not.toContain("s3cret-pass");
    expect(fs.readFileSync(host.path("input"), "utf8")).toContain("\\set password 's3cret-pass'");
  });

  it("sets none where none is given: who has a certificate needs none", () => {
    fs.writeFileSync(host.path("bin/psql"), `#!/bin/bash\ncat >${host.path("input")}\n`, { mode: 0o755 });
    host.run("cluster/replication-role-create.sh", [host.path("bin"), "replic_user", "true"], "");
    expect(fs.readFileSync(host.path("input"), "utf8")).toContain(
      'ALTER ROLE :"role" LOGIN REPLICATION PASSWORD NULL;\n',
    );
  });

  it("quotes a password for psql, whatever is in it", () => {
    host.add("psql", "");
    fs.writeFileSync(host.path("bin/psql"), `#!/bin/bash\ncat >${host.path("input")}\n`);
    host.run("cluster/replication-role-create.sh", [host.path("bin"), "replic_user", "true"], 'it\'s \\ and "$x"');
    expect(fs.readFileSync(host.path("input"), "utf8")).toContain(`\\set password 'it\\'s \\\\ and "$x"'\n`);
  });

  it("has PostgreSQL log neither the password nor a statement that fails with it, whatever lab:postgresql logs", () => {
    fs.writeFileSync(host.path("bin/psql"), `#!/bin/bash\ncat >${host.path("input")}\n`, { mode: 0o755 });
    host.run("cluster/replication-role-create.sh", [host.path("bin"), "replic_user", "true"], "s3cret-pass");
    const [quiet = ""] = fs.readFileSync(host.path("input"), "utf8").split("SELECT format('CREATE ROLE");
    expect(quiet.split("\n").slice(2, -1)).toEqual([
      "SET log_statement = 'none';",
      "SET log_min_error_statement = 'panic';",
      "SET log_transaction_sample_rate = 0;",
      "SELECT format('SET %I = -1', name) FROM pg_settings WHERE name LIKE 'log\\_min\\_duration\\_%' \\gexec",
      '-- Two steps that grant at once would meet in the catalog: "tuple concurrently updated".',
      "DO 'BEGIN PERFORM pg_advisory_lock(hashtext(''lab roles'')); END';",
    ]);
  });

  it("lets only a role that rewinds read the data folder's files", () => {
    fs.writeFileSync(host.path("bin/psql"), `#!/bin/bash\ncat >${host.path("input")}\n`, { mode: 0o755 });
    const rights = (rewinds: string): string => {
      host.run("cluster/replication-role-create.sh", [host.path("bin"), "streaming_barman", rewinds], "");
      return fs.readFileSync(host.path("input"), "utf8");
    };
    expect(rights("true")).toContain("pg_read_binary_file");
    expect(rights("false")).not.toContain("GRANT");
  });
});

describe("backup-plane/packages-install-el.sh", () => {
  const { ID, VERSION_ID, PRETTY_NAME } = parseEnv(fs.readFileSync("/etc/os-release", "utf8"));
  const here = `el8: rocky ${ID} ${VERSION_ID}`;
  const install = (system: string): ScriptRun =>
    host.run("backup-plane/packages-install-el.sh", [
      ...[system, "pgdg", "https://pgdg/repo.rpm https://epel/release.rpm", "2.59.1"],
      ...["postgresql14-server", "postgresql14-contrib"],
    ]);

  const locked = (version: string): string => `[[ $* != *list ]] || echo 'pgbackrest-0:${version}-1PGDG.rhel8.*'`;
  const LOCK = ["dnf versionlock list", "dnf versionlock add pgbackrest-2.59.1"];

  it("leaves a host that has them as it is", () => {
    host.add("rpm", "").add("dnf", locked("2.59.1")).add("pgbackrest", "echo pgBackRest 2.59.1");
    const { status, calls } = install(here);
    expect(calls.filter((call) => call.startsWith("dnf"))).toEqual(LOCK);
    expect(status).toBe(0);
  });

  it("installs PGDG's packages after the module that hides them is off", () => {
    host.add("rpm", "[[ $* == *versionlock* ]]").add("dnf", locked("2.45")).add("pgbackrest", "echo pgBackRest 2.59.1");
    expect(install(here).calls.filter((call) => call.startsWith("dnf"))).toEqual([
      "dnf install -y https://pgdg/repo.rpm https://epel/release.rpm",
      "dnf -qy module disable postgresql",
      "dnf install -y --disableplugin=versionlock pgbackrest-2.59.1 openssl jq postgresql14-server postgresql14-contrib dnf-command(versionlock)",
      "dnf versionlock list",
      "dnf versionlock delete pgbackrest",
      "dnf versionlock add pgbackrest-2.59.1",
    ]);
  });

  it("gives an image that has the packages the plugin that holds them", () => {
    host.add("rpm", "[[ $* != *versionlock* ]]").add("dnf", "").add("pgbackrest", "echo pgBackRest 2.59.1");
    expect(install(here).calls.filter((call) => call.startsWith("dnf"))).toEqual([
      "dnf install -y dnf-command(versionlock)",
      ...LOCK,
    ]);
  });

  it("fails on a version that is not the one that was asked for", () => {
    host.add("rpm", "").add("dnf", "").add("pgbackrest", "echo pgBackRest 2.45");
    expect(install(here)).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: pgBackRest 2.45 is installed, but lab:pgbackrestVersion is 2.59.1; hint: set lab:pgbackrestVersion\n",
    });
  });

  it.each([`el8: rocky rhel ${VERSION_ID}`, `el8: rocky ${ID} ${VERSION_ID}0`])(
    "refuses another system than %s",
    (system) => {
      host.add("rpm", "").add("dnf", "");
      expect(install(system)).toMatchObject({
        status: 1,
        stderr: `pg1-srv: lab:family is el8, but the system is ${PRETTY_NAME}; hint: set lab:family or lab:imagePath\n`,
        calls: [],
      });
    },
  );
});

describe("backup-plane/guards-open-rpm.sh", () => {
  const open = (): ScriptRun => host.run("backup-plane/guards-open-rpm.sh", ["8432", "5432", "5433"]);

  it("changes nothing where neither SELinux nor firewalld is on", () => {
    host.add("selinuxenabled", "exit 1").add("systemctl", "exit 3").add("semanage", "").add("firewall-cmd", "");
    expect(open()).toMatchObject({ status: 0, calls: ["selinuxenabled ", "systemctl is-active --quiet firewalld"] });
  });

  it("labels what PostgreSQL's archive command needs, and leaves SELinux on", () => {
    host.add("selinuxenabled", "").add("systemctl", "exit 3").add("semanage", "").add("restorecon", "");
    expect(open()).toMatchObject({
      status: 0,
      calls: [
        "selinuxenabled ",
        "semanage port -a -t postgresql_port_t -p tcp 8432",
        "semanage port -a -t postgresql_port_t -p tcp 5433",
        "semanage fcontext -a -t postgresql_log_t /var/log/pgbackrest(/.*)?",
        "restorecon -R /var/log/pgbackrest",
        "semanage fcontext -a -t postgresql_db_t /var/spool/pgbackrest(/.*)?",
        "restorecon -R /var/spool/pgbackrest",
        "systemctl is-active --quiet firewalld",
      ],
    });
  });

  it("changes a label that is there already, and fails when it may not", () => {
    host.add("selinuxenabled", "").add("systemctl", "exit 3").add("restorecon", "");
    host.add("semanage", "[[ $2 != -a ]]");
    expect(open()).toMatchObject({ status: 0 });
    expect(open().calls).toContain("semanage fcontext -m -t postgresql_db_t /var/spool/pgbackrest(/.*)?");
    host.add("semanage", "exit 1");
    expect(open().status).toBe(1);
  });

  it("opens the ports in a firewalld that runs, now and for good", () => {
    host.add("selinuxenabled", "exit 1").add("systemctl", "").add("firewall-cmd", "");
    expect(open().calls.slice(2)).toEqual([
      "firewall-cmd --quiet --permanent --add-port=8432/tcp",
      "firewall-cmd --quiet --add-port=8432/tcp",
      "firewall-cmd --quiet --permanent --add-port=5432/tcp",
      "firewall-cmd --quiet --add-port=5432/tcp",
      "firewall-cmd --quiet --permanent --add-port=5433/tcp",
      "firewall-cmd --quiet --add-port=5433/tcp",
    ]);
  });
});

describe("site/image-inspect.sh", () => {
  const inspect = (checksum = "") =>
    host.run("site/image-inspect.sh", ["qemu:///system", "lab-dev", "base.qcow2", checksum]);
  // What qemu-img writes for a disk of 9105 MiB.
  const header = "QFI\\xfb\\0\\0\\0\\x3\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\x10\\0\\0\\0\\x2\\x39\\x10\\0\\0";
  const download = "virsh -q -c qemu:///system vol-download --pool lab-dev";
  const hint =
    "hint: correct the key; after virsh -c qemu:///system vol-delete base.qcow2 --pool lab-dev the next up downloads the image again\n";

  it("tells the size of the image's disk, whatever the checksum, when none is given", () => {
    host.add("virsh", `printf '${header}'`);
    expect(inspect()).toEqual({
      status: 0,
      stdout: `${9105 * 1024 ** 2}\n`,
      stderr: "",
      calls: [`${download} --length 32 base.qcow2 /dev/stdout`],
    });
  });

  it("takes the image that it expects, and refuses another, with how to fetch it again", () => {
    host.add("virsh", `printf '${header}'; [[ $* == *--length* ]] || printf more`);
    const bytes = Buffer.concat([
      Buffer.from("QFI\xfb\0\0\0\x03", "latin1"),
      Buffer.alloc(15),
      Buffer.from([0x10, 0, 0, 0, 2, 0x39, 0x10, 0, 0]),
      Buffer.from("more"),
    ]);
    const found = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    expect(inspect(found)).toMatchObject({
      status: 0,
      calls: [`${download} base.qcow2 /dev/stdout`, `${download} --length 32 base.qcow2 /dev/stdout`],
    });
    const other = `sha256:${"1".repeat(64)}`;
    expect(inspect(other)).toMatchObject({
      status: 1,
      stdout: "",
      stderr: `lab:imageChecksum must match the downloaded image, ${found}, got "${other}"; ${hint}`,
    });
  });

  it("refuses an image in another format, and fails when it cannot be read", () => {
    host.add("virsh", "head -c 32 /dev/zero");
    expect(inspect()).toMatchObject({
      status: 1,
      stdout: "",
      stderr: `lab:imagePath must be an image in format qcow2; ${hint}`,
    });
    host.add("virsh", "exit 1");
    expect(inspect()).toMatchObject({ status: 1, stderr: "" });
  });
});

describe("site/seed-write.sh", () => {
  const seed = Buffer.from("a seed\0").toString("base64");
  const write = (...domain: string[]) =>
    host.run("site/seed-write.sh", ["qemu:///system", "lab-dev", "pg1-srv-seed.iso", ...domain], `${seed}\n`);
  const upload = "virsh -q -c qemu:///system vol-upload --pool lab-dev pg1-srv-seed.iso /dev/stdin";
  const ask = "virsh -q -c qemu:///system domstate UUID";
  /** Stands in for virsh, and keeps what it is to upload; other than the usual stand-in it reads what it is given. */
  const addVirsh = (state: string): void => {
    fs.writeFileSync(
      path.join(host.folder, "bin", "virsh"),
      `#!/bin/bash\necho "virsh $*" >>${host.path("calls")}\nif [[ $4 == domstate ]]; then echo '${state}'; else cat >${host.path("volume")}; fi\n`,
      { mode: 0o755 },
    );
  };

  it("writes the seed behind an empty system area", () => {
    addVirsh("shut off");
    expect(write("UUID")).toEqual({ status: 0, stdout: "", stderr: "", calls: [ask, upload] });
    expect(fs.readFileSync(host.path("volume"))).toEqual(Buffer.concat([Buffer.alloc(32768), Buffer.from("a seed\0")]));
    expect(write()).toMatchObject({ status: 0, calls: [upload] });
  });

  it("leaves the seed of a domain alone that is running: it has read one, and would not read another", () => {
    addVirsh("running");
    expect(write("UUID")).toMatchObject({ status: 0, calls: [ask] });
  });

  it("fails when the volume cannot be written, or what it is given is no seed", () => {
    host.add("virsh", "exit 1");
    expect(write().status).toBe(1);
    addVirsh("shut off");
    expect(host.run("site/seed-write.sh", ["qemu:///system", "lab-dev", "x"], "no seed!\n")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("invalid input") as string,
    });
  });
});

describe("site/domain-undefine.sh", () => {
  it("tries again to end a domain whose processes take their time", () => {
    const died = host.path("died");
    host.add(
      "virsh",
      `case $3 in domstate) [ -f ${died} ] && echo "shut off" || echo running ;; destroy) touch ${died}; exit 1 ;; esac`,
    );
    expect(host.run("site/domain-undefine.sh", ["lxc:///system", "pg1-srv"])).toMatchObject({
      status: 0,
      calls: ["dominfo", "domstate", "destroy", "domstate", "undefine"].map(
        (word) => `virsh -c lxc:///system ${word} pg1-srv`,
      ),
    });
  });

  it("ends and forgets a domain that runs, and does nothing for one that is not there", () => {
    host.add("virsh", "[[ $3 != domstate ]] || echo running");
    expect(host.run("site/domain-undefine.sh", ["lxc:///system", "pg1-srv"]).calls.slice(-2)).toEqual([
      "virsh -c lxc:///system destroy pg1-srv",
      "virsh -c lxc:///system undefine pg1-srv",
    ]);
    host.add("virsh", "exit 1");
    expect(host.run("site/domain-undefine.sh", ["lxc:///system", "pg1-srv"])).toMatchObject({
      status: 0,
      calls: ["virsh -c lxc:///system dominfo pg1-srv"],
    });
  });
});

describe("backup-plane/refusal-prove.sh", () => {
  it("is content when pgBackRest denies the access", () => {
    host.add(
      "pgbackrest",
      'echo "ERROR: [105]: raised from remote-0 tls protocol on backup-srv: access denied" >&2; exit 105',
    );
    const { status, calls } = host.run("backup-plane/refusal-prove.sh", ["postgres", "demo"]);
    expect(status).toBe(0);
    expect(calls).toHaveLength(1);
  });

  it("fails when the host is let in, and when something else is wrong, and says what pgBackRest answered", () => {
    const asked = host.path("asked");
    host.add(
      "pgbackrest",
      `if [[ ! -e ${asked} ]]; then touch ${asked}; else echo "ERROR: [049]: timeout" >&2; exit 49; fi`,
    );
    const { status, stderr } = host.run("backup-plane/refusal-prove.sh", ["postgres", "demo"]);
    expect(status).toBe(1);
    expect(stderr).toBe(
      "pg1-srv: this host is revoked, but the repository host does not deny it stanza demo; it answers: ERROR: [049]: timeout\n",
    );
  });
});

describe("trust/certificate-install.sh", () => {
  const openssl = (...args: string[]): string =>
    execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const at = (name: string): string => host.path(name);
  const makeAuthority = (name: string): void => {
    openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
      ...["-subj", `/CN=${name}`, "-keyout", at(`${name}.key`), "-out", at(`${name}.crt`)],
    );
  };
  /** Installs a new certificate that one authority signs, on a host that then trusts these. */
  const install = (signer: string, ...trusted: string[]): ScriptRun => {
    openssl(
      ...["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=pg1-srv"],
      ...["-addext", "subjectAltName=DNS:pg1-srv", "-keyout", at("host.key"), "-out", at("host.csr")],
    );
    const sign = ["-CA", at(`${signer}.crt`), "-CAkey", at(`${signer}.key`), "-CAcreateserial", "-days", "1"];
    openssl("x509", "-req", "-in", at("host.csr"), "-copy_extensions", "copy", ...sign, "-out", at("host.crt"));
    const input = ["host.key", "host.crt", ...trusted.map((name) => `${name}.crt`)].map((file) =>
      fs.readFileSync(at(file), "utf8"),
    );
    return host.run(
      "trust/certificate-install.sh",
      [`${os.userInfo().username}:root`, "pg1-srv", at("cert/host.key"), "server", "client"],
      input.join(""),
    );
  };
  const installed = (): string =>
    fs.readFileSync(at("cert/host.crt"), "utf8") + fs.readFileSync(at("cert/ca.crt"), "utf8");

  it("goes through the stages of a rotation, and refuses every step that leaves one out: the old pair stays", () => {
    for (const name of ["old", "new"]) makeAuthority(name);
    expect(install("old", "old").status).toBe(0);
    for (const [stage, leftOut] of [
      [
        ["old", "old"],
        ["new", "new", "old"],
      ],
      [
        ["old", "new", "old"],
        ["new", "new"],
      ],
      [
        ["new", "new", "old"],
        ["old", "old"],
      ],
      [
        ["new", "new"],
        ["old", "old"],
      ],
    ] as const) {
      const [signer, ...trusted] = stage;
      expect(install(signer, ...trusted)).toMatchObject({ status: 0 });
      const before = installed();
      const { status, stderr } = install(leftOut[0], ...leftOut.slice(1));
      expect(status, `${stage.join()} to ${leftOut.join()}`).toBe(1);
      expect(stderr).toContain(
        "pg1-srv: certificate refused, the old one stays: replacing the CA in one step would break trust between this host and the others; hint: ./lab rotate-ca\n",
      );
      expect(installed()).toBe(before);
    }
    expect(fs.readdirSync(host.folder).filter((name) => /^cert\./.test(name))).toHaveLength(1);
  });

  it("replaces trusted CAs that are not those of the installed certificate: there is no trust to keep", () => {
    makeAuthority("old");
    makeAuthority("stranger");
    expect(install("old", "old")).toMatchObject({ status: 0 });
    fs.copyFileSync(at("stranger.crt"), at("cert/ca.crt"));
    expect(install("old", "old")).toMatchObject({ status: 0, stderr: "" });
    expect(fs.readFileSync(at("cert/ca.crt"), "utf8")).toBe(fs.readFileSync(at("old.crt"), "utf8"));
  });

  it("waits while this host's clock is behind the signer's", () => {
    makeAuthority("old");
    const early = "error 9 at 0 depth lookup: certificate is not yet valid";
    // OpenSSL says so twice.
    host.add(
      "openssl",
      `[[ $1 != verify || $(grep -c "^openssl verify" "$(dirname "$0")/../calls") -gt 2 ]] || { echo "${early}" >&2; exit 2; }
       exec /usr/bin/openssl "$@"`,
    );
    const { status, calls } = install("old", "old");
    expect(status).toBe(0);
    expect(calls.filter((call) => call.startsWith("openssl verify"))).toHaveLength(4);
  });

  it("leaves no key behind when nobody vouches for the certificate, and says what OpenSSL says", () => {
    for (const name of ["old", "new"]) makeAuthority(name);
    const { status, stderr } = install("new", "old");
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/unable to get local issuer certificate/);
    expect(stderr).not.toContain("unbound");
    expect(fs.readdirSync(host.folder).filter((name) => name.startsWith("cert"))).toEqual([]);
  });

  it.each(["ln", "mv"])(
    "leaves the old pair, and nothing beside it, when the new one cannot take its place (%s)",
    (command) => {
      makeAuthority("old");
      install("old", "old");
      const before = installed();
      host.add(command, "exit 1");
      expect(install("old", "old").status).toBe(1);
      expect(installed()).toBe(before);
      expect(fs.readdirSync(host.folder).filter((name) => name.startsWith("cert"))).toHaveLength(2);
    },
  );

  it("moves a folder aside that is no link of the lab's", () => {
    makeAuthority("old");
    fs.mkdirSync(at("cert"));
    fs.writeFileSync(at("cert/theirs.key"), "precious");
    const { status, stderr } = install("old", "old");
    const [aside = ""] = fs.readdirSync(host.folder).filter((name) => name.startsWith("cert.replaced-"));
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `moved aside: pg1-srv: ${at("cert")} was not made by this lab; it is now ${at(aside)}\n`,
    });
    expect(fs.readFileSync(at(`${aside}/theirs.key`), "utf8")).toBe("precious");
    expect(fs.lstatSync(at("cert")).isSymbolicLink()).toBe(true);
  });

  it("takes away what a killed run left, and nothing of anybody else's", () => {
    makeAuthority("old");
    for (const left of ["cert.lab-Ab3Xy9Zq", "cert.lab-Ab3Xy9Zq.link", "cert.original"]) fs.mkdirSync(at(left));
    install("old", "old");
    expect(install("old", "old").status).toBe(0);
    const there = fs.readdirSync(host.folder).filter((name) => name.startsWith("cert"));
    expect(there).toEqual(["cert", path.basename(fs.realpathSync(at("cert"))), "cert.original"]);
  });

  it("takes any pair when the authorities that are installed have expired: nobody trusts anybody any more", () => {
    for (const name of ["old", "new"]) makeAuthority(name);
    install("old", "old");
    host.add("openssl", `[[ $* != *checkend* ]] || exit 1; exec /usr/bin/openssl "$@"`);
    expect(install("new", "new")).toMatchObject({ status: 0 });
  });
});

describe("backup-plane/pgbackrest-server-start.sh", () => {
  const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
  const folder = (): string => host.path("cert");
  const start = (...folders: string[]): ScriptRun =>
    host.run("backup-plane/pgbackrest-server-start.sh", ["postgres", "postgresql", "demo", folder(), ...folders]);
  beforeEach(() => {
    fs.mkdirSync(folder());
    fs.writeFileSync(path.join(folder(), "host.crt"), pem("new"));
    fs.writeFileSync(host.path("served"), pem("new"));
    host
      .add("systemctl", "[[ $1 != show ]] || echo no")
      .add("install", "")
      .add("pgbackrest", "")
      .add("journalctl", "echo last words")
      .add(
        "openssl",
        `if [[ $1 == s_client ]]; then echo depth=0; cat ${host.path("served")}; else echo serial=01; fi`,
      );
  });

  it("fails when the server goes on to present another certificate, and says which", () => {
    fs.writeFileSync(host.path("served"), pem("old"));
    expect(start()).toMatchObject({
      status: 1,
      stderr: `pg1-srv: the pgBackRest server must present the certificate in ${folder()}/host.crt, but presents: serial=01\n`,
    });
    fs.writeFileSync(host.path("served"), pem("new"));
    expect(start()).toMatchObject({ status: 0, stderr: "" });
  });

  it("creates a folder of its own that is missing, gives it to its account, and leaves its mode", () => {
    host.add("chown", "").add("install", `[[ $* != *spool ]] || mkdir "\${@: -1}"`);
    fs.mkdirSync(host.path("log"));
    const { status, calls } = start(host.path("log"), host.path("spool"));
    expect([status, calls.filter((call) => /(log|spool)$/.test(call))]).toEqual([
      0,
      [
        `chown postgres:postgres ${host.path("log")}`,
        `install -d -m 0770 ${host.path("spool")}`,
        `chown postgres:postgres ${host.path("spool")}`,
      ],
    ]);
  });

  it("fails when the server does not answer, with what it said last", () => {
    host.add("pgbackrest", "echo unable to connect >&2; exit 49");
    expect(start()).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: the pgBackRest server does not answer: unable to connect\npg1-srv: the journal of pgbackrest ends with\nlast words\n",
    });
  });
});

describe("the repositories of a new pgBackRest configuration", () => {
  const PLAIN = "[global]\nrepo1-path=/srv/first\n";
  const BOTH = `${PLAIN}repo2-path=/srv/second\n`;
  const passphrase = (number: number, text: string): string =>
    `[global]\nrepo${number}-cipher-type=aes-256-cbc\nrepo${number}-cipher-pass=${text}\n`;
  const LEFT = "etc/left-behind/srv-second.conf";
  interface Files {
    readonly conf: string;
    readonly ciphers?: string;
  }
  /** What the step makes of the present files and the new ones. */
  const replaced = (present: Files, next: Files) => {
    fs.mkdirSync(host.path("etc/conf.d"), { recursive: true });
    const write = (suffix: string, { conf, ciphers }: Files): void => {
      fs.writeFileSync(host.path(`etc/pgbackrest.conf${suffix}`), conf);
      if (ciphers !== undefined) fs.writeFileSync(host.path(`etc/conf.d/cipher.conf${suffix}`), ciphers);
    };
    write("", present);
    write(".next", next);
    for (const program of ["pgbackrest", "openssl", "journalctl", "chown"]) host.add(program, "");
    // It runs.
    host.add("systemctl", '[[ $1 != show ]] || echo "NeedDaemonReload=no MainPID=1"').add("stat", "echo pgbackrest");
    const { stderr, calls } = host.run(
      "backup-plane/pgbackrest-server-start.sh",
      ["pgbackrest", "repository", "demo", host.path("cert")],
      "",
      { "/etc/pgbackrest/pgbackrest.conf": host.path("etc/pgbackrest.conf") },
    );
    const read = (file: string): string | undefined =>
      fs.existsSync(host.path(file)) ? fs.readFileSync(host.path(file), "utf8") : undefined;
    return {
      said: stderr.split("\n")[0],
      ...{ conf: read("etc/pgbackrest.conf"), ciphers: read("etc/conf.d/cipher.conf") },
      left: read(LEFT),
      kept: calls.find((call) => call.includes("left-behind")),
      verb: /^systemctl (reload|restart) /m.exec(calls.join("\n"))?.[1],
      mode: fs.existsSync(host.path(LEFT)) && (fs.statSync(host.path(LEFT)).mode & 0o777).toString(8),
    };
  };

  it("come with their passphrases, and keep them whatever their numbers", () => {
    const next = { conf: "[global]\nrepo1-path=/srv/second\nrepo2-path=/srv/first\n", ciphers: passphrase(1, "p=1") };
    expect(replaced({ conf: BOTH, ciphers: passphrase(2, "p=1") }, next)).toMatchObject({ ...next, left: undefined });
  });

  it("refuse another passphrase than the one that they are encrypted with, without a word of either", () => {
    const present = { conf: BOTH, ciphers: passphrase(2, "hunter2") };
    for (const ciphers of [passphrase(2, "hunter3"), passphrase(1, "hunter2"), undefined]) {
      expect(replaced(present, { conf: BOTH, ciphers })).toMatchObject({
        ...present,
        said: expect.stringMatching(
          /^pg1-srv: another passphrase is configured than the one that repository \/srv\/(first|second) is encrypted with; the old configuration stays; hint: lab:repositorySecrets$/,
        ) as string,
      });
      fs.rmSync(host.path("etc"), { recursive: true });
    }
  });

  it("leave the way to read one that is removed, in a file of the account alone, and its passphrase nowhere else", () => {
    const present = { conf: BOTH, ciphers: passphrase(2, "hunter2") };
    const { kept, mode, ...files } = replaced(present, { conf: PLAIN });
    expect(files).toMatchObject({ conf: PLAIN, ciphers: undefined, left: BOTH + present.ciphers });
    expect(kept).toMatch(/^chown pgbackrest:pgbackrest \S+\/left-behind\//);
    expect(mode).toBe("600");
  });

  it.each([
    ["restart", "one goes", { conf: BOTH }, { conf: PLAIN }],
    ["restart", "one is at another place", { conf: PLAIN }, { conf: "[global]\nrepo1-path=/srv/second\n" }],
    ["restart", "a store has another key", { conf: BOTH, ciphers: "a" }, { conf: BOTH, ciphers: "b" }],
    ["reload", "one comes", { conf: PLAIN }, { conf: BOTH, ciphers: passphrase(2, "p") }],
    ["reload", "another option changes", { conf: BOTH }, { conf: `${BOTH}repo1-retention-full=9\nprocess-max=3\n` }],
  ] as const)("%s the server when %s: its sessions go on with what they began with", (verb, _, present, next) => {
    expect(replaced(present, next)).toMatchObject({ conf: next.conf, verb });
  });
});

describe("a new pgBackRest configuration", () => {
  /** What the step says of it, with the real pgBackRest, where a repository and a cluster are configured that must not be touched. */
  const tried = (
    kind: "repository" | "postgresql",
    ...lines: string[]
  ): Pick<ScriptRun, "stderr" | "calls"> & { conf: string } => {
    const etc = host.path("etc");
    for (const made of [etc, host.path("cert")]) fs.mkdirSync(made, { recursive: true });
    fs.writeFileSync(`${etc}/pgbackrest.conf`, "old");
    fs.writeFileSync(
      `${etc}/pgbackrest.conf.next`,
      ["[global]", ...lines, "[demo]", "pg1-path=/nowhere/pg", ""].join("\n"),
    );
    fs.writeFileSync(host.path("cert/host.crt"), "none");
    for (const program of ["systemctl", "install", "openssl", "journalctl"]) host.add(program, "");
    host.add("pgbackrest", '[[ $* != *" help "* ]] || exec /usr/bin/pgbackrest "$@"');
    const { stderr, calls } = host.run(
      "backup-plane/pgbackrest-server-start.sh",
      ["root", kind, "demo", host.path("cert")],
      "",
      {
        "/etc/pgbackrest/pgbackrest.conf": `${etc}/pgbackrest.conf`,
      },
    );
    return { stderr, calls, conf: fs.readFileSync(`${etc}/pgbackrest.conf`, "utf8") };
  };

  it.each([
    ["repository", ["process-max=0"], "ERROR: [032]: '0' is out of range for 'process-max' option"],
    ["postgresql", ["archive-async=maybe"], "ERROR: [032]: boolean option 'archive-async' must be 'y' or 'n'"],
    ["repository", ["repo1-retention-full=0"], "ERROR: [032]: '0' is out of range for 'repo1-retention-full' option"],
    ["postgresql", ["no-such-option=1"], "WARN: configuration file contains invalid option 'no-such-option'"],
    [
      "repository",
      ["log-level-console=off", "no-such-option=1"],
      "WARN: configuration file contains invalid option 'no-such-option'",
    ],
    ["repository", ["compress-type=x"], "ERROR: [032]: 'x' is not allowed for 'compress-type' option"],
  ] as const)(
    "is refused on a %s host with %j, in pgBackRest's own words, and the old one stays",
    (kind, lines, said) => {
      expect(tried(kind, ...lines)).toMatchObject({
        stderr: `pg1-srv: pgBackRest refuses the new configuration; the old one stays\n${said}\n`,
        conf: "old",
      });
    },
  );

  it.each(["repository", "postgresql"] as const)(
    "takes the old one's place on a %s host, and no repository is opened whatever it configures",
    (kind) => {
      const repositories = ["1", "2"].map((key) => host.path(`repository${key}`));
      const { conf, calls } = tried(kind, ...repositories.map((folder, index) => `repo${index + 1}-path=${folder}`));
      expect(conf).toContain("[global]");
      const asked = calls.filter((call) => call.startsWith("pgbackrest --config="));
      expect(asked.map((call) => call.replace(/^.* help /, ""))).toEqual(
        kind === "repository" ? ["backup", "server"] : ["archive-push", "archive-get", "restore", "server"],
      );
      expect(repositories.filter((folder) => fs.existsSync(folder))).toEqual([]);
    },
  );
});
