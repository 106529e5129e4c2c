import {
  type Change,
  type Engine,
  EngineError,
  type EngineEvent,
  type Operation,
  type RunOptions,
} from "../../engine/engine";
import { pgBackRestHint } from "../../observe/pgbackrest-exit-codes";
import type { Invocation } from "../invocation";
import type { LabPlan } from "../../plan/plan";
import { hostsAmong, isCommand, isStep, stepOf } from "../resource-names";

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

/** Whether a message is for every user: warnings, and where a script has moved data, or waits for a backup. Errors are printed at the end of the run. */
function isForUser({ severity, message }: LogEvent, debug = false): boolean {
  return debug || severity === "warning" || /^(moved aside|left behind|rewound|waiting): /.test(message);
}

/** Warnings that this command has printed. */
const printed = new Set<string>();

/** Whether a message is to be printed: one for every user, and a warning once, as a command may run the program several times. */
export function isToPrint(event: LogEvent, debug = false): boolean {
  if (!isForUser(event, debug) || printed.has(event.message)) return false;
  if (event.severity === "warning") printed.add(event.message);
  return true;
}

/** A message as a line. */
export function renderLog({ severity, message }: LogEvent): string {
  return `${severity}: ${message.trimEnd()}`;
}

/** Whether only the state's record of a step is deleted, and nothing on a host. */
function isForgotten(change: Change): boolean {
  return change.operation === "delete" && isCommand(change);
}

interface ProgressOptions {
  /** Receives the lines of steps. */
  readonly write: (line: string) => void;
  /** Receives the messages of the program and its commands. */
  readonly writeLog: (line: string) => void;
  /** Whether every message of the program and its commands is printed. */
  readonly debug?: boolean;
  /**
   * The names of the hosts that exist before the run; its events name the others.
   * @default - none
   */
  readonly hosts?: () => readonly string[];
  /**
   * Milliseconds since any moment.
   * @default performance.now
   */
  readonly now?: () => number;
}

/** Prints what an engine does: a line per host and step with the time since the start, and, after 15 s without one, the running steps. */
export class Progress {
  private readonly now: () => number;
  private readonly start: number;
  private readonly running = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private readonly failures: Failure[] = [];
  /** The hosts that events have named. */
  private readonly named = new Set<string>();
  private lastWrite: number;

  constructor(private readonly options: ProgressOptions) {
    this.now = options.now ?? (() => performance.now());
    this.start = this.now();
    this.lastWrite = this.start;
    this.timer = setInterval(() => {
      if (this.now() - this.lastWrite >= QUIET_SECONDS * 1000) this.writeRunning();
    }, 1000).unref();
  }

  /** For the engine. */
  readonly onEvent = (event: EngineEvent): void => {
    if (event.kind === "log") {
      if (isToPrint(event, this.options.debug)) this.options.writeLog(renderLog(event));
      return;
    }
    const { change } = event;
    for (const host of hostsAmong([change])) this.named.add(host);
    if (event.kind === "fail") {
      this.running.delete(change.urn);
      this.failures.push(event);
      this.writeStep(change, `FAILED after ${event.seconds.toFixed(1)} s`);
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
      this.writeStep(change, `${DONE[change.operation]} in ${event.seconds.toFixed(1)} s`);
    }
  };

  /** A failed run's message, without what was printed when its steps failed. */
  renderFailure(message: string): string {
    if (this.failures.length === 0) return message;
    const steps = this.failures.map(({ change }) => Object.values(stepOf(change, this.hosts)).join(" "));
    const told = this.failures.flatMap((failure) => failure.message.split("\n")).filter((line) => line !== "");
    const rest = message.split("\n").filter((line) => line !== "" && !told.some((known) => line.endsWith(known)));
    return [`failed: ${steps.join(", ")}; the state is saved, and the next run resumes there`, ...rest].join("\n");
  }

  /** Stops printing. */
  stop(): void {
    clearInterval(this.timer);
  }

  private get hosts(): ReadonlySet<string> {
    return new Set([...(this.options.hosts?.() ?? []), ...this.named]);
  }

  private writeStep(change: Change, text: string): void {
    const { host, step } = stepOf(change, this.hosts);
    this.write(`${host.padEnd(10)}  ${step.padEnd(30)}  ${text}`);
  }

  private writeRunning(): void {
    if (this.running.size === 0) return;
    const steps = [...this.running].map(([urn, since]) => {
      const { host, step } = stepOf(
        { name: urn.split("::").at(-1) ?? urn, type: urn.split("::").at(-2) ?? "" },
        this.hosts,
      );
      return `${host} ${step} (${((this.now() - since) / 1000).toFixed(0)} s)`;
    });
    this.write(`still running: ${steps.join(", ")}`);
  }

  private write(text: string): void {
    this.lastWrite = this.now();
    const elapsed = ((this.lastWrite - this.start) / 1000).toFixed(1);
    this.options.write(`${elapsed.padStart(7)} s  ${text}`);
  }
}

/** Prints a line that is not part of a command's result. */
export function writeError(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function hostsOf(engine: Engine): Promise<() => readonly string[]> {
  const plan = (await engine.outputs()).plan?.value as LabPlan | undefined;
  const names = plan?.hosts.map(({ name }) => name) ?? [];
  return () => names;
}

/**
 * Lets an engine work with this call's options, and prints what it does.
 * @param known The hosts that exist before the run, when the engine need not be asked.
 */
export async function withProgress<T>(
  { options, signal }: Invocation,
  engine: Engine,
  work: (run: RunOptions) => Promise<T>,
  known?: () => readonly string[],
): Promise<T> {
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const hosts = known ?? (await hostsOf(engine));
  const progress = new Progress({ write, writeLog: writeError, debug: options.debug, hosts });
  const announceStop = (): void => {
    write("stopping after the running operations; Ctrl-C again stops at once");
  };
  signal.addEventListener("abort", announceStop);
  try {
    return await work({ config: options.config, onEvent: progress.onEvent, signal });
  } catch (error) {
    if (options.debug === true || !(error instanceof EngineError)) throw error;
    throw new EngineError(progress.renderFailure(error.message));
  } finally {
    signal.removeEventListener("abort", announceStop);
    progress.stop();
  }
}
