import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptRun, StandIns } from "../support/stand-ins";

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
});
afterEach(() => {
  host.remove();
});

/** Writes files of the host, by their names in its folder. */
function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(host.path(name)), { recursive: true });
    fs.writeFileSync(host.path(name), text);
  }
}

const read = (name: string): string => fs.readFileSync(host.path(name), "utf8");

describe("cluster/postgresql-create-debian.sh", () => {
  const PLACES = ["/var/lib/postgresql", "/etc/postgresql", "/usr/lib/postgresql", "/usr/share/postgresql"];
  const DATA = "var/lib/postgresql/15/main";
  const CONF = "etc/postgresql/15/main";
  const OPTIONS = "--locale=de_DE --encoding=LATIN9 --data-checksums --no-sync";
  const create = (data = host.path(DATA), name = "main", port = "5432"): ScriptRun => {
    const args = ["15", "de_DE", "LATIN9", data, `postgresql@15-${name}.service`, port];
    host
      .add("pg_createcluster", `mkdir -p ${host.path(CONF.replace("main", name))}`)
      .add("sync", "")
      .add("install", "");
    const places = Object.fromEntries(PLACES.map((place) => [place, host.path(place.slice(1))]));
    const run = host.run("cluster/postgresql-create-debian.sh", args, "", places);
    return { ...run, calls: run.calls.map((call) => call.replaceAll(`${host.folder}/`, "/")) };
  };

  it("makes a cluster where there is none", () => {
    expect(create()).toMatchObject({
      status: 0,
      stderr: "",
      calls: [`pg_createcluster --port=5432 --datadir=/${DATA} 15 main -- ${OPTIONS}`, `sync --file-system /${DATA}`],
    });
    expect(read(`${CONF}/start.conf`)).toBe("auto\n");
  });

  it("makes one with a name, a data folder and a port of its own", () => {
    expect(create(host.path("srv/sales"), "sales", "5433")).toMatchObject({
      status: 0,
      calls: [
        `pg_createcluster --port=5433 --datadir=/srv/sales 15 sales -- ${OPTIONS}`,
        "sync --file-system /srv/sales",
      ],
    });
    expect(read("etc/postgresql/15/sales/start.conf")).toBe("auto\n");
  });

  it("takes over the data that a restore left, with the configuration that Debian keeps elsewhere", () => {
    write({ [`${DATA}/PG_VERSION`]: "15\n", [`${DATA}/pg_hba.conf`]: "theirs" });
    expect(create().calls).toEqual([
      ...["postgresql", "pg_ident"].map(
        (name) =>
          `install -o postgres -g postgres -m 0640 /usr/share/postgresql/15/${name}.conf.sample /${DATA}/${name}.conf`,
      ),
      `pg_createcluster --port=5432 --datadir=/${DATA} 15 main`,
    ]);
    expect(read(`${DATA}/pg_hba.conf`)).toBe("theirs");
  });

  it("makes the data of a cluster of which an image has the configuration alone", () => {
    write({ [`${CONF}/postgresql.conf`]: "data_directory = '/of/the/image'\t# ours\n" });
    const initdb = `#!/bin/bash\necho "initdb $*" >>${host.path("calls")}\n
      mkdir -p ${host.path(DATA)}; touch ${host.path(DATA)}/{PG_VERSION,postgresql.conf,pg_hba.conf,pg_ident.conf}\n`;
    write({ "usr/lib/postgresql/15/bin/initdb": initdb });
    fs.chmodSync(host.path("usr/lib/postgresql/15/bin/initdb"), 0o755);
    expect(create()).toMatchObject({
      status: 0,
      stderr: "",
      calls: [
        `install -d -o postgres -g postgres -m 0700 /${DATA}`,
        `initdb ${OPTIONS} --auth-local=peer --auth-host=scram-sha-256 --pgdata=/${DATA}`,
        `sync --file-system /${DATA}`,
      ],
    });
    expect(fs.readdirSync(host.path(DATA))).toEqual(["PG_VERSION"]);
    expect(read(`${CONF}/postgresql.conf`)).toBe(`data_directory = '${host.path(DATA)}'\t# ours\n`);
  });

  it("leaves a cluster that is there as it is, with every file of its data", () => {
    const files = ["PG_VERSION", "pg_hba.conf", "pg_ident.conf", "postgresql.conf"];
    write({ [`${CONF}/postgresql.conf`]: "ours" });
    write(Object.fromEntries(files.map((name) => [`${DATA}/${name}`, "precious"])));
    expect(create()).toMatchObject({ status: 0, calls: [] });
    expect(fs.readdirSync(host.path(DATA))).toEqual(files);
  });
});

