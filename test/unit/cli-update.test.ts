import { expect, it } from "vitest";
import { renderUpdates } from "../../cli/show/updates";
import { isDue, parseUpdates, updateOrder } from "../../observe/updates";
import { partnerOf } from "../../plan/plan";
import { stackPlan } from "../support/stack-config";

const UPDATES = [
  ...parseUpdates("backup-srv", "held pgbackrest 2.55.1-1 2.60.0-2\nother tzdata 2026a 2026b\nother tar 1 2"),
  ...parseUpdates("pg1-srv", "postgresql postgresql-17 17.6-0 17.7-0\nsecurity openssl 3.5.1-1 3.5.1-2"),
  ...parseUpdates("pg3-srv", "postgresql postgresql-17 17.6-0 17.7-0"),
];

it("reads what a host tells", () => {
  expect(UPDATES[0]).toEqual({
    ...{ host: "backup-srv", kind: "held", package: "pgbackrest", installed: "2.55.1-1", available: "2.60.0-2" },
  });
  expect(parseUpdates("pg2-srv", "")).toEqual([]);
});

it("is due where PostgreSQL or security waits, and not for what is held or what else there is", () => {
  expect(UPDATES.filter(isDue).map(({ package: name }) => name)).toEqual(["postgresql-17", "openssl", "postgresql-17"]);
});

it("updates the standbys before the primary, and no host that has nothing to update", () => {
  expect(updateOrder(stackPlan("container"), UPDATES).map(({ name }) => name)).toEqual(["pg3-srv", "pg1-srv"]);
});

it("verifies a standby by its primary, and the others by pgBackRest's server", () => {
  const plan = stackPlan("container");
  expect(plan.hosts.map((host) => partnerOf(plan, host).join(":"))).toEqual([
    ...["10.83.14.11:8432", "10.83.14.10:8432", "10.83.14.11:5432", "10.83.14.11:5432"],
  ]);
});

it("shows what waits on each host, and counts what is not urgent", () => {
  const text = renderUpdates(UPDATES);
  expect(text).toMatch(/^│ backup-srv │ pgbackrest +│ 2.55.1-1 +│ 2.60.0-2 +│ held: left alone +│$/m);
  expect(text).toMatch(/^│ pg1-srv +│ postgresql-17 │ 17.6-0 +│ 17.7-0 +│ PostgreSQL: .\/lab update │$/m);
  expect(text).toMatch(/^│ pg1-srv +│ openssl +│ 3.5.1-1 +│ 3.5.1-2 +│ security +│$/m);
  expect(text).not.toContain("tzdata");
  expect(text).toMatch(/^backup-srv: other packages that wait: 2; hint: --json lists them$/m);
  expect(renderUpdates([])).toBe("no update waits\n");
});
