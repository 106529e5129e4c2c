import { describe, expect, it } from "vitest";
import { chainOf, perHost, stepsOf } from "../../bench/steps";
import { stackPlan } from "../support/stack-config";

const OUTPUT = `   59.1 s  pg1-srv     ready                           created in 50.2 s
   66.0 s  still running: pg2-srv ready (15 s), pg1-srv packages-install (6 s)
   67.9 s  pg1-srv     packages-install                created in 8.8 s
   70.0 s  backup-srv  stanza-create                   FAILED after 1.0 s
  101.0 s  pg2-srv     postgresql-restore              created in 28.2 s
  102.0 s  pg3-srv     postgresql-restore              created in 20.0 s
  104.0 s  pg3-srv     postgresql-create               replaced in 9.0 s
`;

describe("the bench's steps", () => {
  it("are what up says was done, with its time and its end", () => {
    expect(stepsOf(OUTPUT)).toEqual([
      { host: "pg1-srv", step: "ready", seconds: 50.2, end: 59.1 },
      { host: "pg1-srv", step: "packages-install", seconds: 8.8, end: 67.9 },
      { host: "pg2-srv", step: "postgresql-restore", seconds: 28.2, end: 101 },
      { host: "pg3-srv", step: "postgresql-restore", seconds: 20, end: 102 },
      { host: "pg3-srv", step: "postgresql-create", seconds: 9, end: 104 },
    ]);
  });

  it("make a chain, in which the slowest of the standbys counts", () => {
    const chain = Object.fromEntries(
      chainOf(stepsOf(OUTPUT), stackPlan("container")).map(({ title, seconds }) => [title, seconds]),
    );
    expect(chain).toMatchObject({ boot: 50.2, configure: 8.8, stanza: 0, restore: 29 });
  });

  it("add up per host", () => {
    expect(perHost(stepsOf(OUTPUT)).get("pg3-srv")).toBe(29);
  });
});