describe("cluster/postgresql-create-rpm.sh", () => {
  const DATA = "/var/lib/pgsql/14/data";
  const create = (data = DATA, unit = "postgresql-14.service"): ScriptRun =>
    host.run(
      "cluster/postgresql-create-rpm.sh",
      ["14", "de_DE", "LATIN9", data.replace("/var/lib/pgsql", host.path("data")), unit],
      "",
      {
        "/var/lib/pgsql": host.path("data"),
        "/usr/pgsql-$version/bin/": "",
        "/etc/systemd/system": host.path("etc"),
        "/usr/lib/systemd/system": host.path("usr"),
      },
    );

  it("makes a cluster where there is none, once", () => {
    host.add(
      "postgresql-14-setup",
      `echo "$PGSETUP_INITDB_OPTIONS"; mkdir -p ${host.path("data/14/data")}; echo 14 >${host.path("data/14/data/PG_VERSION")}`,
    );
    expect(create()).toMatchObject({
      status: 0,
      stdout: "--locale=de_DE --encoding=LATIN9 --data-checksums\n",
      calls: ["postgresql-14-setup initdb postgresql-14"],
    });
    expect(create()).toMatchObject({ status: 0, calls: [] });
  });

  it("makes one with a unit and a data folder of its own, labelled where SELinux is on", () => {
    write({ "usr/postgresql-14.service": "theirs" });
    host
      .add("postgresql-14-setup", `echo 14 >${host.path("sales/PG_VERSION")}`)
      .add(
        "install",
        '[[ $1 == -d ]] && mkdir -p "${@: -1}" || { mkdir -p "$(dirname "${@: -1}")"; cat "${@: -2:1}" >"${@: -1}"; }',
      )
      .add("systemctl", "")
      .add("selinuxenabled", "")
      .add("semanage", "")
      .add("restorecon", "");
    const { status, stderr, calls } = create(host.path("sales"), "postgresql-14-sales.service");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(calls.filter((call) => !call.startsWith("install"))).toEqual([
      "systemctl daemon-reload",
      "selinuxenabled ",
      `semanage fcontext -a -t postgresql_db_t ${host.path("sales")}(/.*)?`,
      `restorecon -R ${host.path("sales")}`,
      "postgresql-14-setup initdb postgresql-14-sales",
    ]);
    expect(read("etc/postgresql-14-sales.service")).toBe("theirs");
    expect(read("etc/postgresql-14-sales.service.d/lab-data.conf")).toBe(
      `[Service]\nEnvironment=PGDATA=${host.path("sales")}\n`,
    );
  });

  it("refuses a cluster of another version", () => {
    write({ "data/14/data/PG_VERSION": "13\n" });
    expect(create()).toMatchObject({
      status: 1,
      stderr: `pg1-srv: ${host.path("data/14/data")} holds a cluster of PostgreSQL 13, not 14\n`,
      calls: [],
    });
  });
});

