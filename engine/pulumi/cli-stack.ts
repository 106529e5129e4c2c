import * as fs from "node:fs";
import * as path from "node:path";
import type { EngineEvent as PulumiEvent } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import writeFileAtomic from "write-file-atomic";
import {
  type Change,
  EngineError,
  type EngineEvent,
  INTERRUPTED,
  type Output,
  type Result,
  type RunOptions,
  type StackLocation,
} from "../engine";
import { clearLeftovers } from "../plugins/leftovers";
import { readYaml, stackFile } from "../project";
import { isSecret, UNKNOWN } from "../values";
import { pulumi, type PulumiCli } from "./cli";
import type { Deployment } from "./deployment";
import { changesNothing, type UpdatePlan } from "./update-plan";
import { Recorder } from "./recorder";

/** What runs the program. */
export type Command = "preview" | "up" | "destroy";

const WAYS: Readonly<Record<Command, readonly string[]>> = {
  preview: [],
  up: ["--yes", "--skip-preview", "--continue-on-error"],
  destroy: ["--yes", "--skip-preview", "--continue-on-error"],
};

/** Options of one call of the CLI. */
export interface CliRunOptions extends RunOptions {
  /** Where a preview saves what it would do. */
  readonly planFile?: string;
}

/** What a preview tells of an `up`. */
interface Planned {
  readonly plan: UpdatePlan;
  readonly changes: readonly Change[];
  readonly messages: readonly EngineEvent[];
}

interface CliStackOptions {
  readonly cli: PulumiCli;
  readonly location: StackLocation;
  /** The file with a run's settings: not the user's own, which the CLI would rewrite. */
  readonly settingsFile: string;
  /** Where other commands run. They look for `Pulumi.STACK.yaml` there. */
  readonly folder: string;
  readonly environment: () => NodeJS.ProcessEnv;
}

/** A stack that exists in a backend of Pulumi's CLI. */
export class CliStack {
  /** The state, while it is known not to change. */
  private state: Promise<Deployment> | undefined;
  private isAlone = false;

  constructor(protected readonly options: CliStackOptions) {}

  get isMade(): boolean {
    return true;
  }

  /** Works while no other run does: the state is read once between changes. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    this.isAlone = true;
    return work().finally(() => {
      this.isAlone = false;
      this.state = undefined;
    });
  }

  /**
   * Brings the stack up. A preview shows whether there is a change, for the CLI has no hook before its first one; without a change, that
   * is all.
   */
  async up({ beforeRun, replaceToo, beforeChange, ...options }: RunOptions): Promise<Result> {
    const planned = await this.planBeside(beforeRun, options);
    const more = (await replaceToo?.()) ?? [];
    if (planned !== undefined && more.length === 0 && changesNothing(planned.plan, await this.deployment())) {
      for (const message of planned.messages) options.onEvent?.(message);
      return { changes: planned.changes, outputs: await this.outputs() };
    }
    await beforeChange?.(planned?.changes ?? [], planned !== undefined);
    const result = await this.run("up", { ...options, replace: [...(options.replace ?? []), ...more] });
    await this.dropPending();
    return result;
  }

  /**
   * Plans while the state is read and `beforeRun` looks at the hosts, for a preview takes seconds; once more, if that has changed them.
   * Undefined for a stack without resources.
   */
  private async planBeside(beforeRun: RunOptions["beforeRun"], options: RunOptions): Promise<Planned | undefined> {
    const early = this.isMade ? this.planEarly(options) : undefined;
    try {
      const isAsBefore = (await beforeRun?.()) ?? true;
      const { resources = [] } = early === undefined ? {} : await this.deployment();
      if (early === undefined || !resources.some(({ custom }) => custom)) return undefined;
      if (isAsBefore) return await early.planned;
      await early.stop();
      return await this.plan(options);
    } finally {
      await early?.stop();
    }
  }

