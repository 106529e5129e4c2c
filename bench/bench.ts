import { mkdtempSync, rmSync } from "node:fs";
import * as path from "node:path";
import { buildGuestImage, type GuestImage, IMAGE_FOLDER } from "../hypervisor/guest-image";
import { headOf, lab, type LabUnderBench, table } from "./lab-under-bench";
import type { LabPlan } from "../plan/plan";
import { chainOf, perHost, stepsOf, type TimedStep } from "./steps";
import type { TimedRun } from "./timed-run";

interface BenchOptions extends LabUnderBench {
  /** Its image's recipe; undefined for an image that the lab does not build, which is not timed. */
  readonly image: GuestImage | undefined;
  /** How often the lab is brought up and destroyed. */
  readonly runs: number;
  /** Numbers of standbys whose first `up` is also timed. */
  readonly standbys: readonly number[];
}

/** The life of one lab, timed. */
interface Life {
  readonly first: TimedRun;
  readonly second: TimedRun;
  readonly destroy: TimedRun;
  /** The steps of the first `up`. */
  readonly steps: readonly TimedStep[];
  /** Their longest serial chain. */
  readonly chain: ReturnType<typeof chainOf>;
}

/**
 * Times a stack.
 * @returns The figures as Markdown.
 * @throws Error when a command fails.
 */
export async function bench(options: BenchOptions): Promise<string> {
  const { projectFolder, runs, image, standbys, onProgress } = options;
  const head = headOf(options);
  const imageSeconds = image === undefined ? undefined : await timeImage(options, image);
  // The image must exist before `up` is timed.
  if (image !== undefined) await buildGuestImage({ ...image, imageFolder: path.join(projectFolder, IMAGE_FOLDER) });
  // And the saved guest, where hosts resume from one.
  const prepared = image === undefined ? undefined : (await lab(options, ["prepare"])).seconds;
  if (image !== undefined) await lab(options, ["destroy", "--yes"]);
  const lives: Life[] = [];
  for (let run = 1; run <= runs; run++) {
    onProgress(`run ${run} of ${runs}`);
    lives.push(await live(options, []));
  }
  const growth: [number, number][] = [];
  for (const count of standbys) {
    onProgress(`${count} standbys`);
    growth.push([count, (await live(options, ["--config", `lab:standbys=${count}`])).first.seconds]);
  }
  return [head, renderLives(lives, imageSeconds, prepared), renderSteps(lives), renderGrowth(growth)]
    .filter(Boolean)
    .join("\n");
}

async function live(options: BenchOptions, words: readonly string[]): Promise<Life> {
  const first = await lab(options, ["up", "--yes", ...words]);
  const second = await lab(options, ["up", "--yes", ...words]);
  if (!second.stdout.includes("nothing to change\n")) throw new Error("the second up changed something");
  const { plan } = JSON.parse((await lab(options, ["outputs", "--json"])).stdout) as { plan: LabPlan };
  const steps = stepsOf(first.stdout);
  return { first, second, destroy: await lab(options, ["destroy", "--yes"]), steps, chain: chainOf(steps, plan) };
}

async function timeImage({ projectFolder, onProgress }: BenchOptions, image: GuestImage): Promise<number> {
  const imageFolder = mkdtempSync(path.join(projectFolder, ".lab", "bench-"));
  try {
    onProgress("building the image");
    const start = performance.now();
    await buildGuestImage({ ...image, imageFolder });
    return (performance.now() - start) / 1000;
  } finally {
    rmSync(imageFolder, { recursive: true });
  }
}

const seconds = (value: number): string => `${value.toFixed(1)} s`;

const mebibytes = (value: number): string => `${value.toFixed(0)} MiB`;

/** The median, the lower one of an even number; with more than one value, the minimum and the maximum too. */
function median(values: readonly number[], show = seconds): string {
  const sorted = [...values].sort((a, b) => a - b);
  const [least = 0, most = least] = [sorted[0], sorted.at(-1)];
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return sorted.length === 1 ? show(middle) : `${show(middle)} (${show(least)} to ${show(most)})`;
}

const chainSeconds = ({ chain }: Life): number => chain.reduce((sum, part) => sum + part.seconds, 0);

const wallSeconds = ({ steps }: Life): number => Math.max(...steps.map(({ end }) => end));

function renderLives(lives: readonly Life[], imageSeconds: number | undefined, prepared: number | undefined): string {
  return table([
    ["what", lives.length === 1 ? "one run" : `${lives.length} runs: median (minimum to maximum)`],
    ...(imageSeconds === undefined ? [] : [["image build", seconds(imageSeconds)]]),
    ...(prepared === undefined ? [] : [["`./lab prepare`, image built", seconds(prepared)]]),
    ["`up` from nothing, prepared once before", median(lives.map(({ first }) => first.seconds))],
    ["of which the engine", median(lives.map(wallSeconds))],
    ["longest serial chain", median(lives.map(chainSeconds))],
    [
      "engine ÷ chain",
      median(
        lives.map((life) => wallSeconds(life) / chainSeconds(life)),
        (value) => value.toFixed(2),
      ),
    ],
    ["second `up`, nothing to change", median(lives.map(({ second }) => second.seconds))],
    [
      "second ÷ first",
      median(
        lives.map(({ first, second }) => (100 * second.seconds) / first.seconds),
        (value) => `${value.toFixed(0)} %`,
      ),
    ],
    ["`destroy`", median(lives.map(({ destroy }) => destroy.seconds))],
    [
      "peak memory: the engine and the program",
      median(
        lives.map(({ first }) => first.peakBelowMiB),
        mebibytes,
      ),
    ],
    [
      "peak memory, with the `./lab` that waits for them",
      median(
        lives.map(({ first }) => first.peakMiB),
        mebibytes,
      ),
    ],
  ]);
}

function renderSteps(lives: readonly Life[]): string {
  const { steps, chain } = lives.at(-1) ?? { steps: [], chain: [] };
  const slowest = [...steps].sort((a, b) => b.seconds - a.seconds).slice(0, 12);
  const list = (rows: readonly { readonly title: string; readonly seconds: number }[]): string[][] =>
    rows.map((row) => [row.title, seconds(row.seconds)]);
  return [
    "The chain of the last run:\n",
    table([["part", "time"], ...list(chain)]),
    "Working time per host, and the slowest steps:\n",
    table([
      ["host, step", "time"],
      ...list([...perHost(steps)].map(([host, sum]) => ({ title: host, seconds: sum }))),
      ...list(slowest.map(({ host, step, seconds: each }) => ({ title: `${host} ${step}`, seconds: each }))),
    ]),
  ].join("\n");
}

function renderGrowth(growth: readonly (readonly [number, number])[]): string {
  if (growth.length === 0) return "";
  return table([
    ["standbys", "`up` from nothing", "against the previous row"],
    ...growth.map(([count, each], index) => {
      const before = growth[index - 1]?.[1];
      return [String(count), seconds(each), before === undefined ? "" : `+${(100 * (each / before - 1)).toFixed(0)} %`];
    }),
  ]);
}
