import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as automation from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import type { Change, Engine, EngineEvent, Operation, Output, Result, RunOptions, StackLocation } from "./engine";
import { EngineError } from "./engine";
import { passphraseOf } from "./passphrase";
import { PULUMI_FOLDER, refuseOther } from "./stack-engine";

type Command = "preview" | "up" | "destroy";

const OPERATIONS: Readonly<Record<string, Operation>> = {
  create: "create",
  update: "update",
  same: "same",
  delete: "delete",
  "create-replacement": "replace",
};

/** The engine for real use: Pulumi's CLI, driven by its Automation API. */
export function createPulumiEngine(location: StackLocation): Engine {
  const run = async (command: Command, options?: RunOptions): Promise<Result> => {
    refuseOther(location, "pulumi");
    if (command !== "preview" || isMade(location)) return carryOut(location, command, options);
    // The CLI previews only stacks that are made.
    const stateFolder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-"));
    const passing = { ...location, stateFolder };
    return carryOut(passing, command, options).finally(async () => {
      if (isMade(passing)) await forget(passing, await openStack(passing));
      fs.rmSync(stateFolder, { recursive: true });
    });
  };
  return {
    name: "pulumi",
    preview: async (options) => (await run("preview", options)).changes,
    up: async (options) => {
      refuseOther(location, "pulumi");
      // The CLI does not ask back before its first change.
      await options?.beforeFirstChange?.();
      return run("up", options);
    },
    destroy: (options) => run("destroy", options),
    outputs: async (): Promise<Record<string, Output>> => {
      refuseOther(location, "pulumi");
      return isMade(location) ? (await openStack(location)).outputs() : {};
    },
  };
}

async function carryOut(location: StackLocation, command: Command, options: RunOptions = {}): Promise<Result> {
  const recorder = new Recorder(options.onEvent);
  const stack = await openStack(location);
  const configFile = writeConfig(location, options.config);
  const replace = command === "destroy" ? [] : await urnsOf(stack, options.replace ?? []);
  const common = { configFile, signal: options.signal, color: "never", onEvent: recorder.take } as const;
  try {
    if (command === "preview") await stack.preview({ ...common, replace });
    else if (command === "up") await stack.up({ ...common, replace, continueOnError: true });
    else await stack.destroy({ ...common, continueOnError: true });
  } catch (error) {
    const failures = [...recorder.messages].map(([urn, text]) => `${urn.split("::").slice(2).join(" ")}: ${text}`);
    const told = failures.length > 0 ? failures : recorder.otherMessages;
    throw new EngineError(told.length > 0 ? told.join("\n") : (error as Error).message);
  }
  const outputs = command === "up" ? await stack.outputs() : {};
  if (command === "destroy") await forget(location, stack);
  return { changes: [...recorder.changes.values()], outputs };
}

/** A stack's state, as far as it is read here. */
interface Deployed {
  readonly resources?: readonly { readonly urn: string; readonly custom?: boolean }[];
}

/** The URNs of resources, which Pulumi asks for in place of their names. */
async function urnsOf(stack: automation.Stack, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const exported = (await stack.exportStack()) as { deployment: Deployed };
  const { resources = [] } = exported.deployment;
  return resources.flatMap(({ urn, custom }) => (custom && names.includes(urn.split("::")[3] ?? "") ? [urn] : []));
}

const isMade = ({ stateFolder }: StackLocation): boolean => fs.existsSync(path.join(stateFolder, PULUMI_FOLDER));

/** The stack's settings of ours, so that nothing is written into the project's. */
const settingsFile = ({ stateFolder, stack }: StackLocation): string =>
  path.join(stateFolder, PULUMI_FOLDER, `Pulumi.${stack}.yaml`);

