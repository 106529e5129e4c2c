import { describe, expect, it } from "vitest";
import type { PeerFacts } from "../../observe/doctor/facts";
import { parseHandshake, peerFindings } from "../../observe/doctor/peers";

const GREETING = '{"name":"pgBackRest","service":"remote","version":"2.45"}';
const WELL: PeerFacts = {
  tcp: "",
  said: `New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384\n${GREETING}`,
  authorisation: "",
};
const ALERT = (text: string, code: number): string =>
  `808B50DB647F0000:error:0A000${code}:SSL routines:ssl3_read_bytes:${text}:../ssl/record/rec_layer_s3.c:1602:SSL alert number ${code}`;

describe("peerFindings", () => {
  const find = (facts: Partial<PeerFacts>): string[] =>
    peerFindings("pg2-srv", "backup-srv", { ...WELL, ...facts }, "2.45").map(({ area, cause }) => `${area}: ${cause}`);

  it.each<[string, Partial<PeerFacts>, string[]]>([
    ["a pair that talks", {}, []],
    [
      "a server that let us in, and has looked for a folder that is not there",
      {
        authorisation:
          "WARN: unable to check pg1: [FileMissingError] raised from remote-0 tls protocol on 'backup-srv': unable to open missing file '/nonexistent/global/pg_control' for read\nERROR: [027]: no database found",
      },
      [],
    ],
    [
      "a server that is stopped",
      {
        tcp: "bash: connect: Connection refused\nbash: line 1: /dev/tcp/backup-srv/8432: Connection refused",
        said: "",
      },
      ["TCP: nothing listens on port 8432 of backup-srv"],
    ],
    [
      "a port that is dropped",
      { tcp: "timed out", said: "" },
      ["TCP: port 8432 of backup-srv does not answer (timed out)"],
    ],
    [
      "a name that does not resolve",
      { tcp: "bash: backup-srv: Name or service not known", said: "" },
      ["TCP: port 8432 of backup-srv does not answer (name or service not known)"],
    ],
    [
      "a server whose certificate has ended and is for another host",
      { said: "verify error:num=10:certificate has expired\nverify error:num=62:hostname mismatch" },
      [
        "TLS: pg2-srv refuses the certificate of backup-srv: it has ended (OpenSSL 10, certificate has expired)",
        "TLS: pg2-srv refuses the certificate of backup-srv: it does not name the host (SAN) (OpenSSL 62, hostname mismatch)",
      ],
    ],
    [
      "an authority that the server does not trust",
      { said: ALERT("tlsv1 alert unknown ca", 48) },
      [
        "TLS: backup-srv refuses the certificate of pg2-srv: unknown ca: the client's certificate is of an authority that the server does not trust (TLS alert 48)",
      ],
    ],
    [
      "a key that is another's",
      { said: "error setting private key\n80:error:05800074:x509 certificate routines::key values mismatch:x.c:403:" },
      ["TLS: pg2-srv cannot use its own certificate files: the key does not belong to the certificate"],
    ],
    ["silence", { said: "CONNECTED(00000003)" }, ["TLS: backup-srv ends the connection without a word"]],
    [
      "another version",
      { said: GREETING.replace("2.45", "2.59.1") },
      ["version: pg2-srv runs pgBackRest 2.45, backup-srv 2.59.1: they refuse to talk to each other [39]"],
    ],
    [
      "denied access to the repository",
      { authorisation: "ERROR: [105]: raised from remote-0 tls protocol on 'backup-srv': access denied\nstatus 105" },
      ["authorisation: backup-srv lets CN=pg2-srv in, but not to this stanza: access denied [105]"],
    ],
    [
      "denied access to a PostgreSQL host",
      {
        authorisation:
          "WARN: unable to check pg1: [AccessError] raised from remote-0 tls protocol on 'pg2-srv': access denied",
      },
      ["authorisation: backup-srv lets CN=pg2-srv in, but not to this stanza: access denied [105]"],
    ],
    [
      "another complaint",
      { authorisation: "ERROR: [042]: key file '/k' has group or other permissions\nstatus 42" },
      ["authorisation: pgBackRest cannot use backup-srv: [042]: key file '/k' has group or other permissions"],
    ],
    [
      "an obsolete version of TLS",
      { said: `New, TLSv1.1, Cipher is X\n${GREETING}` },
      ["TLS: pg2-srv and backup-srv speak TLSv1.1, which is obsolete"],
    ],
  ])("judges %s", (_what, facts, expected) => {
    expect(find(facts)).toEqual(expected);
  });
});

describe("parseHandshake", () => {
  it("reads TLS's version, the server's greeting, and no error twice", () => {
    expect(parseHandshake(`verify error:num=20:x\nverify error:num=20:x\nNew, TLSv1.2, Cipher\n${GREETING}`)).toEqual({
      verifyErrors: [{ code: 20, text: "x" }],
      protocol: "TLSv1.2",
      greeting: "2.45",
    });
  });

  it("reads an alert as OpenSSL 3 and 1.1 tell it", () => {
    const old =
      "140:error:14094415:SSL routines:ssl3_read_bytes:sslv3 alert certificate expired:ssl/record/rec_layer_s3.c:1544:SSL alert number 45";
    expect(parseHandshake(old).alert).toEqual({ code: 45, text: "sslv3 alert certificate expired" });
    expect(parseHandshake(ALERT("tlsv1 alert protocol version", 70)).alert).toEqual({
      code: 70,
      text: "tlsv1 alert protocol version",
    });
  });
});
