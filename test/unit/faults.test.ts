import { expect, it } from "vitest";
import { FAULTS } from "../faults/all";
import { BACKUP_API_FAULTS } from "../faults/backup-api";
import { type Fault, isTold, rounds } from "../faults/fault";

it("the catalogue's faults have names of their own, and something that must be told where they do not heal by themselves", () => {
  const all = [...FAULTS, ...BACKUP_API_FAULTS];
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(all.filter(({ told, healedBy }) => (told.length === 0) !== (healedBy === "itself"))).toEqual([]);
});

it("every fault is tried once: with others on hosts of their own or of another part, with its like, or alone but for local ones", () => {
  const fault = (name: string, host: string, how: Partial<Fault> = {}): Fault => ({
    ...{ name, host, inject: "true", told: ["told"], healedBy: "up" },
    ...how,
  });
  const some = [
    ...[fault("a", "pg2"), fault("b", "pg2"), fault("c", "pg1", { alone: true }), fault("d", "pg3"), fault("e", "pg1")],
    ...[fault("f", "pg1", { alone: "off" }), fault("g", "pg2", { alone: "off" }), fault("h", "pg2", { alone: true })],
    ...[fault("i", "pg2", { part: "postgresql" }), fault("j", "pg2", { part: "pgbackrest" })],
    ...[fault("k", "pg2", { part: "postgresql", local: true }), fault("l", "pg3", { local: true })],
  ];
  expect(rounds(some).map((round) => round.map(({ name }) => name).join(""))).toEqual([
    ...["ade", "bl", "ck", "fg", "h", "ij"],
  ]);
});

it("a finding is what a fault must cause word for word, or by its pattern", () => {
  const wanted = ["fail A pg2: it is down", /^fail B pg2: \d+ MiB$/];
  const findings = ["fail A pg2: it is down", "fail B pg2: 3 MiB", "fail A pg2: it is down too", "fail B pg2: x MiB"];
  expect(findings.map((finding) => wanted.some((one) => isTold(one, finding)))).toEqual([true, true, false, false]);
});
