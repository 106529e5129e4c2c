import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { figuresOf, measureLine, measuresOf, renderFigures } from "../../bench/data-path";
import { stackPlan } from "../support/stack-config";

const TURN = `full 19.29
full-size 43912078
incr 2
incr-size 3992866
restore 4
restore-delta 1.5
archive-wait 0
archive-rate 1.5e0
`;

it("reads the figures of a measure, and nothing else that it says", () => {
  expect(figuresOf(`WARN: a word\n${TURN}`)).toEqual({
    ...{ full: 19.29, "full-size": 43912078, incr: 2, "incr-size": 3992866 },
    ...{ restore: 4, "restore-delta": 1.5, "archive-wait": 0, "archive-rate": 1.5 },
  });
});

it("measures on the hosts that do the work", () => {
  const measures = measuresOf(stackPlan("container", { standbys: 1 }), 600);
  expect(measures.map(({ host, command }) => `${host}: ${command}`)).toEqual([
    "pg1-srv: load 600",
    "backup-srv: backup demo full",
    "pg1-srv: change",
    "backup-srv: backup demo incr",
    "pg2-srv: restore demo",
    "pg1-srv: archive /var/lib/postgresql/17/main",
  ]);
});

it("sends the measures and a command as one line, which the host's shell reads as root", () => {
  const line = measureLine("timed nothing true; echo $#").replace("| sudo bash", "| bash");
  const { stdout, status } = spawnSync("bash", ["-c", line], { encoding: "utf8" });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^nothing \d\.\d+(e-\d+)?\n0\n$/);
});

it("shows medians and their ratio", () => {
  const figures = figuresOf(TURN);
  const table = renderFigures([figures, { ...figures, full: 40 }, { ...figures, full: 20 }], [{ ...figures, full: 5 }]);
  expect(table).toContain("| full backup | 20.00 s | 5.00 s | 0.25 | ≤ 0.4 |\n");
  expect(table).toContain("| its size in the repository | 41.9 MiB | 41.9 MiB | 1.00 | ≤ 0.9 |\n");
});

it("does not show a measure that a turn has not made", () => {
  expect(() => renderFigures([figuresOf(TURN)], [{ full: 1 }])).toThrow('data-path.sh has not told "full-size"');
});
