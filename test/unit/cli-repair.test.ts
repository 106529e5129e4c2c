import { expect, it } from "vitest";
import { repairOf } from "../../cli/repair";
import type { Finding } from "../../observe/findings";

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
    fullBackup: true,
  });
});

it("what only a person can put right is no repair", () => {
  expect(repairOf([finding("LAB-SLOT-UNUSED"), finding("LAB-DISK-FULL")])).toBeUndefined();
});
