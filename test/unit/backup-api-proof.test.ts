import { describe, expect, it } from "vitest";
import type { BackupApiFacts } from "../../observe/backup-api";
import { backupApiFindings } from "../../observe/backup-api";
import { judge } from "../../observe/proofs";

const END = "Feb 21 18:00:00 2027 GMT";
const NOW = Date.parse("2026-11-23T12:00:00Z");
const GOOD: BackupApiFacts = {
  barman: "3.4.0",
  units: { "apache2.service": "active", "pg-backup-api.service": "active" },
  certificateEnd: END,
  servedCertificateEnd: END,
  failedChecks: [],
  backups: ["20261123T221149"],
  problem: "",
  answerToStranger: "",
  clients: { admin: "2027-02-21T18:00:00Z" },
};

describe("the backup API's findings", () => {
  it.each<[Partial<BackupApiFacts>, string[]]>([
    [{}, []],
    [{ units: { "apache2.service": "failed" } }, ["unit apache2.service is failed"]],
    [{ failedChecks: ["WAL archive: FAILED"] }, ["barman check: WAL archive: FAILED"]],
    [{ backups: [] }, ["Barman has no backup"]],
    [
      { servedCertificateEnd: "" },
      [`its web server shows no certificate, not the installed one, which ends ${END}; hint: reload it`],
    ],
    [
      { servedCertificateEnd: "Jan 1 00:00:00 2027 GMT" },
      [
        `its web server shows a certificate that ends Jan 1 00:00:00 2027 GMT, not the installed one, which ends ${END}; hint: reload it`,
      ],
    ],
    [{ problem: "503 Service Unavailable" }, ["the backup API does not answer: 503 Service Unavailable"]],
    [{ answerToStranger: "200 OK" }, ["the backup API answers a client without a certificate: 200 OK"]],
    [
      { clients: { admin: "2026-11-22T00:00:00Z" } },
      ["the certificate of API client admin ended 2026-11-22T00:00:00Z; hint: ./lab up"],
    ],
  ])("of %o", (changes, findings) => {
    expect(backupApiFindings({ ...GOOD, ...changes }, NOW)).toEqual(findings);
  });

  it("stand in the report under the API's host, with what a user wants to know", () => {
    const host = { name: "barman-srv", role: "barman", address: "10.83.14.20" } as const;
    const facts = { failures: [], backupApi: { ...GOOD, failedChecks: ["PostgreSQL: FAILED"] } };
    expect(judge("demo", [host], new Map([[host.name, facts]]))).toMatchObject({
      proven: false,
      findings: ["barman-srv: barman check: PostgreSQL: FAILED"],
      backupApi: {
        host: "barman-srv",
        address: "10.83.14.20",
        barman: "3.4.0",
        backup: "20261123T221149",
        certificateEnd: "2027-02-21T18:00:00Z",
        clients: GOOD.clients,
      },
    });
  });
});
