import { readFileSync } from "node:fs";
import * as path from "node:path";
import { type LabPlan, primaryOf, repositoryOf, trustedStandbysOf } from "../plan/plan";
import { headOf, lab, type LabUnderBench, table } from "./lab-under-bench";

/** What is measured, in the table's order: its name in data-path.sh, in words, the unit, and the aim, as a ratio. */
const ROWS = [
  ["full", "full backup", "s", "≤ 0.4"],
  ["full-size", "its size in the repository", "MiB", "≤ 0.9"],
  ["incr", "incremental backup, 5 % of the rows changed", "s", "≤ 0.2"],
  ["incr-size", "its size in the repository", "MiB", "≤ 0.9"],
  ["restore", "restore to an empty folder", "s", "≤ 0.8"],
  ["restore-delta", "delta restore of the newest backup over it", "s", "≤ 0.8"],
  ["archive-rate", "WAL segments archived a second, when they have piled up", "/s", "≥ 3"],
  ["archive-wait", "longest time that a segment waited, while WAL is written", "s", ""],
] as const;

interface DataPathOptions extends LabUnderBench {
  /** Size of the data, in MiB. */
  readonly mebibytes: number;
  /** How often each measure is made with either options. */
  readonly runs: number;
  /** The options that the lab's defaults are measured against, for a version of pgBackRest. */
  readonly seedOptions: (pgbackrestVersion: string) => object;
}

/**
 * Times backups, restores and archiving of a stack, in one lab, with either options in turns.
 * @returns The figures as Markdown.
 * @throws Error when a command fails.
 */
export async function benchDataPath(options: DataPathOptions): Promise<string> {
  const { mebibytes, runs, seedOptions, onProgress } = options;
  const head = headOf(options);
  const up = (pgbackrest: object) =>
    lab(options, [
      "up",
      "--yes",
      "--config",
      "lab:standbys=1",
      "--config",
      `lab:pgbackrest=${JSON.stringify(pgbackrest)}`,
    ]);
  await up({});
  const { plan, configuration } = JSON.parse((await lab(options, ["outputs", "--json"])).stdout) as {
    plan: LabPlan;
    configuration: { pgbackrestVersion: string };
  };
  const measure = async (host: string, command: string): Promise<Figures> =>
    figuresOf((await lab(options, ["ssh", host, "--", measureLine(command)], `ssh ${host}: ${command}`)).stdout);
  const turns: { seed: Figures[]; lab: Figures[] } = { seed: [], lab: [] };
  for (let run = 1; run <= runs; run++) {
    for (const whose of ["seed", "lab"] as const) {
      onProgress(`run ${run} of ${runs}, ${whose === "seed" ? "the seed's options" : "the lab's defaults"}`);
      await up(whose === "seed" ? seedOptions(configuration.pgbackrestVersion) : {});
      let figures: Figures = {};
      for (const { host, command } of measuresOf(plan, mebibytes))
        figures = { ...figures, ...(await measure(host, command)) };
      turns[whose].push(figures);
    }
  }
  await lab(options, ["destroy", "--yes"]);
  return [
    head,
    `${mebibytes} MiB of pgbench's data, ${runs === 1 ? "one run" : `median of ${runs} runs`} with each.\n`,
    renderFigures(turns.seed, turns.lab),
  ].join("\n");
}

/** A turn's figures by name: seconds, bytes, or segments a second. */
export type Figures = Readonly<Record<string, number>>;

/** The "NAME VALUE" lines of a measure. */
export function figuresOf(stdout: string): Figures {
  return Object.fromEntries(
    [...stdout.matchAll(/^([a-z-]+) ([\d.e-]+)$/gm)].map(([, name = "", value]) => [name, Number(value)]),
  );
}

/** The measures of one turn, in their order: the host, and the command of data-path.sh. */
export function measuresOf(plan: LabPlan, mebibytes: number): readonly { host: string; command: string }[] {
  const { stanza, postgresql } = plan;
  const [repository, primary] = [repositoryOf(plan).name, primaryOf(plan).name];
  return [
    // Of the same size in each turn: updates leave old rows behind.
    { host: primary, command: `load ${mebibytes}` },
    { host: repository, command: `backup ${stanza} full` },
    { host: primary, command: "change" },
    { host: repository, command: `backup ${stanza} incr` },
    ...trustedStandbysOf(plan).map(({ name }) => ({ host: name, command: `restore ${stanza}` })),
    { host: primary, command: `archive ${postgresql.dataFolder}` },
  ];
}

/** The shell's line that runs a command of data-path.sh as root. */
export function measureLine(command: string): string {
  const script = `${readFileSync(path.join(__dirname, "data-path.sh"), "utf8")}\n${command}\n`;
  return `echo ${Buffer.from(script).toString("base64")} | base64 -d | sudo bash`;
}

/**
 * The table of the turns with either options, by their medians.
 * @throws Error when a measure is missing.
 */
export function renderFigures(seed: readonly Figures[], lab: readonly Figures[]): string {
  const median = (turns: readonly Figures[], name: string): number => {
    const values = turns.flatMap((turn) => turn[name] ?? []).sort((a, b) => a - b);
    const middle = values[Math.floor((values.length - 1) / 2)];
    if (middle === undefined || values.length < turns.length) throw new Error(`data-path.sh has not told "${name}"`);
    return middle;
  };
  const rows = ROWS.map(([name, words, unit, aim]) => {
    const [before, after] = [median(seed, name), median(lab, name)];
    const show = (value: number): string => (unit === "MiB" ? (value / 2 ** 20).toFixed(1) : value.toFixed(2));
    return [words, `${show(before)} ${unit}`, `${show(after)} ${unit}`, (after / before).toFixed(2), aim];
  });
  return table([["what", "the seed's options", "the lab's defaults", "ratio", "aim"], ...rows]);
}
