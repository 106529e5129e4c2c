import { describe, expect, it } from "vitest";
import type { BackupApiFacts, HostFacts, ReadHost } from "../../observe/facts";
import { UNMANAGED } from "../../observe/lab";
import { judgeLab } from "../../observe/observe";
import { CERTIFICATE, OTHER_CERTIFICATE } from "../support/certificates";
import { deployedLab, GOOD as HOSTS, PRIMARY, told, UNIT } from "../support/observed-lab";

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

const SLOT = { name: "barman_srv", active: true, status: "reserved", keeps: 0 };

function report(changes: Partial<BackupApiFacts>, facts: HostFacts = {}, slots = [SLOT]) {
  const barman: HostFacts = { units: { "apache2.service": UNIT }, backupApi: { ...GOOD, ...changes }, ...facts };
  const primary: HostFacts = { ...HOSTS["pg1-srv"], postgresql: { ...PRIMARY, slots } };
  const read = Object.entries({ ...HOSTS, "pg1-srv": primary, "barman-srv": barman }).map(
    ([name, each]): [string, ReadHost] => [name, { facts: each, unread: {} }],
  );
  return judgeLab(LAB, new Map(read));
}

describe("the backup API's host", () => {
  it.each<[Partial<BackupApiFacts>, string[]]>([
    [{}, []],
    [
      { failedChecks: ["WAL archive: FAILED", "receive-wal running: FAILED"] },
      ["fail LAB-BARMAN-CHECK barman-srv: barman check: WAL archive: FAILED; receive-wal running: FAILED"],
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

  it("names a replication slot that Barman misses, or that lost its WAL; one that it does not read is no slot to drop", () => {
    const failedChecks = ["replication slot: FAILED"];
    const causes = (slots: (typeof SLOT)[], checks: readonly string[] = failedChecks): string[] =>
      told(report({ failedChecks: checks }, {}, slots).findings);
    expect(causes([])).toEqual([
      "fail LAB-BARMAN-SLOT-MISSING barman-srv: replication slot barman_srv on pg1-srv, from which Barman streams, is missing",
    ]);
    expect(causes([{ ...SLOT, active: false, status: "lost" }])).toEqual([
      "fail LAB-BARMAN-SLOT-LOST barman-srv: replication slot barman_srv on pg1-srv is lost: Barman was away for more WAL than max_slot_wal_keep_size",
    ]);
    expect(causes([{ ...SLOT, active: true, status: "lost" }], [])).toEqual(causes([{ ...SLOT, status: "lost" }]));
    const apache = { units: { "apache2.service": { ...UNIT, state: "failed" } } };
    expect(told(report({ failedChecks }, apache, []).findings).map((each) => each.split(":")[0])).toEqual([
      "fail LAB-UNIT-DOWN barman-srv",
      "fail LAB-BARMAN-SLOT-MISSING barman-srv",
    ]);
    expect(causes([{ ...SLOT, active: false }])).toEqual([
      "fail LAB-BARMAN-CHECK barman-srv: barman check: replication slot: FAILED",
    ]);
  });

  it("tells a failing check beside a unit that is down and has nothing to do with it", () => {
    const down = (unit: string): HostFacts => ({ units: { [unit]: { ...UNIT, state: "inactive" } } });
    const failedChecks = ["receive-wal running: FAILED (See the Barman log file for more details)"];
    const check = `fail LAB-BARMAN-CHECK barman-srv: barman check: ${failedChecks.join()}`;
    const causes = (unit: string): string[] => told(report({ failedChecks }, down(unit)).findings);
    expect(causes("apache2.service")).toEqual(["fail LAB-UNIT-DOWN barman-srv: apache2.service is inactive", check]);
    expect(causes("cron.service")).toEqual(["fail LAB-UNIT-DOWN barman-srv: cron.service is inactive"]);
  });

  it("tells the checks that need no primary beside a primary that is down", () => {
    const failedChecks = [
      "PostgreSQL: FAILED",
      "failed backups: FAILED (there are 1 failed backups)",
      "directories: FAILED",
    ];
    const primary = {
      ...HOSTS["pg1-srv"],
      units: { "postgresql@17-main.service": { ...UNIT, state: "inactive" } },
      postgresql: null,
    };
    const barman = { units: {}, backupApi: { ...GOOD, failedChecks } };
    const read = Object.entries({ ...HOSTS, "pg1-srv": primary, "barman-srv": barman }).map(
      ([name, facts]): [string, ReadHost] => [name, { facts, unread: {} }],
    );
    expect(told(judgeLab(LAB, new Map(read)).findings)).toEqual([
      "fail LAB-POSTGRESQL-DOWN pg1-srv: postgresql@17-main.service is inactive",
      "fail LAB-BARMAN-OWN-CHECK barman-srv: barman check: failed backups: FAILED (there are 1 failed backups); directories: FAILED",
    ]);
  });

  it("is judged by the rules of every host: units, disk; what follows from a unit is not told", () => {
    const facts = {
      units: { "pg-backup-api.service": { ...UNIT, state: "failed" } },
      disks: { "/var/lib/barman": { device: "1", size: 100, free: 10 } },
    };
    const { findings } = report({ problem: "503 Service Unavailable" }, facts);
    expect(told(findings)).toEqual([
      "fail LAB-UNIT-DOWN barman-srv: pg-backup-api.service is failed",
      "warn LAB-DISK-LOW barman-srv: the file system of /var/lib/barman has 10 % free (0 MiB)",
    ]);
  });

  it("has its web server read a certificate or a virtual host that is installed by the step that starts it", () => {
    const lab = {
      ...LAB,
      managed: { "barman-srv": { ...UNMANAGED, units: [{ name: "apache2.service", steps: ["start"] }] } },
    };
    const backupApi = { ...GOOD, served: "", answerToStranger: "200 OK" };
    const read = { facts: { units: { "apache2.service": UNIT }, backupApi }, unread: {} };
    expect(judgeLab(lab, new Map([["barman-srv", read]])).drift).toMatchObject([
      { code: "LAB-API-CERT-NOT-SERVED", steps: ["start"] },
      { code: "LAB-API-OPEN", steps: ["start"] },
    ]);
  });

  it("is not read where Barman waits for a primary that is unreachable: one cause", () => {
    const lost: ReadHost = { facts: {}, unread: {}, unreachable: "no route" };
    const waits: ReadHost = { facts: {}, unread: { backupApi: "no answer in time" } };
    const read = Object.entries(HOSTS).map(([name, facts]): [string, ReadHost] => [name, { facts, unread: {} }]);
    const { findings } = judgeLab(LAB, new Map([...read, ["pg1-srv", lost], ["barman-srv", waits]]));
    expect(told(findings)).toEqual(["fail LAB-HOST-UNREACHABLE pg1-srv: no SSH connection to 10.83.14.11: no route"]);
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