async function openStack(location: StackLocation): Promise<automation.Stack> {
  const { projectFolder, stateFolder, stack } = location;
  const folder = path.join(stateFolder, PULUMI_FOLDER);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const project = parse(fs.readFileSync(path.join(projectFolder, "Pulumi.yaml"), "utf8")) as { name: string };
  fs.writeFileSync(path.join(folder, "Pulumi.yaml"), stringify({ name: project.name, runtime: "nodejs" }));
  const envVars = {
    PULUMI_BACKEND_URL: process.env.PULUMI_BACKEND_URL ?? `file://${stateFolder}`,
    PULUMI_CONFIG_PASSPHRASE: passphraseOf(location),
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
  };
  // `stack init` writes its salt into the settings beside Pulumi.yaml.
  await automation.Stack.createOrSelect(stack, await automation.LocalWorkspace.create({ workDir: folder, envVars }));
  return automation.Stack.select(stack, await automation.LocalWorkspace.create({ workDir: projectFolder, envVars }));
}

/** The project's configuration, this run's, and the salt, in a file of the run's own. */
function writeConfig(location: StackLocation, overrides: RunOptions["config"] = {}): string {
  const { projectFolder, stack } = location;
  const own = parse(fs.readFileSync(settingsFile(location), "utf8")) as object;
  const file = path.join(projectFolder, `Pulumi.${stack}.yaml`);
  const settings = (fs.existsSync(file) ? parse(fs.readFileSync(file, "utf8")) : null) as { config?: object } | null;
  const structured = Object.entries(overrides).map(([key, text]) => [
    key,
    /^[[{]/.test(text) ? (parse(text) as object) : text,
  ]);
  const config: unknown = { ...settings?.config, ...(Object.fromEntries(structured) as object) };
  fs.writeFileSync(settingsFile(location), stringify({ ...own, ...settings, config }), {
    mode: 0o600,
  });
  return settingsFile(location);
}

async function forget({ stack: name, stateFolder }: StackLocation, stack: automation.Stack): Promise<void> {
  await stack.workspace.removeStack(name);
  fs.rmSync(path.join(stateFolder, PULUMI_FOLDER), { recursive: true });
}

/** Translates Pulumi's events. */
class Recorder {
  readonly changes = new Map<string, Change>();
  /** Errors by URN. */
  readonly messages = new Map<string, string>();
  readonly otherMessages: string[] = [];
  private readonly begun = new Map<string, number>();

  constructor(private readonly tell: (event: EngineEvent) => void = () => undefined) {}

  readonly take = (event: automation.EngineEvent): void => {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent } = event;
    if (diagnosticEvent) this.log(diagnosticEvent);
    const metadata = (resourcePreEvent ?? resOutputsEvent ?? resOpFailedEvent)?.metadata;
    const operation = metadata && OPERATIONS[metadata.op];
    // The CLI makes default providers on its own.
    if (!operation || /::pulumi:providers:[^:]+::default/.test(metadata.urn)) return;
    const { urn, type } = metadata;
    const isChanged = operation === "update" || operation === "replace";
    const diff = isChanged ? Object.keys(metadata.detailedDiff ?? {}) : [];
    const change = this.changes.get(urn) ?? { urn, type, name: urn.split("::").slice(3).join("::"), operation, diff };
    const seconds = (performance.now() - (this.begun.get(urn) ?? performance.now())) / 1000;
    if (resourcePreEvent) {
      this.changes.set(urn, change);
      this.begun.set(urn, performance.now());
      if (operation !== "same" && !resourcePreEvent.planning) this.tell({ kind: "begin", change });
    } else if (resOutputsEvent) {
      if (!resOutputsEvent.planning) this.tell({ kind: "end", change, seconds });
    } else this.tell({ kind: "fail", change, seconds, message: this.messages.get(urn) ?? "" });
  };

  private log({ severity, message, urn = "" }: automation.DiagnosticEvent): void {
    // The SDK's debug messages show secrets.
    if ((severity as string) === "debug") return;
    const text = message.replace(/<\{%.*?%\}>/g, "").trimEnd();
    if (severity === "error" && urn !== "") this.messages.set(urn, text);
    else if (severity === "error") this.otherMessages.push(text);
    this.tell({ kind: "log", severity: severity === "info#err" ? "info" : severity, message: text, urn });
  }
}
