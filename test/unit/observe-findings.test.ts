import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { renderFindingsPage } from "../../docs/write-findings";
import { fail, judge, rules, warn } from "../../observe/findings";
import { ALL_RULES } from "../../observe/rules";
import type { HostFacts } from "../../observe/facts";
import {
  BACKUP,
  deployedLab,
  GOOD,
  INFO,
  judged,
  observed,
  PRIMARY,
  STANDBY,
  TALKS,
  told,
  UNIT,
} from "../support/observed-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

const MESSAGES = ALL_RULES.flatMap(({ messages }) => Object.entries(messages));
const CODES = MESSAGES.map(([code]) => code);

describe("the rules", () => {
  it("have codes that are told apart, each with a remedy", () => {
    expect(new Set(CODES).size).toBe(CODES.length);
    for (const [code, { remedy, text }] of MESSAGES) {
      expect(code).toMatch(/^LAB-[A-Z0-9]+(-[A-Z0-9]+)*$/);
      expect(text).not.toMatch(/\.$/);
      expect(Object.keys(remedy).length, code).toBeGreaterThan(0);
    }
  });

  it("depend on codes that are there, and not on each other in a ring", () => {
    const before = new Map(
      MESSAGES.map(([code, { after = [] }]) => [
        code,
        after.flatMap((named) => {
          const [each = ""] = named.split(":");
          const matching = CODES.filter((other) =>
            each.endsWith("*") ? other.startsWith(each.slice(0, -1)) : other === each,
          );
          expect(matching.length, `${code} after ${each}`).toBeGreaterThan(0);
          return matching.filter((other) => other !== code);
        }),
      ]),
    );
    const rings: string[] = [];
    const visit = (code: string, path: readonly string[]): void => {
      if (path.includes(code)) rings.push([...path, code].join(" after "));
      else for (const next of before.get(code) ?? []) visit(next, [...path, code]);
    };
    for (const code of CODES) visit(code, []);
    expect(rings.slice(0, 3)).toEqual([]);
  });

  it("stand in docs/findings.md (npm run docs)", () => {
    expect(fs.readFileSync(path.join(PROJECT_FOLDER, "docs", "findings.md"), "utf8")).toBe(renderFindingsPage());
  });

  it("fill their texts from what they find", () => {
    const one = rules(
      { "LAB-X": fail("units", "{subject} on {host} has {count}", { command: "./lab ssh {host}" }) },
      ({ primary }, tell) => {
        tell("LAB-X", primary, { subject: "unit", count: 3 });
      },
    );
    expect(judge(observed(), [one]).causes).toEqual([
      {
        ...{ code: "LAB-X", level: "fail", area: "units", host: "pg1-srv", subject: "unit" },
        ...{ cause: "unit on pg1-srv has 3", remedy: "./lab ssh pg1-srv" },
      },
    ]);
  });
});

/** As pgBackRest 2.45 tells it. */
const unread = (message: string, code = 99): HostFacts["stanza"] => ({
  ...{ version: "2.45", stopped: [], labels: { 1: [BACKUP.label] } },
  info: [{ name: "demo", status: { code, message: "other" }, repo: [{ status: { code, message } }], backup: [] }],
});

/** What an observation as deep as a proof does not read. */
function proofOf(
  { units, certificates, peers, stanza, repositories, postgresql, backupApi }: HostFacts,
  role: string,
): HostFacts {
  const shaken = Object.entries(peers ?? {}).map(([peer, { said }]) => [peer, { tcp: "", said }]);
  return {
    ...{ units, certificates, postgresql, backupApi },
    ...(peers && role !== "standby" ? { peers: Object.fromEntries(shaken) as HostFacts["peers"] } : {}),
    ...(stanza ? { stanza: { version: stanza.version, stopped: stanza.stopped, info: stanza.info } } : {}),
    ...(repositories?.[1] ? { repositories: { 1: { ...repositories[1], unusable: undefined } } } : {}),
  };
}

