import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptRun, StandIns } from "../support/stand-ins";

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
  // Account postgres has what is called so.
  host
    .add("stat", "[[ $* == *ours* ]] && echo postgres || echo root")
    .add("install", 'mkdir -p "${@: -1}"')
    .add("mountpoint", "exit 1")
    .add("psql", 'case "${@: -1}" in *location*) ;; *) exit 99 ;; esac');
});
afterEach(() => {
  host.remove();
});

function write(...names: string[]): void {
  for (const name of names) {
    fs.mkdirSync(path.dirname(host.path(name)), { recursive: true });
    fs.writeFileSync(host.path(name), name);
  }
}

/** The folders that were made, but for the data folder itself. */
const made = ({ calls }: ScriptRun): string[] =>
  calls.filter((call) => call.startsWith("install ") && !call.endsWith("/main"));
const dated = (text: string): string => text.replaceAll(/\d{8}T\d{6}Z/g, "DATE").replaceAll(`${host.folder}/`, "");
const MAKE = "install -d -o postgres -g postgres -m 0700";

describe.each([
  ["cluster/standby-restore.sh", () => ["demo", host.path("main"), host.path("bin")]],
  ["cluster/primary-restore.sh", () => ["demo", host.path("main"), "backup"]],
])("%s", (script, args) => {
  /** A newest backup with tablespaces in these folders. */
  const restore = (...folders: string[]): ScriptRun => {
    const manifest = [
      "[backup:target]",
      'pg_data={"path":"/var/lib/postgresql/17/main","type":"path"}',
      ...folders.map(
        (folder, index) => `pg_tblspc/${index}={"path":"${folder}","tablespace-name":"one","type":"link"}`,
      ),
      "[target:path]",
      ...folders.flatMap((_, index) => [`pg_tblspc/${index}={}`, `pg_tblspc/${index}/PG_17_1={"user":"postgres"}`]),
    ];
    const info = [
      { status: { code: 0 }, backup: [{ label: "A" }, { label: "B" }], db: [{ version: "15" }, { version: "17" }] },
    ];
    fs.writeFileSync(host.path("manifest"), manifest.join("\n"));
    host.add(
      "pgbackrest",
      `case $* in
        *info) echo '${JSON.stringify(info)}' ;;
        *" repo-get backup/demo/B/backup.manifest") cat ${host.path("manifest")} ;;
        *restore) mkdir -p ${host.path("main/global")}; touch ${host.path("main/global/pg_control")} ${host.path("main/standby.signal")} ;;
      esac`,
    );
    return host.run(script, args());
  };

  it("makes the folders of the newest backup's tablespaces before it restores, and only those that are missing", () => {
    write("ours/file");
    const run = restore(host.path("space"), host.path("ours"));
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(run.calls.slice(-2).map(dated)).toEqual([
      `${MAKE} space`,
      script.includes("standby")
        ? "pgbackrest --stanza=demo --type=standby restore"
        : "pgbackrest --stanza=demo restore",
    ]);
  });

  it("uses an empty folder, and refuses one with files of others", () => {
    fs.mkdirSync(host.path("empty"));
    expect(made(restore(host.path("empty")))).toEqual([`${MAKE} ${host.path("empty")}`]);
    fs.rmSync(host.path("main"), { recursive: true });
    write("theirs/file");
    const run = restore(host.path("theirs"));
    expect(run).toMatchObject({
      status: 1,
      stderr: `pg1-srv: cannot use ${host.path("theirs")}, the folder of a tablespace: it is not account postgres's, and not empty; hint: move its content elsewhere\n`,
    });
    expect(run.calls.filter((call) => call.endsWith(" restore"))).toEqual([]);
  });

  it.each(["/etc/space", "/usr/../etc/space", "/srv", "/var/lib", "/proc", "/lib64/space", "/"])(
    "refuses %s",
    (folder) => {
      const run = restore(folder);
      expect(run).toMatchObject({
        status: 1,
        stderr: `pg1-srv: cannot make ${folder}, the folder of a tablespace: it is a place of the system; hint: make it by hand, as account postgres's own\n`,
      });
      expect(made(run)).toEqual([]);
    },
  );

  it("moves aside what a cluster without data has there, of its own version alone", () => {
    write("ours/PG_17_1/5/1259", "ours/PG_15_1/5/1259");
    const run = restore(host.path("ours"));
    expect(run.status).toBe(0);
    expect(dated(run.stderr)).toBe(
      "moved aside: pg1-srv: ours held a tablespace without its cluster; it is now ours.incomplete-DATE\n",
    );
    const aside = fs.readdirSync(host.folder).find((name) => name.startsWith("ours.incomplete-")) ?? "";
    expect(fs.readFileSync(host.path(`${aside}/PG_17_1/5/1259`), "utf8")).toBe("ours/PG_17_1/5/1259");
    expect(fs.readdirSync(host.path("ours"))).toEqual(["PG_15_1"]);
  });

  it("moves aside what an interrupted restore has left there, before it had a version", () => {
    write("ours/PG_17_1/5/1259", "main/pg_tblspc/.keep");
    fs.symlinkSync(host.path("ours"), host.path("main/pg_tblspc/16384"));
    const run = restore(host.path("ours"));
    expect([run.status, dated(run.stderr)]).toEqual([
      0,
      "moved aside: pg1-srv: main held no complete cluster; it is now main.incomplete-DATE\n" +
        "moved aside: pg1-srv: ours held a tablespace without its cluster; it is now ours.incomplete-DATE\n",
    ]);
  });

  it("moves nothing aside out of a mount point", () => {
    write("ours/PG_17_1/5/1259");
    host.add("mountpoint", "[[ $* == *ours* ]]");
    const run = restore(host.path("ours"));
    expect(dated(run.stderr)).toBe(
      "pg1-srv: ours held a tablespace without its cluster; cannot move it aside: ours is a mount point; hint: move its content elsewhere\n",
    );
    expect(run.status).toBe(1);
    expect(fs.readdirSync(host.path("ours"))).toEqual(["PG_17_1"]);
  });

  it("moves an incomplete cluster aside with its tablespaces, to which its links lead", () => {
    write("ours/PG_17_1/5/1259", "main/PG_VERSION", "main/pg_tblspc/.keep");
    fs.writeFileSync(host.path("main/PG_VERSION"), "17\n");
    fs.symlinkSync(host.path("ours"), host.path("main/pg_tblspc/16384"));
    const run = restore();
    const why = "pg1-srv: main held no complete cluster";
    expect(dated(run.stderr)).toBe(
      `moved aside: ${why}; it is now ours.incomplete-DATE\nmoved aside: ${why}; it is now main.incomplete-DATE\n`,
    );
    const aside = fs.readdirSync(host.folder).find((name) => name.startsWith("main.incomplete-")) ?? "";
    expect(fs.readFileSync(host.path(`${aside}/pg_tblspc/16384/PG_17_1/5/1259`), "utf8")).toBe("ours/PG_17_1/5/1259");
    expect(fs.readdirSync(host.path("ours"))).toEqual([]);
  });
});

describe("cluster/standby-follow.sh", () => {
  it("makes the folders of the primary's tablespaces before the standby runs, of which it has none without data", () => {
    host.add(
      "psql",
      `[[ $* == *"-d host=pg1-srv dbname=postgres"*pg_tablespace_location* ]] && printf '%s\\n' '${host.path("a b")}' '${host.path("ours")}'`,
    );
    write("ours/PG_17_1/5/1259");
    host.add("postgres", "echo 'postgres (PostgreSQL) 17.6 (Debian 17.6-0+deb13u1)'");
    const run = host.run("cluster/standby-follow.sh", [
      ...[host.path("bin"), "postgresql@17-main", host.path("main"), "pg1-srv", "host=pg1-srv", "demo"],
    ]);
    expect(run.status).toBe(0);
    expect(made(run).map(dated)).toEqual([`${MAKE} a b`, `${MAKE} ours.incomplete-DATE`]);
    expect(dated(run.stderr)).toBe(
      "moved aside: pg1-srv: ours held a tablespace without its cluster; it is now ours.incomplete-DATE\n",
    );
  });
});
