import { describe, expect, it } from "vitest";
import type { DeployedHost, Facts, HandshakeFacts, HostFacts, PostgreSqlFacts } from "../../observe/proofs";
import { certificateEnds, judge, peersOf } from "../../observe/proofs";
import { CERTIFICATE, OTHER_CERTIFICATE } from "../support/certificates";

const REPOSITORY: DeployedHost = { name: "backup-srv", role: "repository", address: "10.83.14.10" };
const PRIMARY: DeployedHost = { name: "pg1-srv", role: "primary", address: "10.83.14.11" };
const STANDBY: DeployedHost = { name: "pg2-srv", role: "standby", address: "10.83.14.12" };
const END = "Feb 21 18:00:00 2027 GMT";
const OTHER_END = "Jan  1 00:00:00 2027 GMT";

const BACKUP = {
  label: "20261123-184305F",
  type: "full",
  error: false,
  timestamp: { start: 1795459385, stop: 1795459389 },
  archive: { start: "000000010000000000000003", stop: "000000010000000000000004" },
};

/** Handshakes that went well. */
const welcome = (...peers: string[]): HandshakeFacts =>
  Object.fromEntries(peers.map((peer) => [peer, { problem: "", certificate: CERTIFICATE }]));

function hostFacts(changes: Partial<HostFacts> = {}): HostFacts {
  return {
    pgbackrest: "2.45",
    units: { "pgbackrest.service": "active" },
    certificate: CERTIFICATE,
    authority: OTHER_CERTIFICATE,
    info: [{ name: "demo", status: { code: 0, message: "ok" }, backup: [BACKUP] }],
    ...changes,
  };
}

function postgresql(changes: Partial<PostgreSqlFacts> = {}): PostgreSqlFacts {
  return {
    version: "15.18",
    inRecovery: false,
    receiver: null,
    replication: [{ name: "pg2-srv", address: STANDBY.address, state: "streaming" }],
    inactiveSlots: [],
    archiver: { archived: 20, failed: 10 },
    ...changes,
  };
}

const STREAMING = postgresql({ inRecovery: true, receiver: "streaming", replication: [] });

/** A lab that is as it should be, but for what is given. */
function facts(changes: Record<string, Partial<Facts>> = {}): Map<string, Facts> {
  const good: Record<string, Facts> = {
    "backup-srv": {
      failures: [],
      host: hostFacts(),
      handshakes: welcome("pg1-srv", "pg2-srv"),
      repository: { [BACKUP.label]: true },
    },
    "pg1-srv": { failures: [], host: hostFacts(), handshakes: welcome("backup-srv"), postgresql: postgresql() },
    "pg2-srv": { failures: [], host: hostFacts(), postgresql: STREAMING },
  };
  return new Map(Object.entries(good).map(([name, each]) => [name, { ...each, ...changes[name] }]));
}

const HOSTS = [REPOSITORY, PRIMARY, STANDBY];
const findings = (changes: Record<string, Partial<Facts>>, hosts = HOSTS): readonly string[] =>
  judge("demo", hosts, facts(changes)).findings;

describe("peersOf", () => {
  it("pairs the repository host with every PostgreSQL host, and no PostgreSQL host with another", () => {
    expect(HOSTS.map((host) => peersOf(host, HOSTS))).toEqual([["pg1-srv", "pg2-srv"], ["backup-srv"], ["backup-srv"]]);
  });
});

describe("a revoked host", () => {
  const REVOKED: DeployedHost = { ...STANDBY, revoked: true };
  const ANSWER = "[AccessError] raised from remote-0 tls protocol on 'backup-srv': access denied";
  // As pgBackRest 2.45 answers: the stanza's own status says nothing.
  const answered = (message: string): Record<string, Partial<Facts>> => ({
    "backup-srv": { handshakes: welcome("pg1-srv") },
    "pg2-srv": {
      handshakes: welcome("pg2-srv"),
      host: hostFacts({
        info: [
          {
            name: "demo",
            status: { code: 99, message: "other" },
            repo: [{ status: { code: 99, message } }],
            backup: [],
          },
        ],
      }),
    },
  });

  it("talks to nobody", () => {
    const hosts = [REPOSITORY, PRIMARY, REVOKED];
    expect(hosts.map((host) => peersOf(host, hosts))).toEqual([["pg1-srv"], ["backup-srv"], []]);
  });

  it("is as it should be when it is denied the stanza; another host is not, and is told why", () => {
    expect(findings(answered(ANSWER), [REPOSITORY, PRIMARY, REVOKED])).toEqual([]);
    expect(findings(answered(ANSWER))).toEqual([`pg2-srv: stanza demo: ${ANSWER} (code 99)`]);
  });

  it("is a finding when it is let in, and when something else is wrong", () => {
    expect(findings({}, [REPOSITORY, PRIMARY, REVOKED])).toEqual([
      "pg2-srv: is revoked, but is not refused: stanza demo: ok",
    ]);
    expect(findings(answered("timeout"), [REPOSITORY, PRIMARY, REVOKED])).toEqual([
      "pg2-srv: is revoked, but is not refused: stanza demo: timeout",
    ]);
  });
});

