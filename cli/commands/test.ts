import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { installPackages, requiredPackages } from "../../hypervisor/requirements";
import { handOver } from "../stack/hand-over";
import { type Invocation, PROJECT_FOLDER } from "../invocation";
import { engine } from "./engine";
import { testDepth } from "../test-depth";
import { testEngines } from "../test-engines";
import { leftToOthers } from "../test-turns";

const CHECKS = ["format", "lint", "types", "shell"];

const SCENARIO_FOLDER = path.join("test", "scenarios");

/** Packages of the checks, the unit tests and the scenarios, beside the hypervisor's own. */
const TEST_PACKAGES = [
  ...["git", "shellcheck", "shfmt", "openssl", "pgbackrest", "curl"],
  // For the scenarios' package repositories.
  ...["rpm", "createrepo-c", "apt-utils", "gpg", "gpg-agent"],
  // For Go, where Pulumi's engine is built without one on the machine.
  "python3-pip",
  // For the partitions of a scenario's image.
  "fdisk",
  // For a command of docs/pulumi.md.
  "jq",
];

/** How many tests passed, failed, or were skipped. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The part of vitest's JSON report that is counted. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** One a file, with its path. */
  readonly testResults: readonly {
    readonly name: string;
    readonly status: "passed" | "failed";
    /** Of its first test, and of its last one's end: milliseconds since 1970. */
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** A run of vitest; without a report when it did not come that far. */
interface VitestRun {
  readonly counts: Counts;
  readonly report: VitestReport | undefined;
}

/** Runs every test, or one scenario; the last line is the sum. */
export async function test(
  invocation: Invocation,
  words: readonly string[],
  { scenario }: { scenario?: string },
): Promise<number> {
  const { signal } = invocation;
  const { needsPulumi, onPulumi } = testEngines(scenario);
  // An unknown one is refused before anything is installed.
  const asked = scenario === undefined ? undefined : scenarioFile(scenario);
  await installPackages([...requiredPackages({ vm: testDepth() !== "quick" }), ...TEST_PACKAGES], (line) => {
    if (line.startsWith("installing ")) process.stdout.write(`${line}\n`);
  });
  const left = asked === undefined ? leftToOthers() : [];
  if (left.length > 0) process.stdout.write(`left to the other turn: scenarios ${left.join(", ")}\n`);
  const turn = left.length > 0 ? scenarioNames().filter((name) => !left.includes(name)) : [];
  const filters = asked === undefined ? turn.map(scenarioFile) : [asked];
  const counts: Counts[] = [];
  if (needsPulumi) counts.push(await runBuild(invocation));
  else if (scenario === undefined) process.stdout.write("Pulumi's own engine is left out: LAB_ENGINE is embedded\n");
  if (scenario === undefined) {
    signal.throwIfAborted();
    // Each keeps one processor busy.
    counts.push(...(await Promise.all(CHECKS.map(runCheck))));
    signal.throwIfAborted();
    counts.push((await runVitest("unit", [...words])).counts);
  }
  signal.throwIfAborted();
  const scenarios = await runVitest("scenarios*", [...filters, ...words]);
  counts.push(scenarios.counts);
  process.stdout.write(renderScenarios(onPulumi, scenarios.report).join(""));
  const total = sum(counts);
  process.stdout.write(`${render(total)}\n`);
  return total.failed === 0 ? 0 : 1;
}

function render({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Adds up. */
export function sum(counts: readonly Counts[]): Counts {
  const total = (kind: keyof Counts): number => counts.reduce((all, each) => all + each[kind], 0);
  return { passed: total("passed"), failed: total("failed"), skipped: total("skipped") };
}

/** Counts a run of vitest. A failed run without a failed test (a file that does not load, no file at all) counts as one failure. */
export function countsOf(status: number, report: Omit<VitestReport, "testResults"> | undefined): Counts {
  const failed = report?.numFailedTests ?? 0;
  return {
    passed: report?.numPassedTests ?? 0,
    failed: status !== 0 && failed === 0 ? 1 : failed,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  };
}

/**
 * A line for each scenario that ran: how it ended, on which engine, and how long its tests took.
 * @param onPulumi Those that run on Pulumi's own engine.
 */
export function renderScenarios(
  onPulumi: readonly string[] | "all",
  { testResults }: Pick<VitestReport, "testResults"> = { testResults: [] },
): string[] {
  return testResults.map(({ name: file, status, startTime, endTime, assertionResults: tests }) => {
    const name = path.basename(file, ".test.ts");
    const count = (...wanted: string[]): number => tests.filter((test) => wanted.includes(test.status)).length;
    const failed = count("failed");
    const [numPassedTests, numPendingTests] = [count("passed"), count("pending", "skipped")];
    const report = { numPassedTests, numFailedTests: failed, numPendingTests, numTodoTests: count("todo") };
    const engine = onPulumi === "all" || onPulumi.includes(name) ? ", on Pulumi's own engine" : "";
    const minutes = ((endTime - startTime) / 60_000).toFixed(1);
    return `${name}: ${render(countsOf(status === "failed" ? 1 : 0, report))} in ${minutes} min${engine}\n`;
  });
}

function scenarioNames(): string[] {
  return fs
    .readdirSync(path.join(PROJECT_FOLDER, SCENARIO_FOLDER))
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => file.slice(0, -".test.ts".length));
}

function scenarioFile(name: string): string {
  const names = scenarioNames();
  if (!names.includes(name)) throw new Error(`unknown scenario "${name}"; the scenarios are ${names.join(", ")}`);
  return path.join(SCENARIO_FOLDER, `${name}.test.ts`);
}

/** Builds Pulumi's engine. Where that fails, its scenarios fail too: what is promised for it would be untested. */
async function runBuild(invocation: Invocation): Promise<Counts> {
  try {
    await engine(invocation);
    return { passed: 1, failed: 0, skipped: 0 };
  } catch (error) {
    invocation.signal.throwIfAborted();
    process.stdout.write(
      `engine  FAILED: ${(error as Error).message}\nhint: LAB_ENGINE=embedded ./lab test leaves Pulumi's own engine out\n`,
    );
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

async function runCheck(name: string): Promise<Counts> {
  const start = performance.now();
  const child = spawn("npm", ["run", "--silent", name], { stdio: ["ignore", "pipe", "pipe"], cwd: PROJECT_FOLDER });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => output.push(data));
  const [status] = (await once(child, "close")) as [number | null];
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`${name.padEnd(7)} ${status === 0 ? "passed" : "FAILED"} in ${seconds} s\n`);
  if (status !== 0) process.stdout.write(Buffer.concat(output));
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

async function runVitest(project: string, words: readonly string[]): Promise<VitestRun> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-test-"));
  const file = path.join(folder, "report.json");
  try {
    const vitest = path.join(PROJECT_FOLDER, "node_modules", "vitest", "vitest.mjs");
    // A scenario's tests take minutes: each is reported when it ends.
    const reporter = project.startsWith("scenarios") ? "verbose" : "default";
    const reports = [`--reporter=${reporter}`, "--reporter=json", `--outputFile.json=${file}`];
    const filters = words.length > 0 ? ["--passWithNoTests", ...words] : [];
    const status = await handOver([process.execPath, vitest, "run", "--project", project, ...reports, ...filters], {
      ...(process.stdout.isTTY ? {} : { NO_COLOR: "1" }),
      // vite warns of its next default loader.
      VITE_CONFIG_NATIVE_IGNORE_WARNING: "true",
    });
    const report = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as VitestReport) : undefined;
    return { counts: countsOf(status, report), report };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