describe("cluster/postgresql-start.sh", () => {
  const SERVICE = "postgresql@15-main";
  /** A service in a state (systemctl is-active and is-failed), and what its PostgreSQL answers, by the SQL's beginning. */
  const service = (state: "active" | "inactive" | "failed", answers: Readonly<Record<string, string>> = {}): void => {
    const told = { "SELECT 1": "echo 1", "SELECT count": "echo 0", "SELECT NOT": "echo t", ...answers };
    const clock = `date +%s%N`;
    fs.rmSync(host.path("reloaded"), { force: true });
    host
      .add("systemctl", `case $1 in is-active) [[ ${state} == active ]] ;; is-failed) [[ ${state} == failed ]] ;; esac`)
      .add("journalctl", "echo last words")
      .add(
        "psql",
        `case "\${@: -1}" in ${Object.entries({
          "SELECT pg_conf_load_time": clock,
          "SELECT pg_is_in": "echo f",
          "SELECT pg_reload": `touch ${host.path("reloaded")}`,
          // Of the recovery settings, on its standard input.
          postgres: "echo 0",
          ...told,
        })
          .map(([sql, answer]) => `"${sql}"*) ${answer} ;;`)
          .join(" ")} esac`,
      );
    if (state !== "failed") write({ "data/postmaster.pid": `${"x\n".repeat(7)}ready   \n` });
  };
  const start = (role = "primary"): ScriptRun => {
    if (!fs.existsSync(host.path("postgresql.conf"))) write({ "postgresql.conf": "port = 5432\n" });
    write({ "settings.next": "work_mem = 8MB\n", "data/PG_VERSION": "15" });
    return host.run(
      "cluster/postgresql-start.sh",
      [
        ...[host.path("bin"), SERVICE, host.path("postgresql.conf"), host.path("settings")],
        ...[role, host.path("data")],
      ],
      "",
      { "/var/log/postgresql": host.path("logs") },
    );
  };
  const controls = ({ calls }: ScriptRun): string[] =>
    calls.flatMap((call) => (/^systemctl (?!is-)/.test(call) ? [call.slice("systemctl ".length)] : []));
  const ENABLE = `enable --quiet --no-reload ${SERVICE}`;

  it("starts one that does not run, with the settings included once", () => {
    service("inactive");
    const run = start();
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(controls(run)).toEqual([ENABLE, `start --no-block ${SERVICE}`]);
    start();
    expect(read("postgresql.conf")).toBe(`port = 5432\ninclude '${host.path("settings")}'\n`);
    expect(read("settings")).toBe("work_mem = 8MB\n");
  });

  it("reloads one that runs, and restarts it only when a setting waits for that", () => {
    service("active");
    expect(controls(start())).toEqual([ENABLE]);
    expect(fs.existsSync(host.path("reloaded"))).toBe(true);
    service("active", { "SELECT count": "echo 2" });
    expect(controls(start())).toEqual([ENABLE, `restart ${SERVICE}`]);
  });

  it("leaves the old settings where PostgreSQL refuses the new ones, and says what it says", () => {
    service("active");
    write({ settings: "work_mem = 4MB\n" });
    const says = "LOG:  invalid value for parameter work_mem: 8MBB";
    host.add("postgres", `grep -q "include '${host.path("settings")}.next'" "\${3#*=}" && echo '${says}' >&2; exit 1`);
    const run = start();
    expect(run).toMatchObject({
      status: 1,
      stderr: `pg1-srv: PostgreSQL refuses the new settings; the old ones stay\n${says}\n`,
    });
    expect(controls(run)).toEqual([]);
    expect(read("settings")).toBe("work_mem = 4MB\n");
    expect(fs.readdirSync(host.folder).filter((name) => name.startsWith("postgresql.conf"))).toEqual([
      "postgresql.conf",
    ]);
  });

  it("has the old settings back where PostgreSQL takes the new ones, and then does not start with them", () => {
    service("failed", { "SELECT 1": "echo no server >&2; exit 2" });
    host.add("postgres", "");
    write({ settings: "work_mem = 4MB\n" });
    const run = start();
    expect(run).toMatchObject({
      status: 1,
      stderr: `pg1-srv: ${SERVICE} does not start with the new settings; the old ones are back\nlast words\n`,
    });
    expect(controls(run)).toEqual([ENABLE, `start --no-block ${SERVICE}`, `restart ${SERVICE}`]);
    expect(read("settings")).toBe("work_mem = 4MB\n");
  });

  it("gives a standby whose replay pauses, as its primary had more of a setting then, that much until it has caught up", () => {
    const needs = `grep -q "max_connections = 150" ${host.path("settings")}`;
    service("active", {
      "SHOW primary_conninfo": "echo host=pg1-srv",
      "SELECT redo_lsn FROM": "echo 0/30",
      "SELECT pg_last_wal_replay_lsn": "echo t",
      "SELECT redo_lsn >=": "echo t",
      "SELECT pg_is_wal_replay_paused": `${needs} && echo f || echo t`,
      "SELECT pg_is_in": "echo t",
    });
    host
      .add(
        "pg_controldata",
        "echo 'max_connections setting:              150'; echo 'max_prepared_xacts setting:           0'",
      )
      .add("postgres", `[[ $* == *max_connections* ]] && { ${needs} && echo 150 || echo 100; } || echo 0`);
    const run = start("standby");
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(controls(run)).toEqual([ENABLE, `restart ${SERVICE}`, `restart ${SERVICE}`]);
    expect(read("settings")).toBe("work_mem = 8MB\n");
  });

  it("says so when the configuration is not loaded again", () => {
    service("active", { "SELECT pg_conf_load_time": "echo yesterday" });
    expect(start()).toMatchObject({
      status: 1,
      stderr: `pg1-srv: ${SERVICE} has not reloaded its configuration; hint: journalctl -u ${SERVICE}\n`,
    });
  });

  it("says what the service said last when it fails, without waiting for it", () => {
    service("failed", { "SELECT 1": "echo no server >&2; exit 2" });
    expect(start()).toMatchObject({
      status: 1,
      stderr: `pg1-srv: ${SERVICE} does not answer: no server\nlast words\n`,
    });
  });

  it("says that recovery goes on when the time is over", () => {
    service("inactive", { "SELECT NOT": "echo f" });
    expect(start()).toMatchObject({
      status: 1,
      stderr: `pg1-srv: ${SERVICE} still replays WAL; hint: SELECT pg_last_wal_replay_lsn() shows its progress\n`,
    });
  });

  it("says that recovery has ended PostgreSQL, without waiting for it", () => {
    service("failed", { "SELECT NOT": "exit 2" });
    expect(start()).toMatchObject({
      status: 1,
      stderr: `pg1-srv: ${SERVICE} has ended while it replayed WAL; hint: ./lab doctor tells why\nlast words\n`,
    });
  });

  it("makes the folders of tablespaces that are newer than the backup, one after the other, as the log of a restored primary tells", () => {
    service("inactive", { "SELECT NOT": `[[ -d ${host.path("two")} ]] && echo t` });
    const log = (folder: string): string =>
      `[1] FATAL:  directory "${folder}" does not exist\n[1] CONTEXT:  WAL redo at 0/70000D8 for Tablespace/CREATE: 16387 "${folder}"\n`;
    write({ "data/recovery.signal": "", "log/one": log(host.path("one")), "log/two": log(host.path("two")) });
    write({ "logs/postgresql-15-main.log": read("log/one") });
    host
      .add(
        "systemctl",
        `case $1 in is-active) false ;; is-failed) [[ ! -d ${host.path("two")} ]] ;; start) [[ $2 == --* ]] ||
        { [[ -d ${host.path("two")} ]] && rm ${host.path("data/recovery.signal")} || cp ${host.path("log/two")} ${host.path("logs/postgresql-15-main.log")}; } ;; esac`,
      )
      .add("stat", "echo root")
      .add("install", 'mkdir -p "${@: -1}"');
    const run = start();
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(run.calls.filter((call) => /^(install|systemctl start)/.test(call))).toEqual([
      `systemctl start --no-block ${SERVICE}`,
      `install -d -o postgres -g postgres -m 0700 ${host.path("one")}`,
      `systemctl start ${SERVICE}`,
      `install -d -o postgres -g postgres -m 0700 ${host.path("two")}`,
      `systemctl start ${SERVICE}`,
    ]);
  });

  it("asks the journal where PostgreSQL keeps no log of its own", () => {
    service("inactive", { "SELECT NOT": `[[ -d ${host.path("one")} ]] && echo t` });
    write({ "data/recovery.signal": "" });
    host
      .add(
        "systemctl",
        `case $1 in is-active) false ;; is-failed) [[ ! -d ${host.path("one")} ]] ;; start) [[ $2 == --* ]] || rm ${host.path("data/recovery.signal")} ;; esac`,
      )
      .add(
        "journalctl",
        `echo '[1] CONTEXT:  WAL redo at 0/70000D8 for Tablespace/CREATE: 16387 "${host.path("one")}"'`,
      )
      .add("stat", "echo root")
      .add("install", 'mkdir -p "${@: -1}"');
    expect(start()).toMatchObject({ status: 0, stderr: "" });
    expect(fs.existsSync(host.path("one"))).toBe(true);
  });

  it("says what recovery ended with where it needs no folder", () => {
    service("failed", { "SELECT NOT": "exit 2" });
    write({
      "data/recovery.signal": "",
      "data/current_logfiles": "stderr log/x\n",
      "data/log/x": "FATAL: out of memory\n",
    });
    expect(start()).toMatchObject({
      status: 1,
      stderr: `pg1-srv: ${SERVICE} has ended while it replayed WAL; hint: ./lab doctor tells why\nlast words\n`,
    });
  });

  it.each([
    ["primary", "t", "standby"],
    ["standby", "f", "primary"],
  ])("refuses to call a cluster a %s that is the other", (role, recovering, found) => {
    service("inactive", { "SELECT pg_is_in": `echo ${recovering}` });
    expect(start(role)).toMatchObject({
      status: 1,
      stderr: `pg1-srv: the cluster must be a ${role}, but is a ${found}; hint: ./lab doctor\n`,
    });
    expect(start(found)).toMatchObject({ status: 0 });
  });
});

