import * as fs from "node:fs";
import * as net from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HostFacts } from "../../observe/facts";
import { PARSERS } from "../../observe/answers";
import { StandIns } from "../support/stand-ins";
import { quote } from "../../steps/shell-words";

const FOLDER = "/etc/pgbackrest/cert";
const GREETING = '{"name":"pgBackRest","service":"remote","version":"2.45"}';

/** What systemd shows of a unit that has failed. */
const FAILED =
  "ActiveState=failed\nSubState=failed\nNRestarts=0\nUnitFileState=enabled\nActiveEnterTimestampMonotonic=0";

let standIns: StandIns;

beforeEach(() => {
  standIns = new StandIns();
});

afterEach(() => {
  standIns.remove();
});

/** Runs the script of a fact, and reads what it prints. */
function read(fact: keyof HostFacts, script: string, ...args: string[]): unknown {
  const { status, stdout, stderr } = standIns.run(`observe/${script}.sh`, args);
  expect(status, stderr).toBe(0);
  return PARSERS[fact](stdout.replace(/\n$/, ""));
}

describe("peers", () => {
  it("are heard up to the server's greeting, side by side, without waiting for the connection's end", () => {
    standIns.add("openssl", `echo 'depth=1 CN = root-ca' >&2; echo '${GREETING}'; exec sleep 8`);
    const start = performance.now();
    const said = `depth=1 CN = root-ca\n${GREETING}`;
    expect(read("peers", "peers-read", "postgres", FOLDER, "demo", "", "pg1-srv", "pg2-srv")).toEqual({
      "pg1-srv": { tcp: "", said },
      "pg2-srv": { tcp: "", said },
    });
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("are met with the host's own pair, which checks name and chain", () => {
    const { calls } = standIns
      .add("openssl", `echo '${GREETING}'`)
      .run("observe/peers-read.sh", ["pgbackrest", FOLDER, "demo", "", "pg1-srv"]);
    expect(calls).toEqual([
      "openssl s_client -ign_eof -connect pg1-srv:8432 -verify_hostname pg1-srv " +
        `-cert ${FOLDER}/host.crt -key ${FOLDER}/host.key -CAfile ${FOLDER}/ca.crt`,
    ]);
  });

  it("are asked for TCP first when all is asked, and no further when that fails", () => {
    standIns.add("openssl", "exit 1").add("pgbackrest", "exit 1");
    expect(read("peers", "peers-read", "postgres", FOLDER, "demo", "postgresql", "no-such-host.invalid")).toEqual({
      "no-such-host.invalid": {
        addresses: "",
        tcp: expect.stringMatching(/no-such-host\.invalid: /) as string,
        said: "",
      },
    });
    standIns.add("getent", "printf '%s STREAM %s\\n' 10.0.0.9 $2 10.0.0.9 $2");
    expect(read("peers", "peers-read", "postgres", FOLDER, "demo", "postgresql", "no-such-host.invalid")).toMatchObject(
      {
        "no-such-host.invalid": { addresses: expect.stringMatching(/^10\.0\.0\.9/) as string },
      },
    );
  });
});

describe("the primary", () => {
  const CONNECTION = "host=localhost user=replic_user sslmode=verify-full";
  const FILES = ["host.crt", "host.key", "ca.crt"].map((file) => `${FOLDER}/${file}`);

  it("is met by name, TCP, TLS and a replication connection, as the account that streams", async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const port = String((server.address() as net.AddressInfo).port);
    standIns
      .add(
        "getent",
        `case $1 in passwd) echo 'postgres:x:1:1::/home/pg:/bin/sh' ;; *) echo '127.0.0.1 STREAM localhost' ;; esac`,
      )
      .add("openssl", "echo 'New, TLSv1.3, Cipher is X'")
      .add("psql", `echo "psql: error: connection failed: FATAL:  no, with $HOME" >&2; exit 2`);
    const args = ["postgres", "/nowhere", CONNECTION, "localhost", port];
    const { status, stdout, calls } = standIns.run("observe/primary-read.sh", [...args, ...FILES]);
    expect(status).toBe(0);
    expect(PARSERS.primary(stdout.replace(/\n$/, ""))).toEqual({
      ...{ addresses: "127.0.0.1", tcp: "", said: "New, TLSv1.3, Cipher is X" },
      authorization: "psql: error: connection failed: FATAL:  no, with /home/pg",
    });
    expect(calls).toEqual([
      "getent ahostsv4 localhost",
      `openssl s_client -starttls postgres -connect localhost:${port} -verify_hostname localhost -cert ${FOLDER}/host.crt -key ${FOLDER}/host.key -CAfile ${FOLDER}/ca.crt`,
      "getent passwd postgres",
      `psql -XAtqd ${CONNECTION} dbname=replication replication=true connect_timeout=5 -c IDENTIFY_SYSTEM`,
    ]);
    expect(standIns.run("observe/primary-read.sh", args).calls.join("\n")).not.toContain("openssl");
    server.close();
    await once(server, "close");
  });

  it("is asked no further when TCP fails", () => {
    standIns.add("psql", "exit 1");
    expect(read("primary", "primary-read", "postgres", "/nowhere", CONNECTION, "no-such-host.invalid", "5432")).toEqual(
      {
        ...{ addresses: "", said: "", tcp: expect.stringMatching(/no-such-host\.invalid: /) as string },
      },
    );
  });
});

describe("the repository", () => {
  const LIST = `[backup:current]
20261123-184305F={"backup-error":false,"backup-type":"full","option-backup-standby":false,"option-online":true}
20261123-184305F_20261123-185000D={"backup-error":false,"option-backup-standby":true,"option-online":true}
[db]
db-id=1`;

  it("tells who delivered each backup", () => {
    standIns.add("pgbackrest", `[[ "$*" != *repo-get* ]] || echo '${LIST}'; [[ "$*" != *repo-ls* ]] || echo '{}'`);
    expect(read("repositories", "repository-read", "pgbackrest", "demo", "")).toEqual({
      1: {
        fromStandby: { "20261123-184305F": false, "20261123-184305F_20261123-185000D": true },
        wal: {},
      },
    });
  });

  it("tells nothing of a stanza that has no backup yet", () => {
    standIns.add("pgbackrest", `[[ "$*" != *repo-ls* ]] || echo '{".":{"type":"path"}}'`);
    expect(read("repositories", "repository-read", "pgbackrest", "demo", "")).toEqual({
      1: { fromStandby: {}, wal: {} },
    });
  });

  it("fails when its list cannot be read, unless it says why", () => {
    standIns.add("pgbackrest", "echo 'ERROR: [041]: denied' >&2; exit 41").add("find", "echo 'root 640 /repo/a file'");
    expect(standIns.run("observe/repository-read.sh", ["pgbackrest", "demo", ""]).status).toBe(41);
    expect(read("repositories", "repository-read", "pgbackrest", "demo", "/repo")).toEqual({
      1: {
        fromStandby: {},
        unusable: [{ owner: "root", mode: "640", path: "/repo/a file" }],
        wal: "ERROR: [041]: denied",
      },
    });
  });

  it("tells of several what can be read of each, and why another cannot be", () => {
    const denied = "{ echo 'ERROR: [041]: denied' >&2; exit 41; }";
    standIns.add(
      "pgbackrest",
      `case $* in *--repo=2*) ${denied} ;; *repo-get*) echo '${LIST}' ;; *) echo '{}' ;; esac`,
    );
    expect(read("repositories", "repository-read", "pgbackrest", "demo", "", "", "")).toEqual({
      1: { fromStandby: { "20261123-184305F": false, "20261123-184305F_20261123-185000D": true }, wal: {} },
      2: { fromStandby: {}, wal: "ERROR: [041]: denied" },
      3: { fromStandby: { "20261123-184305F": false, "20261123-184305F_20261123-185000D": true }, wal: {} },
    });
  });

  it("tells its WAL, when it was archived, and the histories of timelines", () => {
    const folder = "15-1/0000000100000000";
    const listing = {
      [`${folder}/000000010000000000000003-31900c3187aa3422469fa1d4c23ea3cff159c4e0.gz`]: { type: "file", time: 30 },
      [`${folder}/000000010000000000000003.00000028.backup`]: { type: "file", time: 31 },
      [`${folder}/000000010000000000000004.partial-31900c3187aa3422469fa1d4c23ea3cff159c4e0.gz`]: { time: 32 },
      "15-1/00000002.history": { type: "file", time: 33 },
    };
    const answers = [
      `[[ "$*" != *repo-ls* ]] || echo '${JSON.stringify(listing)}'`,
      `[[ "$*" != *"repo-get archive/demo/15-1/00000002.history" ]] || printf '1\\t0/5000060\\tno target\\n'`,
    ];
    standIns.add("pgbackrest", answers.join("; "));
    expect(read("repositories", "repository-read", "pgbackrest", "demo", "")).toEqual({
      1: {
        fromStandby: {},
        wal: {
          "15-1": {
            segments: { "000000010000000000000003": 30 },
            histories: { "00000002": "1\t0/5000060\tno target" },
          },
        },
      },
    });
  });
});

describe("a host", () => {
  it("tells its certificates as they are, whatever they hold, and its clock", () => {
    fs.mkdirSync(standIns.path("cert"));
    fs.writeFileSync(standIns.path("cert/host.crt"), 'no "certificate"\r\n\n');
    expect(read("certificates", "certificates-read", standIns.path("cert"))).toEqual({
      now: expect.closeTo(Date.now() / 1000, -1) as number,
      certificate: 'no "certificate"\r',
    });
    expect(read("certificates", "certificates-read", standIns.path("cert"), "key")).toMatchObject({
      key: "",
      publicKey: "",
    });
  });

  it("tells its units, and the last error of those that are not well", () => {
    const shown = (state: string, restarts: number): string =>
      `ActiveState=${state}\nSubState=dead\nNRestarts=${restarts}\nUnitFileState=enabled\nActiveEnterTimestampMonotonic=0`;
    standIns
      .add("systemctl", `printf '%s\\n\\n%s\\n' '${shown("active", 0)}' '${shown("failed", 3)}'`)
      .add("journalctl", "[[ $2 != b.service ]] || echo 'P00  ERROR: [095]: key values mismatch'");
    expect(read("units", "units-read", "a.service", "b.service")).toMatchObject({
      "a.service": { state: "active", sub: "dead", restarts: 0, enabled: "enabled", error: "" },
      "b.service": { state: "failed", restarts: 3, error: "P00  ERROR: [095]: key values mismatch" },
    });
  });

  it("tells why Debian's PostgreSQL ended from the cluster's own log", () => {
    const log =
      "FATAL:  earlier\nLOG:  starting PostgreSQL 15\nFATAL:  directory gone\nERROR:  a query\nFATAL:  terminating walreceiver process due to administrator command";
    fs.writeFileSync(standIns.path("postgresql-15-main.log"), log);
    standIns.add("systemctl", `echo '${FAILED}'`).add("journalctl", "echo FATAL: earlier");
    const { stdout } = standIns.run(
      "observe/units-read.sh",
      ["postgresql@15-main.service", "postgresql@16-main.service"],
      "",
      {
        "/var/log/postgresql": standIns.path("."),
      },
    );
    expect(stdout).toContain(
      "\npostgresql@15-main.service FATAL:  directory gone\npostgresql@16-main.service FATAL: earlier\n",
    );
  });

  it("tells what was wrong in a configuration file with which PostgreSQL did not start", () => {
    const log =
      'LOG:  unrecognized configuration parameter "x" in file "/f.conf" line 9\nFATAL:  configuration file "/f.conf" contains errors';
    fs.writeFileSync(standIns.path("postgresql-15-main.log"), log);
    standIns.add("systemctl", `echo '${FAILED}'`);
    const places = { "/var/log/postgresql": standIns.path(".") };
    expect(standIns.run("observe/units-read.sh", ["postgresql@15-main.service"], "", places).stdout).toContain(
      '\npostgresql@15-main.service FATAL:  configuration file "/f.conf" contains errors: unrecognized configuration parameter "x" in file "/f.conf" line 9\n',
    );
  });

  it("tells no error of a unit from before its last two starts", () => {
    const shown =
      "ActiveState=activating\nSubState=auto-restart\nNRestarts=3\nUnitFileState=enabled\nActiveEnterTimestampMonotonic=0";
    const errorAfter = (...journal: string[]): unknown => {
      standIns.add("systemctl", `echo '${shown}'`).add("journalctl", `printf '%s\\n' ${journal.map(quote).join(" ")}`);
      return (read("units", "units-read", "a.service") as Record<string, { error: string }>)["a.service"]?.error;
    };
    expect(errorAfter("ERROR: stale", "Started a", "failed", "Started a", "failed", "Started a")).toBe("");
    expect(errorAfter("ERROR: stale", "Started a", "ERROR: last", "Started a")).toBe("ERROR: last");
    expect(errorAfter("Started a", "ERROR: one", "Started a", "ERROR: other")).toBe("ERROR: other");
  });

  it("does not read the journal when all is well", () => {
    const shown =
      "ActiveState=active\nSubState=running\nNRestarts=0\nUnitFileState=enabled\nActiveEnterTimestampMonotonic=0";
    const { calls } = standIns
      .add("systemctl", `echo '${shown}'`)
      .add("journalctl", "exit 1")
      .run("observe/units-read.sh", ["a.service"]);
    expect(calls.map((call) => call.split(" ")[0])).toEqual(["systemctl"]);
  });

  it("tells the stanza as pgBackRest sees it, and labels where they are asked for", () => {
    standIns.add(
      "pgbackrest",
      `case "$*" in version) echo "pgBackRest 2.45" ;; *repo-ls*) echo '{".":{},"20261123-184305F":{}}' ;; *) echo '[]' ;; esac`,
    );
    expect(read("stanza", "stanza-read", "postgres", "demo", "", "")).toMatchObject({ version: "2.45", info: [] });
    expect(read("stanza", "stanza-read", "pgbackrest", "demo", "labels", "", "")).toMatchObject({
      labels: { 1: ["20261123-184305F"], 2: ["20261123-184305F"] },
    });
    standIns.add("pgbackrest", 'if [[ $1 == version ]]; then echo "pgBackRest 2.45"; else exit 124; fi');
    expect(read("stanza", "stanza-read", "postgres", "demo", "", "")).toMatchObject({ info: null });
    standIns.add("pgbackrest", "exit 31");
    expect(standIns.run("observe/stanza-read.sh", ["postgres", "demo", "", ""]).status).toBe(31);
  });

  it("asks again for a label that info does not tell, and leaves out what an expire has taken away meanwhile", () => {
    const told = (second: string): unknown => {
      const flag = standIns.path("listed");
      const listing = `[[ -e ${flag} ]] && echo '${second}' || echo '{".":{},"20261123-184305F":{},"20261122-184305F":{}}'; touch ${flag}`;
      const info = `[{"name":"demo","status":{"code":0},"backup":[{"label":"20261123-184305F"}]}]`;
      standIns.add(
        "pgbackrest",
        `case "$*" in version) echo "pgBackRest 2.45" ;; *repo-ls*) ${listing} ;; *) echo '${info}' ;; esac`,
      );
      const { labels } = read("stanza", "stanza-read", "pgbackrest", "demo", "labels", "") as { labels: unknown };
      fs.rmSync(flag);
      return labels;
    };
    expect(told('{".":{},"20261123-184305F":{}}')).toEqual({ 1: ["20261123-184305F"] });
    expect(told('{".":{},"20261122-184305F":{}}')).toEqual({ 1: ["20261123-184305F", "20261122-184305F"] });
  });

  it("tells the schedule: its units, its next moments, how each last run ended", () => {
    const state = standIns.path("states");
    fs.mkdirSync(state);
    fs.writeFileSync(`${state}/full`, "1795872207 exit-code\nERROR: [041]: unable to open\n");
    fs.writeFileSync(`${state}/verify`, "1795872208 success\n");
    const timer =
      "NextElapseUSecRealtime=Sun 2026-11-29 02:00:00 UTC\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\nDropInPaths=";
    const service = "LoadState=loaded\nActiveState=inactive\nUnitFileState=static\nDropInPaths=/a.conf";
    standIns.add("systemctl", `echo '${[timer, service, timer, service, timer, service].join("\n\n")}'`);
    standIns.add("systemd-analyze", 'env TZ=UTC /usr/bin/systemd-analyze "$@"');
    const kind = (name: string, calendar: string): string[] => [name, `${name}.timer`, `${name}.service`, calendar];
    const args = [...kind("full", "Mon..Sat *-*-* 02:00"), ...kind("verify", "*:*:0/20"), ...kind("diff", "daily")];
    const units = {
      timer: { load: "loaded", state: "active", enabled: "enabled", dropIns: "" },
      service: { load: "loaded", state: "inactive", enabled: "static", dropIns: "/a.conf" },
      next: Date.parse("2026-11-29T02:00:00Z") / 1000,
    };
    expect(read("schedule", "schedule-read", state, ...args)).toEqual({
      full: {
        ...units,
        interval: 2 * 86_400,
        last: { time: 1795872207, result: "exit-code", words: "ERROR: [041]: unable to open" },
      },
      verify: { ...units, interval: 20, last: { time: 1795872208, result: "success", words: "" } },
      diff: { ...units, interval: 86_400, last: null },
    });
  });

  it("tells the stanza in each of several repositories, and of one that does not answer nothing", () => {
    const info = (key: number, code: number): string =>
      JSON.stringify([
        {
          ...{ name: "demo", status: { code, message: "said" }, repo: [{ key, status: { code, message: "said" } }] },
          ...{ archive: [{ database: { "repo-key": key } }], backup: [{ label: `label ${key}` }] },
        },
      ]);
    const cases = `*--repo=1*) echo '${info(1, 0)}' ;; *--repo=2*) echo '${info(2, 2)}' ;; *) exit 1 ;;`;
    standIns.add("pgbackrest", `case "$*" in version) echo "pgBackRest 2.55.1" ;; ${cases} esac`);
    expect(read("stanza", "stanza-read", "postgres", "demo", "", "", "", "")).toMatchObject({
      info: [
        {
          status: { code: 2 },
          repo: [
            { key: 1, status: { code: 0 } },
            { key: 2, status: { code: 2 } },
          ],
          archive: [{ database: { "repo-key": 1 } }, { database: { "repo-key": 2 } }],
          backup: [{ label: "label 1" }, { label: "label 2" }],
        },
      ],
    });
  });

  it("asks a store that is away once, and for labels once it has answered", () => {
    const info = (code: number): string =>
      JSON.stringify([
        {
          name: "demo",
          status: { code, message: "said" },
          repo: [{ key: 1 }],
          archive: [],
          backup: [{ label: "20261123-184305F" }],
        },
      ]);
    const answers = (code: number): string =>
      `case "$*" in version) echo "pgBackRest 2.55.1" ;; *repo-ls*) echo '{".":{},"20261123-184305F":{}}' ;; *) echo '${info(code)}' ;; esac`;
    const asked = (code: number, labels = "labels"): (string | undefined)[] => {
      standIns.add("pgbackrest", answers(code));
      const { calls } = standIns.run("observe/stanza-read.sh", ["pgbackrest", "demo", labels, "store"]);
      return calls
        .filter((call) => call.startsWith("pgbackrest "))
        .map((call) => / (version|repo-ls|info)\b/.exec(call)?.[1]);
    };
    expect(asked(99)).toEqual(["version", "info"]);
    expect(read("stanza", "stanza-read", "pgbackrest", "demo", "labels", "store")).toMatchObject({
      info: [{ status: { code: 99, message: "said" } }],
    });
    expect(asked(0)).toEqual(["version", "info", "repo-ls", "info"]);
    expect(asked(0, "")).toEqual(["version", "info"]);
    standIns.add("pgbackrest", "echo 'ERROR: [049]: unable to connect' >&2; exit 49");
    const { calls } = standIns.run("observe/repository-read.sh", ["pgbackrest", "demo", "store"]);
    expect(calls.filter((call) => call.startsWith("pgbackrest "))).toEqual([
      expect.stringMatching(/ --io-timeout=1 --protocol-timeout=4 .* repo-ls /),
    ]);
    expect(read("repositories", "repository-read", "pgbackrest", "demo", "store")).toEqual({
      1: { fromStandby: {}, wal: "ERROR: [049]: unable to connect" },
    });
  });

  it("tells of PostgreSQL, and that it does not answer", () => {
    standIns.add("psql", `echo '{"version": "15.20"}'`);
    expect(read("postgresql", "postgresql-read", standIns.path("bin"), "/etc/lab/postgresql.conf")).toEqual({
      version: "15.20",
    });
    standIns.add("psql", "exit 2");
    expect(read("postgresql", "postgresql-read", standIns.path("bin"), "/f")).toBeNull();
    standIns.add("psql", "exit 3");
    expect(standIns.run("observe/postgresql-read.sh", [standIns.path("bin"), "/f"]).status).toBe(3);
  });

  it("tells what the primary answers a standby without a WAL receiver, and asks no other", () => {
    const ask = (...args: string[]): unknown =>
      read("postgresql", "postgresql-read", standIns.path("bin"), "/f", ...args);
    const answer = (receiver: string, says: string): void => {
      const json = `{"version" : "15.20", "inRecovery" : true, "receiver" : ${receiver}}`;
      standIns.add("psql", `case $* in *"host=pg1-srv user=replic_user "*) ${says} ;; *) echo '${json}' ;; esac`);
    };
    answer(
      "null",
      `echo 'psql: error: connection to server at "pg1-srv" (10.0.0.1), port 5432 failed: FATAL:  password authentication failed for user "replic_user"' >&2; exit 2`,
    );
    const refusal = 'password authentication failed for user "replic_user"';
    expect(ask("host=pg1-srv user=replic_user", "/data")).toEqual({
      version: "15.20",
      inRecovery: true,
      receiver: null,
      refusal,
    });
    expect(ask()).toEqual({ version: "15.20", inRecovery: true, receiver: null });
    answer("null", "echo '42|1|0/7|'");
    expect(ask("host=pg1-srv user=replic_user", "/data")).toEqual({
      version: "15.20",
      inRecovery: true,
      receiver: null,
      refusal: "",
    });
    answer('"streaming"', "exit 2");
    expect(ask("host=pg1-srv user=replic_user", "/data")).toEqual({
      version: "15.20",
      inRecovery: true,
      receiver: "streaming",
    });
  });

  it("tells file systems apart, and of folders that are there alone", () => {
    expect(read("disks", "disks-read", standIns.folder, "/nonexistent")).toEqual({
      [standIns.folder]: {
        device: String(fs.statSync(standIns.folder).dev),
        size: expect.any(Number) as number,
        free: expect.any(Number) as number,
      },
    });
  });

  it("tells what was moved aside of a folder, and of nothing else beside it", () => {
    const data = standIns.path("data");
    for (const name of ["", ".diverged-20261127T030000Z", ".incomplete-20261126T030000Z", ".mine"])
      fs.mkdirSync(`${data}${name}`);
    fs.writeFileSync(`${data}.diverged-20261127T030000Z/file`, "x".repeat(10_000));
    const told = read("movedAside", "moved-aside-read", data, "/nonexistent") as Record<string, { bytes: number }>;
    expect(Object.keys(told)).toEqual([`${data}.diverged-20261127T030000Z`, `${data}.incomplete-20261126T030000Z`]);
    const aside = told[`${data}.diverged-20261127T030000Z`];
    expect(aside).toMatchObject({ date: "20261127T030000Z" });
    expect(aside?.bytes).toBeGreaterThanOrEqual(10_000);
  });

  it("tells what was moved aside of a cluster's tablespaces", () => {
    for (const name of ["data/pg_tblspc", "space.replaced-20261127T030000Z"])
      fs.mkdirSync(standIns.path(name), { recursive: true });
    fs.symlinkSync(standIns.path("space"), standIns.path("data/pg_tblspc/16384"));
    expect(Object.keys(read("movedAside", "moved-aside-read", standIns.path("data")) as object)).toEqual([
      standIns.path("space.replaced-20261127T030000Z"),
    ]);
  });

  it("tells files with their content, of secrets none", () => {
    for (const name of ["open", "secret-one"]) fs.writeFileSync(standIns.path(name), "x\n", { mode: 0o640 });
    const digest = "73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac";
    expect(
      read("files", "files-read", standIns.path("open"), "/nonexistent", "secret", standIns.path("secret-one")),
    ).toEqual({
      [standIns.path("open")]: { owner: "root", mode: "640", digest, content: "eAo=" },
      [standIns.path("secret-one")]: { owner: "root", mode: "640", digest, content: "" },
    });
    expect(read("files", "files-read", "secret")).toEqual({});
    fs.mkdirSync(standIns.path("folder"), { mode: 0o750 });
    expect(read("files", "files-read", "secret", standIns.path("folder"))).toEqual({
      [standIns.path("folder")]: { owner: "root", mode: "750", digest: "-", content: "" },
    });
  });

  it("tells packages, installed and held", () => {
    standIns.add("dpkg-query", '[[ $4 == pgbackrest ]] && echo "installed 2.45-1"').add("apt-mark", "echo pgbackrest");
    expect(read("packages", "packages-read", "pgbackrest", "other")).toEqual({
      pgbackrest: { version: "2.45-1", held: true },
      other: { version: "", held: false },
    });
  });
});

it("verify of a repository is told with its status, which is 0 on damaged files", () => {
  standIns.add("pgbackrest", "echo 'P00  ERROR: [055]: unable to open missing file'; exit 55");
  expect(read("verified", "repository-verify", "pgbackrest", "demo", "2")).toEqual({
    "1": "P00  ERROR: [055]: unable to open missing file\nstatus 55",
    "2": "P00  ERROR: [055]: unable to open missing file\nstatus 55",
  });
});

it("Barman's host is told with its checks, complete backups and certificates", () => {
  const backups = '{"demo":[{"backup_id":"2","status":"DONE"},{"backup_id":"1","status":"FAILED"}]}';
  standIns
    .add(
      "barman",
      `case "$*" in *version*) echo "3.4.0 Barman by EDB" ;; *check*) printf 'Server demo:\\n\\tWAL archive: FAILED\\n'; exit 1 ;; *) echo '${backups}' ;; esac`,
    )
    .add("openssl", "echo served");
  expect(read("backupApi", "backup-api-read", "demo", "/nonexistent")).toEqual({
    barman: "3.4.0",
    certificate: "",
    served: "served",
    failedChecks: ["WAL archive: FAILED"],
    backups: ["2"],
  });
});

describe("barman check", () => {
  const takes = (seconds: number): unknown => {
    const check = `sleep ${seconds}; printf 'Server demo:\\n\\tWAL archive: FAILED\\n'`;
    standIns.add("barman", `case "$*" in *check*) ${check} ;; *) echo '{"demo":[]}' ;; esac`);
    return read("backupApi", "backup-api-read", "demo", "/nonexistent");
  };

  it("is not waited for where the host is not busy: the primary is lost", () => {
    standIns.add("nproc", "echo 1000");
    expect(takes(60)).toMatchObject({ failedChecks: ["PostgreSQL: FAILED (no answer in 6 s)"] });
  });

  it("has more time on a busy host", () => {
    standIns.add("nproc", "echo 0");
    expect(takes(7)).toMatchObject({ failedChecks: ["WAL archive: FAILED"] });
  });
});
