import { expect, it } from "vitest";
import { FAULTS } from "../faults/all";
import { type Fault, isTold, rounds } from "../faults/fault";

it("the catalogue's faults have names of their own, and something that must be told", () => {
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  expect(FAULTS.filter(({ told }) => told.length === 0)).toEqual([]);
});

it("every fault is tried once: with others on hosts of their own, or alone where other hosts feel it", () => {
  const fault = (name: string, host: string, alone?: true): Fault => ({
    ...{ name, host, inject: "true", told: ["told"], healedBy: "up" },
    ...(alone ? { alone } : {}),
  });
  const some = [fault("a", "pg2"), fault("b", "pg2"), fault("c", "pg1", true), fault("d", "pg3"), fault("e", "pg1")];
  expect(rounds(some).map((round) => round.map(({ name }) => name).join(""))).toEqual(["ade", "b", "c"]);
});

it("a finding is what a fault must cause word for word, or by its pattern", () => {
  const wanted = ["fail A pg2: it is down", /^fail B pg2: \d+ MiB$/];
  const findings = ["fail A pg2: it is down", "fail B pg2: 3 MiB", "fail A pg2: it is down too", "fail B pg2: x MiB"];
  expect(findings.map((finding) => wanted.some((one) => isTold(one, finding)))).toEqual([true, true, false, false]);
});
