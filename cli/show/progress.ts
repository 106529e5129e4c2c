import type { Change, Engine, EngineEvent, Operation, RunOptions } from "../../engine/engine";
import { EngineError } from "../../engine/engine";
import { pgBackRestHint } from "../../observe/pgbackrest-exit-codes";
import type { Invocation } from "../invocation";
import type { LabPlan } from "../../plan/plan";
import { hostsAmong, isStep, stepOf } from "../resource-names";

const DONE: Readonly<Record<Operation, string>> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  same: "unchanged",
};

const LAST_LINES = 20;
const QUIET_SECONDS = 15;

type Failure = Extract<EngineEvent, { kind: "fail" }>;
type LogEvent = Extract<EngineEvent, { kind: "log" }>;

/** Whether a message is for everybody: where a script has put data, too. An error is told when the run ends by it. */
export function isTold({ severity, message }: LogEvent, debug = false): boolean {
  return debug || severity === "warning" || /^(moved aside|left behind): /.test(message);
}

/** A message as a line. */
export function renderLog({ severity, message }: LogEvent): string {
  return `${severity}: ${message.trimEnd()}`;
}

/** A step of the past, of which only the record is deleted: on a host, nothing is. */
function isForgotten({ operation, type }: Change): boolean {
  return operation === "delete" && type === "command:remote:Command";
}

export interface ProgressOptions {
  /** Gets the lines of steps. */
  readonly write: (line: string) => void;
  /** Gets what the program and its commands say. */
  readonly writeLog: (line: string) => void;
  /** Tells what the program and its commands say, too. */
  readonly debug?: boolean;
  /**
   * The names of the hosts that are there before the run; it tells of others itself.
   * @default - none
   */
  readonly hosts?: readonly string[];
  /**
   * Milliseconds since any moment.
   * @default performance.now
   */
  readonly now?: () => number;
}

/** Tells what an engine does: a line per host and step with the time since the start, and, when it is quiet for long, what still runs. */
export class Progress {
  private readonly now: () => number;
  private readonly start: number;
  private readonly running = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private readonly failures: Failure[] = [];
  private readonly hosts: Set<string>;
  private lastTold: number;

  constructor(private readonly options: ProgressOptions) {
    this.now = options.now ?? (() => performance.now());
    this.hosts = new Set(options.hosts);
    this.start = this.now();
    this.lastTold = this.start;
    this.timer = setInterval(() => {
      if (this.now() - this.lastTold >= QUIET_SECONDS * 1000) this.tellRunning();
    }, 1000).unref();
  }

  /** To be given to the engine. */
  readonly onEvent = (event: EngineEvent): void => {
    if (event.kind === "log") {
      if (isTold(event, this.options.debug)) this.options.writeLog(renderLog(event));
      return;
    }
    const { change } = event;
    for (const host of hostsAmong([change])) this.hosts.add(host);
    if (event.kind === "fail") {
      this.running.delete(change.urn);
      this.failures.push(event);
      this.tellStep(change, `FAILED after ${event.seconds.toFixed(1)} s`);
      const lines = event.message.trimEnd().split("\n").slice(-LAST_LINES);
      const hint = pgBackRestHint(event.message);
      for (const line of hint === undefined ? lines : [...lines, `hint: ${hint}`]) {
        this.options.write(`            ${line}`);
      }
      return;
    }
    if (change.operation === "same" || !isStep(change) || isForgotten(change)) return;
    if (event.kind === "begin") {
      this.running.set(change.urn, this.now());
    } else {
      this.running.delete(change.urn);
      this.tellStep(change, `${DONE[change.operation]} in ${event.seconds.toFixed(1)} s`);
    }
  };

  /** The end of a run that failed, in short: what was told of a step when it failed is not told again. */
  renderFailure(message: string): string {
    if (this.failures.length === 0) return message;
    const steps = this.failures.map(({ change }) => Object.values(stepOf(change, this.hosts)).join(" "));
    const told = this.failures.flatMap((failure) => failure.message.split("\n")).filter((line) => line !== "");
    const rest = message.split("\n").filter((line) => line !== "" && !told.some((known) => line.endsWith(known)));
    return [`failed: ${steps.join(", ")}; the state is kept, and the next run goes on from there`, ...rest].join("\n");
  }

  /** Ends the reports. */
  stop(): void {
    clearInterval(this.timer);
  }

  private tellStep(change: Change, text: string): void {
    const { host, step } = stepOf(change, this.hosts);
    this.tell(`${host.padEnd(10)}  ${step.padEnd(30)}  ${text}`);
  }

  private tellRunning(): void {
    if (this.running.size === 0) return;
    const steps = [...this.running].map(([urn, since]) => {
      const { host, step } = stepOf(
        { name: urn.split("::").at(-1) ?? urn, type: urn.split("::").at(-2) ?? "" },
        this.hosts,
      );
      return `${host} ${step} (${((this.now() - since) / 1000).toFixed(0)} s)`;
    });
    this.tell(`still at work: ${steps.join(", ")}`);
  }

  private tell(text: string): void {
    this.lastTold = this.now();
    const elapsed = ((this.lastTold - this.start) / 1000).toFixed(1);
    this.options.write(`${elapsed.padStart(7)} s  ${text}`);
  }
}

/** A line for people that is no part of a command's result. */
export function writeError(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Lets an engine work with this call's options, and tells what it does. */
export async function withProgress<T>(
  { options, signal }: Invocation,
  engine: Engine,
  work: (run: RunOptions) => Promise<T>,
): Promise<T> {
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const plan = (await engine.outputs()).plan?.value as LabPlan | undefined;
  const hosts = plan?.hosts.map(({ name }) => name);
  const progress = new Progress({ write, writeLog: writeError, debug: options.debug, hosts });
  const tellStop = (): void => {
    write("stopping: what runs is finished first; Ctrl-C again ends at once");
  };
  signal.addEventListener("abort", tellStop);
  try {
    return await work({ config: options.config, onEvent: progress.onEvent, signal });
  } catch (error) {
    if (options.debug === true || !(error instanceof EngineError)) throw error;
    throw new EngineError(progress.renderFailure(error.message));
  } finally {
    signal.removeEventListener("abort", tellStop);
    progress.stop();
  }
}
