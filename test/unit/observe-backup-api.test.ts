import { describe, expect, it } from "vitest";
import type { BackupApiFacts, HostFacts, ReadHost } from "../../observe/facts";
import { judgeLab } from "../../observe/observe";
import { CERTIFICATE, OTHER_CERTIFICATE } from "../support/certificates";
import { deployedLab, GOOD as HOSTS, told, UNIT } from "../support/observed-lab";

const EDB = { backupApiSource: "edb", backupApiTokenFile: "Pulumi.yaml", networkMode: "nat" };
const LAB = deployedLab({ backupApi: "true", ...EDB });
const GOOD: BackupApiFacts = {
  barman: "3.4.0",
  certificate: CERTIFICATE,
  served: CERTIFICATE,
  failedChecks: [],
  backups: ["20261123T221149"],
  problem: "",
  answerToStranger: "",
  clients: { admin: "2099-02-21T18:00:00Z" },
};

function report(changes: Partial<BackupApiFacts>, facts: HostFacts = {}) {
  const barman: HostFacts = { units: { "apache2.service": UNIT }, backupApi: { ...GOOD, ...changes }, ...facts };
  const read = Object.entries({ ...HOSTS, "barman-srv": barman }).map(([name, each]): [string, ReadHost] => [
    name,
    { facts: each, unread: {} },
  ]);
  return judgeLab(LAB, new Map(read));
}

describe("the backup API's host", () => {
  it.each<[Partial<BackupApiFacts>, string[]]>([
    [{}, []],
    [
      { failedChecks: ["WAL archive: FAILED"] },
      ["fail LAB-BARMAN-CHECK barman-srv: barman check: WAL archive: FAILED"],
    ],
    [{ backups: [] }, ["fail LAB-BARMAN-NO-BACKUP barman-srv: Barman has no backup"]],
    [
      { served: "" },
      [
        "fail LAB-API-CERT-NOT-SERVED barman-srv: the web server presents no certificate, not the installed certificate, which expires 2027-02-21T18:00:00Z",
      ],
    ],
    [
      { served: OTHER_CERTIFICATE },
      [
        "fail LAB-API-CERT-NOT-SERVED barman-srv: the web server presents one that expires 2027-01-01T00:00:00Z, not the installed certificate, which expires 2027-02-21T18:00:00Z",
      ],
    ],
    [
      { problem: "503 Service Unavailable" },
      ["fail LAB-API-SILENT barman-srv: the backup API does not answer: 503 Service Unavailable"],
    ],
    [
      { answerToStranger: "200 OK" },
      ["fail LAB-API-OPEN barman-srv: the backup API answers a client without a certificate: 200 OK"],
    ],
    [
      { clients: { admin: "2026-11-22T00:00:00Z" } },
      ["fail LAB-API-CLIENT-EXPIRED barman-srv: the certificate of API client admin expired 2026-11-22T00:00:00Z"],
    ],
  ])("is judged by %o", (changes, findings) => {
    const { unproven, proven } = report(changes);
    expect(told(unproven)).toEqual(findings);
    expect(proven).toBe(findings.length === 0);
  });

  it("is judged by the rules of every host: units, disk; what follows from a unit is not told", () => {
    const facts = {
      units: { "pg-backup-api.service": { ...UNIT, state: "failed" } },
      disks: { "/var/lib/barman": { device: "1", size: 100, free: 10 } },
    };
    expect(told(report({ problem: "503 Service Unavailable" }, facts).findings)).toEqual([
      "fail LAB-UNIT-DOWN barman-srv: pg-backup-api.service is failed",
      "warn LAB-DISK-LOW barman-srv: the file system of /var/lib/barman has 10 % free (0 MiB)",
    ]);
  });

  it("stands in the report with what a user wants to know", () => {
    expect(report({}).backupApi).toEqual({
      host: "barman-srv",
      address: "10.83.14.20",
      barman: "3.4.0",
      backup: "20261123T221149",
      certificateExpires: "2027-02-21T18:00:00Z",
      clients: GOOD.clients,
    });
  });
});
