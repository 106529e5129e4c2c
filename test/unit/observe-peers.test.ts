import { describe, expect, it } from "vitest";
import type { PeerFacts } from "../../observe/facts";
import { parseHandshake } from "../../observe/rules/peers";
import { judged, TALKS, told } from "../support/observed-lab";

const GREETING = '{"name":"pgBackRest","service":"remote","version":"2.45"}';
const ALERT = (text: string, code: number): string =>
  `808B50DB647F0000:error:0A000${code}:SSL routines:ssl3_read_bytes:${text}:../ssl/record/rec_layer_s3.c:1602:SSL alert number ${code}`;

describe("a client and a server", () => {
  it.each<[string, Partial<PeerFacts>, string[]]>([
    ["a pair that talks", {}, []],
    [
      "a server that authorized us, and has looked for a folder that is missing",
      {
        authorization:
          "WARN: unable to check pg1: [FileMissingError] raised from remote-0 tls protocol on 'backup-srv': unable to open missing file '/nonexistent/global/pg_control' for read\nERROR: [027]: no database found",
      },
      [],
    ],
    [
      "a server that does not listen",
      {
        tcp: "bash: connect: Connection refused\nbash: line 1: /dev/tcp/backup-srv/8432: Connection refused",
        said: "",
      },
      ["fail LAB-PORT-CLOSED: nothing listens on port 8432 of backup-srv"],
    ],
    [
      "a port that is dropped",
      { tcp: "timed out", said: "" },
      ["fail LAB-PORT-SILENT: port 8432 of backup-srv does not answer (timed out)"],
    ],
    [
      "a name that does not resolve, as getaddrinfo and bash say",
      {
        tcp: "bash: backup-srv: Name or service not known\nbash: line 1: /dev/tcp/backup-srv/8432: Invalid argument",
        said: "",
      },
      ["fail LAB-NAME-UNRESOLVED: pg2-srv cannot resolve backup-srv"],
    ],
    [
      "a name service that does not answer",
      { tcp: "bash: backup-srv: Temporary failure in name resolution", said: "" },
      ["fail LAB-NAME-UNRESOLVED: pg2-srv cannot resolve backup-srv"],
    ],
    [
      "a name with another host's address",
      {
        addresses: "10.83.14.12",
        said: "verify error:num=62:hostname mismatch",
      },
      ["fail LAB-NAME-ADDRESS: pg2-srv resolves backup-srv to 10.83.14.12, not to 10.83.14.10"],
    ],
    ["a name with its own address", { addresses: "10.83.14.10" }, []],
    ...["Invalid argument", "Permission denied", "No route to host", "Network is unreachable"].map(
      (error): [string, Partial<PeerFacts>, string[]] => [
        `a route that ends in "${error}"`,
        { tcp: `bash: connect: ${error}\nbash: line 1: /dev/tcp/backup-srv/8432: ${error}`, said: "" },
        [`fail LAB-PORT-NO-ROUTE: pg2-srv has no way to backup-srv, 10.83.14.10: ${error.toLowerCase()}`],
      ],
    ),
    [
      "a server whose certificate has expired and is for another host",
      { said: "verify error:num=10:certificate has expired\nverify error:num=62:hostname mismatch" },
      [
        "fail LAB-TLS-SERVER-REFUSED: pg2-srv refuses the certificate of backup-srv: it has expired (OpenSSL 10, certificate has expired)",
        "fail LAB-TLS-SERVER-REFUSED: pg2-srv refuses the certificate of backup-srv: it does not name the host (SAN) (OpenSSL 62, hostname mismatch)",
      ],
    ],
    [
      "a CA that the server does not trust",
      { said: ALERT("tlsv1 alert unknown ca", 48) },
      [
        "fail LAB-TLS-CLIENT-REFUSED: backup-srv refuses the certificate of pg2-srv: unknown ca: the client's certificate was issued by a CA that the server does not trust (TLS alert 48)",
      ],
    ],
    [
      "a key that is another's",
      { said: "error setting private key\n80:error:05800074:x509 certificate routines::key values mismatch:x.c:403:" },
      [
        "fail LAB-TLS-OWN-FILES: pg2-srv cannot use its own certificate files: the key does not belong to the certificate",
      ],
    ],
    [
      "silence",
      { said: "CONNECTED(00000003)" },
      ["fail LAB-TLS-SILENT: backup-srv closed the connection without an error"],
    ],
    [
      "another version",
      { said: GREETING.replace("2.45", "2.59.1") },
      [
        "fail LAB-PEER-VERSION: pg2-srv runs pgBackRest 2.45, backup-srv's server 2.59.1: they refuse to talk to each other [39]",
      ],
    ],
    [
      "denied access to the repository",
      { authorization: "ERROR: [105]: raised from remote-0 tls protocol on 'backup-srv': access denied\nstatus 105" },
      ["fail LAB-ACCESS-DENIED: backup-srv does not authorize CN=pg2-srv for this stanza: access denied [105]"],
    ],
    [
      "denied access to a PostgreSQL host",
      {
        authorization:
          "WARN: unable to check pg1: [AccessError] raised from remote-0 tls protocol on 'pg2-srv': access denied",
      },
      ["fail LAB-ACCESS-DENIED: backup-srv does not authorize CN=pg2-srv for this stanza: access denied [105]"],
    ],
    [
      "another complaint",
      { authorization: "ERROR: [042]: key file '/k' has group or other permissions\nstatus 42" },
      ["fail LAB-PEER-ERROR: pgBackRest cannot use backup-srv: [042]: key file '/k' has group or other permissions"],
    ],
    [
      "an obsolete version of TLS",
      { said: `New, TLSv1.1, Cipher is X\n${GREETING}` },
      ["warn LAB-TLS-OBSOLETE: pg2-srv and backup-srv speak TLSv1.1, which is obsolete"],
    ],
  ])("are judged: %s", (_what, facts, expected) => {
    const { causes } = judged({ "pg2-srv": { peers: { "backup-srv": { ...TALKS, ...facts } } } });
    expect(told(causes).map((each) => each.replace(" pg2-srv → backup-srv: ", ": "))).toEqual(expected);
  });

  it("hint at what pgBackRest's error means", () => {
    const authorization = "ERROR: [042]: key file '/k' has group or other permissions\nstatus 42";
    const { causes } = judged({ "pg2-srv": { peers: { "backup-srv": { ...TALKS, authorization } } } });
    expect(causes[0]?.remedy).toBe(
      "a file cannot be read: a TLS key must belong to the account that runs pgBackRest, with mode 0600",
    );
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
