import { expect, it } from "vitest";
import { repairOf, replaceable } from "../../cli/repair";
import type { Finding } from "../../observe/findings";
import { UNMANAGED } from "../../observe/lab";
import type { Report } from "../../observe/report";

function finding(code: string, more: Partial<Finding> = {}): Finding {
  return { code, level: "fail", area: "units", host: "pg2-srv", subject: "s", cause: "c", remedy: "r", ...more };
}

it("a repair runs each step once, and takes one backup, whatever the number of findings", () => {
  const down = finding("LAB-PGBACKREST-DOWN", { steps: ["pg2-srv-pgbackrest-start"] });
  const edited = finding("LAB-FILE-CONTENT", { steps: ["pg2-srv-pgbackrest-start", "pg2-srv-postgresql-start"] });
  const missing = finding("LAB-STANZA-MISSING", { steps: ["backup-srv-stanza-create"], fullBackup: true });
  const none = finding("LAB-BACKUP-NONE", { fullBackup: true });
  expect(repairOf([down, finding("LAB-SLOT-UNUSED"), edited, missing, none])).toEqual({
    findings: [down, edited, missing, none],
    steps: ["pg2-srv-pgbackrest-start", "pg2-srv-postgresql-start", "backup-srv-stanza-create"],
    fullBackups: [1],
    replaced: [],
  });
});

it("a repair takes a backup in each repository that needs one", () => {
  const inRepository = (number: number): Finding =>
    finding("LAB-BACKUP-NONE", { fullBackup: true, inRepository: number });
  expect(repairOf([3, 2, 3].map(inRepository))?.fullBackups).toEqual([2, 3]);
});

it("a standby that may be replaced, and does not stream, is restored, whatever keeps it from that", () => {
  const two = finding("LAB-PG-TWO-PRIMARIES");
  const lab = {
    managed: { "pg2-srv": { ...UNMANAGED, standbyOf: { name: "pg1-srv", steps: ["rejoin", "restore"] } } },
  };
  expect(repairOf([two], lab, ["pg2-srv"])).toEqual({
    ...{ findings: [two], steps: ["rejoin", "restore"], fullBackups: [], replaced: ["pg2-srv"] },
  });
  const hosts = [
    { name: "pg1-srv", streaming: null },
    { name: "pg2-srv", streaming: false },
    { name: "pg3-srv", streaming: true },
  ];
  expect(replaceable({ hosts } as unknown as Report, ["pg1-srv", "pg2-srv", "pg3-srv"])).toEqual(["pg2-srv"]);
  expect(replaceable({ hosts } as unknown as Report, [])).toEqual([]);
});

it("what only a person can put right is no repair", () => {
  expect(repairOf([finding("LAB-SLOT-UNUSED"), finding("LAB-DISK-FULL")])).toBeUndefined();
});
