import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { EngineEvent as PulumiEvent } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import { type Engine, EngineError, type Output, type Result, type RunOptions, type StackLocation } from "../engine";
import { withLock } from "../lock";
import { passphraseOf } from "../passphrase";
import { readProject, readYaml, stackFile } from "../project";
import { PULUMI_FOLDER, refuseOther } from "../stack-engine";
import { isSecret } from "../values";
import { CLI_ON_PATH, pulumi, type PulumiCli } from "./cli";
import { Recorder } from "./recorder";

type Command = "preview" | "up" | "destroy";

const WAYS: Readonly<Record<Command, readonly string[]>> = {
  preview: [],
  up: ["--yes", "--skip-preview", "--continue-on-error"],
  destroy: ["--yes", "--skip-preview", "--continue-on-error"],
};

/** The engine for real use: Pulumi's CLI. It leaves the user's settings files, selected stack and login alone. */
export function createPulumiEngine(location: StackLocation, cli: PulumiCli = CLI_ON_PATH): Engine {
  const own = new OwnStack(cli, location, process.env.PULUMI_BACKEND_URL ?? `file://${location.stateFolder}`);
  const run = async (command: Command, options: RunOptions = {}): Promise<Result> => {
    refuseOther(location, "pulumi");
    if (command !== "preview" || own.isMade) return own.run(command, options);
    // The CLI previews only stacks that exist. This one is in a backend of its own, and is removed with it.
    const stateFolder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-"));
    return new OwnStack(cli, { ...location, stateFolder }, `file://${stateFolder}`)
      .run(command, options)
      .finally(() => {
        fs.rmSync(stateFolder, { recursive: true });
      });
  };
  return {
    name: "pulumi",
    preview: async (options) => (await run("preview", options)).changes,
    up: (options) =>
      withLock(location, "up", async () => {
        await options?.beforeRun?.();
        // The CLI has no hook before its first change.
        await options?.beforeFirstChange?.();
        return run("up", options);
      }),
    destroy: (options) =>
      withLock(location, "destroy", async () => {
        const result = await run("destroy", options);
        await own.forget();
        return result;
      }),
    outputs: async () => {
      refuseOther(location, "pulumi");
      return own.isMade ? own.outputs() : {};
    },
  };
}

/** The part of a stack's state that is read here. */
interface Deployment {
  readonly resources?: readonly {
    readonly urn: string;
    readonly type: string;
    readonly custom?: boolean;
    readonly outputs?: Readonly<Record<string, unknown>>;
  }[];
}

/** A stack of `./lab`, made by the CLI: its settings are in a folder of its own, where the CLI may write and delete them. */
class OwnStack {
  private readonly folder: string;
  private readonly settingsFile: string;
  private readonly environment: NodeJS.ProcessEnv;

  constructor(
    private readonly cli: PulumiCli,
    private readonly location: StackLocation,
    backend: string,
  ) {
    this.folder = path.join(location.stateFolder, PULUMI_FOLDER);
    this.settingsFile = path.join(this.folder, `Pulumi.${location.stack}.yaml`);
    this.environment = {
      PULUMI_BACKEND_URL: backend,
      PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    };
  }

  get isMade(): boolean {
    return fs.existsSync(this.settingsFile);
  }

  async run(command: Command, { config, replace = [], signal, onEvent }: RunOptions): Promise<Result> {
    if (!this.isMade) await this.make();
    this.writeConfig(config);
    const recorder = new Recorder(onEvent);
    const replaced = command === "destroy" || replace.length === 0 ? [] : await this.urnsOf(replace);
    const flags = [...WAYS[command], ...replaced.flatMap((urn) => ["--replace", urn])];
    const onLine = (line: string): void => {
      if (line.startsWith("{")) recorder.take(JSON.parse(line) as PulumiEvent);
    };
    try {
      // Plugins and program are found from the project's folder; the settings stay out of it.
      await this.call([command, "--json", "--config-file", this.settingsFile, ...flags], {
        folder: this.location.projectFolder,
        signal,
        onLine,
      });
    } catch (error) {
      const failures = recorder.failures();
      throw failures.length > 0 ? new EngineError(failures.join("\n")) : error;
    }
    return { changes: [...recorder.changes.values()], outputs: command === "up" ? await this.outputs() : {} };
  }

  async outputs(): Promise<Record<string, Output>> {
    const { resources = [] } = await this.deployment();
    const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
    return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, readOutput(value)]));
  }

  async forget(): Promise<void> {
    await this.call(["stack", "rm", "--yes"]);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private async make(): Promise<void> {
    const { name } = readProject(this.location);
    fs.mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(this.folder, "Pulumi.yaml"), stringify({ name, runtime: "nodejs" }));
    try {
      await this.call(["stack", "init", "--no-select"]);
    } catch (error) {
      fs.rmSync(this.folder, { recursive: true, force: true });
      throw error;
    }
    if (!this.isMade)
      throw new EngineError(`pulumi stack init wrote no ${this.settingsFile} for stack "${this.location.stack}"`);
  }

  /** The URNs of resources: the CLI takes no names. */
  private async urnsOf(names: readonly string[]): Promise<string[]> {
    const { resources = [] } = await this.deployment();
    return resources.flatMap(({ urn, custom }) => (custom && names.includes(urn.split("::")[3] ?? "") ? [urn] : []));
  }

  private async deployment(): Promise<Deployment> {
    const exported = await this.call(["stack", "export", "--show-secrets"]);
    return (JSON.parse(exported) as { deployment: Deployment }).deployment;
  }

  private call(args: readonly string[], call: Partial<Parameters<typeof pulumi>[2]> = {}): Promise<string> {
    const environment = { ...this.environment, PULUMI_CONFIG_PASSPHRASE: passphraseOf(this.location) };
    return pulumi(this.cli, [...args, "--stack", this.location.stack], { folder: this.folder, environment, ...call });
  }

  /** The stack's file, this run's configuration, and the salt of `stack init`. */
  private writeConfig(overrides: RunOptions["config"] = {}): void {
    const own = readYaml(this.settingsFile).toJS() as object;
    const settings = readYaml(stackFile(this.location)).toJS() as { config?: object } | null;
    const structured = Object.entries(overrides).map(([key, text]) => [
      key,
      /^[[{]/.test(text) ? (parse(text) as object) : text,
    ]);
    const config: unknown = { ...settings?.config, ...(Object.fromEntries(structured) as object) };
    fs.writeFileSync(this.settingsFile, stringify({ ...own, ...settings, config }), { mode: 0o600 });
  }
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