describe("cluster/streaming-write.sh", () => {
  const stream = (states: string): ScriptRun => {
    host.add("psql", `case $* in *pg_stat_replication*) ${states} ;; *) echo '2026-11-23 12:00:00' ;; esac`);
    return host.run("cluster/streaming-write.sh", [host.path("bin"), "pg2-srv", "10.0.0.12", "streaming over TLS"]);
  };

  it("writes a row once the standby streams, and prints what it says", () => {
    expect(stream("echo streaming over TLS")).toMatchObject({ status: 0, stdout: "2026-11-23 12:00:00\n" });
  });

  it.each([
    ["is not connected", "true", "no connection"],
    ["catches up", "echo catchup over TLS", "catchup over TLS"],
    ["streams in the clear", "echo streaming", "streaming"],
    ["cannot be asked for", "echo no server >&2; exit 2", "no server\nno connection"],
  ])("writes nothing for a standby that %s", (_, states, has) => {
    const run = stream(states);
    expect(run).toMatchObject({
      status: 1,
      stdout: "",
      stderr: `pg1-srv: pg_stat_replication must have pg2-srv (10.0.0.12) streaming over TLS; it has: ${has}\n`,
    });
    expect(run.calls.filter((call) => call.includes("INSERT"))).toEqual([]);
  });
});