describe("a standby's handshake with the repository host", () => {
  it("is what `info` says of its repository", () => {
    const refused = { code: 99, message: "[ServiceError] TLS error [1:167773206] tlsv1 alert unknown ca" };
    const info = [{ name: "demo", status: { code: 99, message: "other" }, repo: [{ status: refused }], backup: [] }];
    const report = judge("demo", HOSTS, facts({ "pg2-srv": { host: hostFacts({ info }) } }));
    expect(report.hosts[2]?.handshakes).toEqual({ "backup-srv": refused.message });
    expect(report.findings).toEqual([`pg2-srv: stanza demo: ${refused.message} (code 99)`]);
  });

  it("is unknown when `info` could not be read, and not tried by one that is revoked", () => {
    const silent = facts({ "pg2-srv": { host: undefined, failures: ["observe/status-host.sh: exit status 49: "] } });
    expect(judge("demo", HOSTS, silent).hosts[2]?.handshakes).toEqual({});
    expect(judge("demo", [REPOSITORY, PRIMARY, { ...STANDBY, revoked: true }], facts()).hosts[2]?.handshakes).toEqual(
      {},
    );
  });
});

describe("judge", () => {
  it("proves a lab in which all is well", () => {
    expect(judge("demo", HOSTS, facts())).toEqual({
      proven: true,
      findings: [],
      hosts: [
        {
          ...REPOSITORY,
          postgresql: null,
          pgbackrest: "2.45",
          units: { "pgbackrest.service": "active" },
          certificateEnd: "2027-02-21T18:00:00Z",
          streaming: null,
          handshakes: { "pg1-srv": "", "pg2-srv": "" },
        },
        {
          ...PRIMARY,
          postgresql: "15.18",
          pgbackrest: "2.45",
          units: { "pgbackrest.service": "active" },
          certificateEnd: "2027-02-21T18:00:00Z",
          streaming: null,
          handshakes: { "backup-srv": "" },
        },
        {
          ...STANDBY,
          postgresql: "15.18",
          pgbackrest: "2.45",
          units: { "pgbackrest.service": "active" },
          certificateEnd: "2027-02-21T18:00:00Z",
          streaming: true,
          handshakes: { "backup-srv": "" },
        },
      ],
      stanza: { name: "demo", status: "ok" },
      backups: [
        {
          label: BACKUP.label,
          type: "full",
          fromStandby: true,
          start: "2026-11-23T18:43:05Z",
          stop: "2026-11-23T18:43:09Z",
        },
      ],
    });
  });

  it("takes a certificate with lines of another length for the same", () => {
    const body = CERTIFICATE.replace(/(?<!-)\n(?!-)/g, "");
    expect(findings({ "pg1-srv": { host: hostFacts({ certificate: body }) } })).toEqual([]);
  });

  it("asks for no standby's backup where there are no standbys", () => {
    const changes = { "backup-srv": { repository: { [BACKUP.label]: false } } };
    expect(findings(changes, [REPOSITORY, PRIMARY])).toEqual([]);
    expect(findings(changes)).toEqual(["there is no backup from a standby"]);
  });

  it("does not take a backup that the list leaves out for a standby's", () => {
    const report = judge("demo", HOSTS, facts({ "backup-srv": { repository: {} } }));
    expect(report.backups[0]?.fromStandby).toBeNull();
    expect(report.findings).toEqual(["there is no backup from a standby"]);
  });

  it.each<[string, Record<string, Partial<Facts>>, string[]]>([
    [
      "a host that does not answer",
      {
        "pg2-srv": {
          failures: ["no SSH connection to 10.83.14.12: timed out"],
          host: undefined,
          postgresql: undefined,
        },
      },
      ["pg2-srv: no SSH connection to 10.83.14.12: timed out", "pg2-srv: does not stream from the primary"],
    ],
    [
      "a failed unit",
      { "pg1-srv": { host: hostFacts({ units: { "postgresql@15-main.service": "failed" } }) } },
      ["pg1-srv: unit postgresql@15-main.service is failed"],
    ],
    [
      "a refused handshake",
      {
        "backup-srv": {
          handshakes: {
            ...welcome("pg2-srv"),
            "pg1-srv": { problem: "tlsv1 alert unknown ca", certificate: CERTIFICATE },
          },
        },
      },
      ["backup-srv: no mutual TLS handshake with pg1-srv: tlsv1 alert unknown ca"],
    ],
    [
      "a server that missed a reload",
      {
        "backup-srv": {
          handshakes: { ...welcome("pg2-srv"), "pg1-srv": { problem: "", certificate: OTHER_CERTIFICATE } },
        },
      },
      [
        "pg1-srv: its TLS server shows a certificate that ends Jan  1 00:00:00 2027 GMT, not the installed one, " +
          `which ends ${END}; hint: systemctl reload pgbackrest`,
      ],
    ],
    [
      "a server that one of its peers does not reach",
      { "pg1-srv": { handshakes: { "backup-srv": { problem: "connection refused", certificate: "" } } } },
      ["pg1-srv: no mutual TLS handshake with backup-srv: connection refused"],
    ],
    [
      "a server that nobody reaches",
      {
        "backup-srv": {
          handshakes: { ...welcome("pg2-srv"), "pg1-srv": { problem: "connection refused", certificate: "" } },
        },
      },
      [
        "backup-srv: no mutual TLS handshake with pg1-srv: connection refused",
        "pg1-srv: its TLS server shows no certificate",
      ],
    ],
    [
      "a host without a certificate",
      { "pg1-srv": { host: hostFacts({ certificate: "" }) } },
      [
        "pg1-srv: has no certificate",
        `pg1-srv: its TLS server shows a certificate that ends ${END}, not the installed one, which ends ; ` +
          "hint: systemctl reload pgbackrest",
      ],
    ],
    [
      "a stanza that is not well, although info's exit status is 0",
      {
        "pg1-srv": {
          host: hostFacts({ info: [{ name: "demo", status: { code: 99, message: "other" }, backup: [] }] }),
        },
      },
      ["pg1-srv: stanza demo: other (code 99)"],
    ],
    [
      "another version of pgBackRest",
      { "pg1-srv": { host: hostFacts({ pgbackrest: "2.59.1" }) } },
      ["pgBackRest's version differs: backup-srv has 2.45, pg1-srv has 2.59.1, pg2-srv has 2.45"],
    ],
    [
      "a repository without a full backup",
      {
        "backup-srv": { host: hostFacts({ info: [{ name: "demo", status: { code: 0, message: "ok" }, backup: [] }] }) },
      },
      ["there is no full backup", "there is no backup from a standby"],
    ],
    [
      "a standby that only the standby itself takes for streaming",
      { "pg1-srv": { postgresql: postgresql({ replication: [] }) } },
      ["pg2-srv: does not stream from the primary"],
    ],
    [
      "a standby that still catches up",
      {
        "pg1-srv": {
          postgresql: postgresql({ replication: [{ name: "pg2-srv", address: STANDBY.address, state: "catchup" }] }),
        },
      },
      ["pg2-srv: does not stream from the primary"],
    ],
    [
      "a standby that was promoted",
      { "pg2-srv": { postgresql: postgresql({ replication: [] }) } },
      ["pg2-srv: is not in recovery, but should be a standby", "pg2-srv: does not stream from the primary"],
    ],
    [
      "WAL that is not archived",
      { "pg1-srv": { postgresql: postgresql({ archiver: { archived: 10, failed: 20 } }) } },
      ["pg1-srv: the last WAL segment was not archived (1970-01-01T00:00:20Z)"],
    ],
  ])("finds %s", (_what, changes, expected) => {
    const report = judge("demo", HOSTS, facts(changes));
    expect(report.findings).toEqual(expected);
    expect(report.proven).toBe(false);
  });
});

describe("certificateEnds", () => {
  it("tells when the certificate ends that a host showed to another, and its authority", () => {
    const shown = { problem: "", certificate: OTHER_CERTIFICATE };
    const ends = certificateEnds(facts({ "backup-srv": { handshakes: { ...welcome("pg2-srv"), "pg1-srv": shown } } }));
    expect(ends.get("pg1-srv")).toEqual({ served: OTHER_END, authority: OTHER_END });
    expect(ends.get("pg2-srv")).toEqual({ served: END, authority: OTHER_END });
  });

  it("leaves out a host that could not be asked", () => {
    expect([...certificateEnds(facts({ "pg2-srv": { host: undefined } })).keys()]).toEqual(["backup-srv", "pg1-srv"]);
  });
});
