import * as fs from "node:fs";
import * as path from "node:path";
import type { EngineEvent as PulumiEvent } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import writeFileAtomic from "write-file-atomic";
import { EngineError, type Output, type Result, type RunOptions, type StackLocation } from "../engine";
import { readYaml, stackFile } from "../project";
import { isSecret, UNKNOWN } from "../values";
import { pulumi, type PulumiCli } from "./cli";
import { Recorder } from "./recorder";

/** What runs the program. */
export type Command = "preview" | "up" | "destroy";

const WAYS: Readonly<Record<Command, readonly string[]>> = {
  preview: [],
  up: ["--yes", "--skip-preview", "--continue-on-error"],
  destroy: ["--yes", "--skip-preview", "--continue-on-error"],
};

/** The part of a stack's state that is read here. */
interface Deployment {
  readonly resources?: readonly {
    readonly urn: string;
    readonly type: string;
    readonly custom?: boolean;
    readonly protect?: boolean;
    readonly outputs?: Readonly<Record<string, unknown>>;
  }[];
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
  constructor(protected readonly options: CliStackOptions) {}

  async run(command: Command, { config, replace = [], signal, onEvent }: RunOptions): Promise<Result> {
    const { settingsFile, location } = this.options;
    await this.writeSettings(config);
    const recorder = new Recorder(onEvent);
    const replaced = command === "destroy" || replace.length === 0 ? [] : await this.urnsOf(replace);
    const flags = [...WAYS[command], ...replaced.flatMap((urn) => ["--replace", urn])];
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
    await this.call(["state", "unprotect", "--all", "--yes"]);
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
  private async urnsOf(names: readonly string[]): Promise<string[]> {
    const { resources = [] } = await this.deployment();
    return resources.flatMap(({ urn, custom }) => (custom && names.includes(nameOf(urn)) ? [urn] : []));
  }

  private async deployment(): Promise<Deployment> {
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