  /** Begins to plan. */
  private planEarly(options: RunOptions): { planned: Promise<Planned>; stop: () => Promise<void> } {
    const controller = new AbortController();
    const signals = [controller.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const planned = this.plan({ ...options, signal: AbortSignal.any(signals) });
    // Whether it has failed counts only where it is asked for.
    const ended = planned.then(
      () => undefined,
      () => undefined,
    );
    const stop = (): Promise<void> => {
      controller.abort();
      return ended;
    };
    return { planned, stop };
  }

  /**
   * After a run that succeeded nothing is half made. The CLI still keeps what killed runs were about to create; importing its own export
   * drops that.
   */
  private async dropPending(): Promise<void> {
    const { pending_operations: pending = [] } = await this.deployment();
    if (pending.length === 0) return;
    const file = path.join(this.options.location.stateFolder, "without-pending.json");
    try {
      for (const way of ["export", "import"]) await this.call(["stack", way, "--file", file]);
    } finally {
      fs.rmSync(file, { force: true });
      this.state = undefined;
    }
  }

  private async plan(options: RunOptions): Promise<Planned> {
    const planFile = path.join(this.options.location.stateFolder, "update-plan.json");
    const messages: EngineEvent[] = [];
    const onEvent = (event: EngineEvent): void => {
      if (event.kind === "log") messages.push(event);
    };
    try {
      const { changes } = await this.run("preview", { ...options, onEvent, planFile });
      return { changes, messages, plan: JSON.parse(fs.readFileSync(planFile, "utf8")) as UpdatePlan };
    } finally {
      fs.rmSync(planFile, { force: true });
    }
  }

  async run(command: Command, { config, replace = [], signal, onEvent, planFile }: CliRunOptions): Promise<Result> {
    const { settingsFile, location } = this.options;
    await this.writeSettings(config);
    const recorder = new Recorder(onEvent);
    const replaced = command === "destroy" || replace.length === 0 ? [] : await this.urnsOf(replace);
    const saved = planFile === undefined ? [] : ["--save-plan", planFile];
    const flags = [...WAYS[command], ...saved, ...replaced.flatMap((urn) => ["--replace", urn])];
    if (command !== "preview") this.state = undefined;
    const onLine = (line: string): void => {
      if (line.startsWith("{")) recorder.take(JSON.parse(line) as PulumiEvent);
    };
    try {
      // Plugins and program are found from the project's folder; the settings stay out of it.
      await this.call([command, "--json", "--config-file", settingsFile, ...flags], {
        folder: location.projectFolder,
        signal,
        onLine,
      });
    } catch (error) {
      const failures = recorder.failures();
      if (signal?.aborted && !recorder.hasFailed) throw new EngineError(INTERRUPTED);
      throw failures.length > 0 ? new EngineError(failures.join("\n")) : error;
    }
    return { changes: [...recorder.changes.values()], outputs: command === "up" ? await this.outputs() : {} };
  }

  async outputs(): Promise<Record<string, Output>> {
    const { resources = [] } = await this.deployment();
    const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
    // A failed run stores what would have come from a failed resource as unknown.
    const known = Object.entries(outputs).filter(([, value]) => !JSON.stringify(value).includes(UNKNOWN));
    return Object.fromEntries(known.map(([name, value]) => [name, readOutput(value)]));
  }

  /** The names of protected resources. */
  async protectedResources(): Promise<string[]> {
    const { resources = [] } = await this.deployment();
    return resources.filter(({ protect }) => protect).map(({ urn }) => nameOf(urn));
  }

  async unprotect(): Promise<void> {
    this.state = undefined;
    await this.call(["state", "unprotect", "--all", "--yes"]);
  }

  /** Files that killed runs have left in a backend that is not the lab's own. */
  leftFiles(): string[] {
    return [];
  }

  /** Deletes objects that killed runs have left and the state does not have: what holds them could not be deleted either. */
  async clearLeftovers(): Promise<void> {
    await clearLeftovers(
      this.options.location,
      async () => (this.isMade ? (await this.deployment()).resources : []) ?? [],
    );
  }

  /** Removes the stack, which has no resources, from its backend. */
  async forget(environment = this.options.environment()): Promise<void> {
    await this.call(["stack", "rm", "--yes", "--preserve-config"], { environment });
    fs.rmSync(this.options.settingsFile, { force: true });
  }

  protected call(args: readonly string[], call: Partial<Parameters<typeof pulumi>[2]> = {}): Promise<string> {
    const { cli, location, folder, environment } = this.options;
    const own = {
      PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      ...environment(),
    };
    return pulumi(cli, [...args, "--stack", location.stack], { folder, environment: own, ...call });
  }

  /** The URNs of resources: the CLI takes no names. */
  async urnsOf(names: readonly string[]): Promise<string[]> {
    const { resources = [] } = await this.deployment();
    return resources.flatMap(({ urn, custom }) => (custom && names.includes(nameOf(urn)) ? [urn] : []));
  }

  private deployment(): Promise<Deployment> {
    const state = this.state ?? this.readState();
    if (this.isAlone) this.state = state;
    return state;
  }

  private async readState(): Promise<Deployment> {
    const exported = await this.call(["stack", "export", "--show-secrets"]);
    return (JSON.parse(exported) as { deployment: Deployment }).deployment;
  }

  /** What a run's settings hold beside the configuration: how secrets are encrypted. */
  protected encryption(settings: object): object {
    return settings;
  }

  /** The stack's file, with this run's configuration. */
  private async writeSettings(overrides: RunOptions["config"] = {}): Promise<void> {
    const { settingsFile, location } = this.options;
    const settings = (readYaml(stackFile(location)).toJS() ?? {}) as { config?: object };
    const structured = Object.entries(overrides).map(([key, text]) => [
      key,
      /^[[{]/.test(text) ? (parse(text) as object) : text,
    ]);
    const config: unknown = { ...settings.config, ...(Object.fromEntries(structured) as object) };
    fs.mkdirSync(path.dirname(settingsFile), { recursive: true, mode: 0o700 });
    await writeFileAtomic(settingsFile, stringify({ ...this.encryption(settings), config }), { mode: 0o600 });
  }
}

function nameOf(urn: string): string {
  return urn.split("::")[3] ?? "";
}

/** An exported output: its secrets are wrapped, as JSON in a text. */
function readOutput(exported: unknown): Output {
  let secret = false;
  const read = (text: string): unknown =>
    JSON.parse(text, (_name, part: unknown) => {
      if (!isSecret(part)) return part;
      secret = true;
      return read(String(part["plaintext"]));
    });
  const value = read(JSON.stringify(exported));
  return { value, secret };
}
