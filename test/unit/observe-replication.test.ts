import { describe, expect, it } from "vitest";
import type { PeerFacts } from "../../observe/facts";
import { UNMANAGED } from "../../observe/lab";
import { reportOn } from "../../observe/report";
import { deployedLab, judged, observed, POSTGRESQL_UNIT, STANDBY, STREAMS, told, UNIT } from "../support/observed-lab";

/** What psql says around the primary's answer. */
const answer = (said: string): string =>
  `psql: error: connection to server at "pg1-srv" (10.83.14.11), port 5432 failed: ${said}`;

describe("a standby and PostgreSQL on the primary", () => {
  it.each<[string, Partial<PeerFacts>, string[]]>([
    ["a connection that is let in", {}, []],
    [
      "a port that nothing listens on",
      { tcp: "bash: connect: Connection refused\nbash: line 1: /dev/tcp/pg1-srv/5432: Connection refused", said: "" },
      [
        "fail LAB-PRIMARY-UNREACHED pg2-srv → pg1-srv: pg2-srv does not reach port 5432 of pg1-srv: nothing listens on it",
      ],
    ],
    [
      "a port that is dropped",
      { tcp: "timed out", said: "" },
      ["fail LAB-PRIMARY-UNREACHED pg2-srv → pg1-srv: pg2-srv does not reach port 5432 of pg1-srv: timed out"],
    ],
    [
      "a name that does not resolve",
      { tcp: "bash: pg1-srv: Name or service not known", said: "" },
      [
        "fail LAB-PRIMARY-UNREACHED pg2-srv → pg1-srv: pg2-srv does not reach port 5432 of pg1-srv: the name does not resolve",
      ],
    ],
    [
      "another host's address",
      { addresses: "10.83.14.13" },
      [
        "fail LAB-PRIMARY-UNREACHED pg2-srv → pg1-srv: pg2-srv does not reach port 5432 of pg1-srv: the name resolves to 10.83.14.13, not to 10.83.14.11",
      ],
    ],
    [
      "a server's certificate that has expired",
      {
        said: "verify error:num=10:certificate has expired",
        authorization: answer("SSL error: certificate verify failed"),
      },
      [
        "fail LAB-PRIMARY-TLS pg2-srv → pg1-srv: pg2-srv and PostgreSQL on pg1-srv do not get on by mutual TLS: the server's certificate is refused, it has expired (OpenSSL 10, certificate has expired)",
      ],
    ],
    [
      "a client's certificate that has expired",
      { authorization: answer("SSL error: sslv3 alert certificate expired") },
      [
        "fail LAB-PRIMARY-TLS pg2-srv → pg1-srv: pg2-srv and PostgreSQL on pg1-srv do not get on by mutual TLS: the client's certificate is refused, certificate expired: the client's certificate has expired",
      ],
    ],
    [
      "a key that is another's",
      { said: "error setting private key\n80:error:05800074:x509 certificate routines::key values mismatch:x.c:403:" },
      [
        "fail LAB-PRIMARY-TLS pg2-srv → pg1-srv: pg2-srv and PostgreSQL on pg1-srv do not get on by mutual TLS: its own certificate files cannot be used, the key does not belong to the certificate",
      ],
    ],
    [
      "a role that may not",
      { authorization: answer('FATAL:  certificate authentication failed for user "replic_user"') },
      [
        'fail LAB-REPLICATION-REFUSED pg2-srv → pg1-srv: pg1-srv does not let the standby stream: certificate authentication failed for user "replic_user"',
      ],
    ],
  ])("are judged, though the old stream goes on: %s", (_what, facts, expected) => {
    const found = judged({ "pg2-srv": { primary: { ...STREAMS, ...facts } } });
    expect(told(found.causes)).toEqual(expected);
    expect(found.proven).toBe(expected.length === 0);
  });

  it("explain why it does not stream, and follow from what keeps PostgreSQL from answering", () => {
    const refused = { ...STREAMS, tcp: "bash: connect: Connection refused", said: "" };
    const alone = { ...STANDBY, receiver: null };
    const codes = (changes: Parameters<typeof judged>[0]) => judged(changes).causes.map(({ code }) => code);
    expect(codes({ "pg2-srv": { primary: refused, postgresql: alone } })).toEqual(["LAB-PRIMARY-UNREACHED"]);
    const stopped = { "pgbackrest.service": UNIT, [POSTGRESQL_UNIT]: { ...UNIT, state: "inactive" } };
    expect(
      codes({ "pg1-srv": { units: stopped, postgresql: null }, "pg2-srv": { primary: refused, postgresql: alone } }),
    ).toEqual(["LAB-POSTGRESQL-DOWN"]);
  });

  it("follow from a file that lets a standby in, and from no other", () => {
    const refused = { primary: { ...STREAMS, authorization: answer("FATAL:  no pg_hba.conf entry") }, files: {} };
    const codes = (path: string): string[] => {
      const files = [{ path, owner: "postgres", mode: "0640", digest: "a", steps: ["step"] }];
      const managed = { "pg2-srv": { ...UNMANAGED, files } };
      const alone = { ...refused, postgresql: { ...STANDBY, receiver: null } };
      return judged({ "pg2-srv": alone }, { ...deployedLab(), managed }).causes.map(({ code }) => code);
    };
    expect(codes("/etc/lab/postgresql.conf")).toEqual(["LAB-FILE-MISSING"]);
    expect(codes("/etc/pgbackrest/pgbackrest.conf")).toEqual(["LAB-FILE-MISSING", "LAB-REPLICATION-REFUSED"]);
  });

  it("is Barman too, and has no stage TLS where replication has none", () => {
    const lab = deployedLab({
      ...{ backupApi: true, backupApiSource: "test/support/backup-api-stand-in", backupApiHost: "backup-srv" },
      replicationTls: false,
    });
    const changes = {
      "backup-srv": { primary: { ...STREAMS, authorization: answer("FATAL:  no pg_hba.conf entry") } },
    };
    const found = judged(changes, lab);
    expect(told(found.causes)).toEqual([
      "fail LAB-REPLICATION-REFUSED backup-srv → pg1-srv: pg1-srv does not let Barman stream: no pg_hba.conf entry",
    ]);
    const { pairs } = reportOn(observed(changes, lab), found, "container");
    expect(pairs.filter(({ port }) => port === 5432).map(({ client, verdicts }) => [client, verdicts])).toEqual([
      ["backup-srv", { TCP: "ok", TLS: "-", version: "-", authorization: "fail" }],
      ["pg2-srv", { TCP: "ok", TLS: "-", version: "-", authorization: "ok" }],
    ]);
  });
});