const REFUSED = "bash: connect: Connection refused\nbash: line 1: /dev/tcp/backup-srv/8432: Connection refused";
const NO_NAME = "bash: backup-srv: Name or service not known\nbash: /dev/tcp/backup-srv/8432: Invalid argument";
const DENIED =
  "[FileOpenError] unable to load info file '/backup_space/backup/demo/backup.info'\nFileOpenError: [13] Permission denied";
const FAILING = {
  ...PRIMARY,
  archiver: { failedWal: "00000001000000000000000A", failed: 20, archivedWal: null, archived: 10 },
};

const PROMOTED = {
  ...PRIMARY,
  ...{ segment: "00000002000000000000000A", position: "0/A000060", lastCommit: null, replication: [] },
};

describe("causes and what follows from them", () => {
  it.each<[string, Readonly<Record<string, HostFacts | string>>, string[]]>([
    ["nothing", {}, []],
    [
      "a host that is off",
      {
        "pg2-srv": "Timed out while waiting for handshake",
        "backup-srv": { peers: { "pg1-srv": TALKS, "pg2-srv": { tcp: "timed out", said: "" } } },
        "pg1-srv": { postgresql: { ...PRIMARY, replication: [] } },
      },
      ["fail LAB-HOST-UNREACHABLE pg2-srv: no SSH connection to 10.83.14.12: Timed out while waiting for handshake"],
    ],
    [
      "a repository server that was stopped",
      {
        "backup-srv": { units: { "pgbackrest.service": { ...UNIT, state: "inactive", sub: "dead" } } },
        "pg1-srv": {
          peers: { "backup-srv": { tcp: REFUSED, said: "" } },
          stanza: unread("connection refused"),
          postgresql: FAILING,
        },
        "pg2-srv": { peers: { "backup-srv": { tcp: REFUSED, said: "" } }, stanza: unread("connection refused") },
      },
      ["fail LAB-PGBACKREST-DOWN backup-srv: pgbackrest.service is inactive"],
    ],
    [
      "a standby's PostgreSQL that was killed",
      {
        "pg2-srv": {
          units: { "postgresql@17-main.service": { ...UNIT, state: "failed", sub: "failed" } },
          postgresql: null,
        },
        "pg1-srv": { postgresql: { ...PRIMARY, replication: [] } },
      },
      ["fail LAB-POSTGRESQL-DOWN pg2-srv: postgresql@17-main.service is failed"],
    ],
    [
      "a name that does not resolve",
      {
        "pg2-srv": {
          peers: { "backup-srv": { tcp: NO_NAME, said: "" } },
          stanza: unread("[HostConnectError] unable to get address for 'backup-srv': [-2] Name or service not known"),
          postgresql: { ...STANDBY, receiver: null },
        },
        "pg1-srv": { postgresql: { ...PRIMARY, replication: [] } },
      },
      ["fail LAB-NAME-UNRESOLVED pg2-srv → backup-srv: pg2-srv cannot resolve backup-srv"],
    ],
    [
      "backup.info that belongs to root",
      {
        "backup-srv": {
          stanza: unread(DENIED),
          repositories: {
            1: {
              fromStandby: {},
              unusable: [{ path: "/backup_space/backup/demo/backup.info", owner: "root", mode: "640" }],
              wal: "ERROR: [041]: unable to open path",
            },
          },
        },
        "pg1-srv": { stanza: unread(DENIED), postgresql: FAILING },
        "pg2-srv": { stanza: unread(DENIED) },
      },
      [
        "fail LAB-REPOSITORY-OWNER backup-srv: files belong to root, pgbackrest cannot use them [041]: /backup_space/backup/demo/backup.info",
      ],
    ],
    [
      "a stanza that is missing",
      {
        "backup-srv": {
          stanza: { ...unread("missing stanza path", 1), labels: [] } as HostFacts["stanza"],
          repositories: { 1: { fromStandby: {}, wal: {} } },
        },
        "pg1-srv": { stanza: unread("missing stanza path", 1), postgresql: FAILING },
        "pg2-srv": { stanza: unread("missing stanza path", 1) },
      },
      ["fail LAB-STANZA-MISSING backup-srv: the repository has no stanza demo: its backups and WAL are lost"],
    ],
    [
      "a standby that was promoted",
      {
        "pg2-srv": { postgresql: { ...PROMOTED, promoted: { commits: 0, last: "" } } },
        "pg1-srv": { postgresql: { ...PRIMARY, replication: [] } },
      },
      [
        "fail LAB-PG-PROMOTED pg2-srv: the standby was promoted, and has committed nothing since: it is a primary beside pg1-srv",
      ],
    ],
    [
      "two primaries",
      {
        "pg2-srv": { postgresql: { ...PROMOTED, promoted: { commits: 3, last: "2026-11-27 02:30:00 UTC" } } },
        "pg1-srv": { postgresql: { ...PRIMARY, replication: [] } },
      },
      [
        "fail LAB-PG-TWO-PRIMARIES pg2-srv: there are two primaries: pg2-srv (timeline 2, at 0/A000060, last commit 2026-11-27 02:30:00 UTC) and pg1-srv (timeline 1, at 0/9000148, last commit 2026-11-27 02:00:00 UTC)",
      ],
    ],
    [
      "two primaries of which one does not tell what it has committed",
      {
        "pg2-srv": { postgresql: { ...PROMOTED, system: "2", promoted: null } },
        "pg1-srv": { postgresql: { ...PRIMARY, replication: [] } },
      },
      [
        "fail LAB-PG-TWO-PRIMARIES pg2-srv: there are two primaries: pg2-srv (another cluster, system identifier 2, timeline 2, at 0/A000060, last commit unknown) and pg1-srv (timeline 1, at 0/9000148, last commit 2026-11-27 02:00:00 UTC)",
      ],
    ],
    [
      "a standby of another cluster",
      {
        "pg2-srv": { postgresql: { ...STANDBY, system: "2", receiver: null } },
        "pg1-srv": { postgresql: { ...PRIMARY, replication: [] } },
      },
      [
        "fail LAB-PG-FOREIGN pg2-srv: the standby's data is of another cluster: its system identifier is 2, pg1-srv's is 7300000000000000001",
      ],
    ],
    [
      "a slot that was forgotten",
      {
        "pg1-srv": {
          postgresql: {
            ...PRIMARY,
            slots: [{ name: "forgotten", active: false, status: "reserved", keeps: 33 * 1024 ** 2 }],
          },
        },
      },
      ["warn LAB-SLOT-UNUSED pg1-srv: replication slot forgotten keeps 33 MiB of WAL, and nobody reads it"],
    ],
    [
      "a slot of a standby that has left lab:hosts, which its step drops",
      {
        "pg1-srv": {
          postgresql: {
            ...PRIMARY,
            slots: [{ name: "lab_gone_example", active: false, status: "reserved", keeps: 33 * 1024 ** 2 }],
          },
        },
      },
      ["warn LAB-SLOT-UNUSED pg1-srv: replication slot lab_gone_example keeps 33 MiB of WAL, and nobody reads it"],
    ],
    [
      "a slot that keeps WAL until the disk is full",
      {
        "pg1-srv": {
          postgresql: {
            ...PRIMARY,
            slots: [{ name: "forgotten", active: false, status: "reserved", keeps: 2 * 1024 ** 3 }],
          },
        },
      },
      ["fail LAB-SLOT-KEEPS-WAL pg1-srv: replication slot forgotten keeps 2048 MiB of WAL, and nobody reads it"],
    ],
    [
      "no full backup",
      {
        "backup-srv": {
          stanza: { version: "2.45", stopped: [], info: [{ ...INFO, backup: [] }] },
          repositories: { 1: { fromStandby: {}, wal: {} } },
        },
      },
      ["fail LAB-BACKUP-NONE backup-srv: there is no full backup"],
    ],
    [
      "another version of pgBackRest",
      { "pg1-srv": { stanza: { version: "2.59.1", stopped: [], info: [INFO] } } },
      [
        "fail LAB-VERSION-PGBACKREST pg1-srv: it runs pgBackRest 2.59.1, backup-srv 2.45: they refuse to talk to each other [39]",
      ],
    ],
  ])("tells the cause alone: %s", (_what, changes, expected) => {
    const { causes, proven } = judged(changes);
    expect(told(causes)).toEqual(expected);
    // What status asks is enough to see whether the lab is proven, as the doctor sees it.
    const lab = deployedLab();
    const quick = Object.entries({ ...GOOD, ...changes }).map(([host, change]) => {
      const role = lab.plan.hosts.find(({ name }) => name === host)?.role ?? "";
      return [host, typeof change === "string" ? change : proofOf({ ...GOOD[host], ...change }, role)];
    });
    const stripped = Object.fromEntries(quick) as Readonly<Record<string, HostFacts>>;
    const again = observed(stripped);
    const hosts = again.hosts.map((host) => ({ ...host, facts: stripped[host.name] ?? {} }));
    expect(judge({ ...again, hosts }, ALL_RULES).proven).toBe(proven);
    expect(proven).toBe(!expected.some((each) => each.startsWith("fail")));
  });

  it("tells from what the others follow, and what drift --fix does", () => {
    const { causes, consequences, unproven, drift } = judged({
      "backup-srv": { units: { "pgbackrest.service": { ...UNIT, state: "inactive", sub: "dead" } } },
      "pg1-srv": { peers: { "backup-srv": { tcp: REFUSED, said: "" } } },
    });
    expect(causes).toMatchObject([{ remedy: "./lab drift --fix", steps: ["backup-srv-pgbackrest-start"] }]);
    expect(unproven).toEqual(causes);
    expect(drift).toEqual(causes);
    expect(consequences).toMatchObject([{ code: "LAB-PORT-CLOSED", follows: "LAB-PGBACKREST-DOWN backup-srv" }]);
  });

  it("is told once what several hosts say of one peer in the same words", () => {
    const silent = { ...TALKS, tcp: "connect: Connection refused" };
    const { causes, consequences } = judged({
      "pg1-srv": { peers: { "backup-srv": silent } },
      "pg2-srv": { peers: { "backup-srv": silent } },
      "backup-srv": { peers: { "pg1-srv": TALKS, "pg2-srv": silent } },
    });
    expect(told(causes)).toEqual([
      "fail LAB-PORT-CLOSED backup-srv → pg2-srv: nothing listens on port 8432 of pg2-srv",
      "fail LAB-PORT-CLOSED pg1-srv → backup-srv: nothing listens on port 8432 of backup-srv",
    ]);
    expect(consequences).toMatchObject([{ host: "pg2-srv", follows: "LAB-PORT-CLOSED pg1-srv" }]);
  });

  it("takes neither a warning nor what is still to come for a cause", () => {
    const remedy = { command: "./lab up" };
    const chain = rules(
      {
        "LAB-A": { ...fail("units", "a", remedy), soon: true },
        "LAB-B": warn("units", "b", remedy),
        "LAB-C": fail("units", "c", remedy),
        "LAB-D": { ...fail("units", "d", remedy), after: ["LAB-A", "LAB-B"] },
        "LAB-E": { ...fail("units", "e", remedy), after: ["LAB-C"] },
      },
      ({ primary }, tell) => {
        for (const code of ["LAB-A", "LAB-B", "LAB-C", "LAB-D", "LAB-E"] as const) tell(code, primary);
      },
    );
    expect(judge(observed(), [chain]).consequences.map(({ code, follows }) => [code, follows])).toEqual([
      ["LAB-E", "LAB-C pg1-srv"],
    ]);
  });

  it("has status tell a cause that is no proof itself, when one follows from it", () => {
    const { unproven } = judged({
      "backup-srv": {
        stanza: unread(DENIED),
        repositories: {
          1: { fromStandby: {}, wal: {}, unusable: [{ path: "/backup_space", owner: "root", mode: "700" }] },
        },
      },
    });
    expect(unproven.map(({ code, remedy }) => [code, remedy])).toEqual([
      ["LAB-REPOSITORY-OWNER", "./lab ssh backup-srv -- sudo chown -R pgbackrest:pgbackrest /backup_space"],
    ]);
  });
});
