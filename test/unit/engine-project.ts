import * as fs from "node:fs";
import * as path from "node:path";
import type { Change, Engine, EngineEvent, RunOptions, StackLocation } from "../../engine/engine";
import { createEmbeddedEngine } from "../../engine/embedded/embedded";

const ROOT = path.resolve(__dirname, "../..");
const HEAD = `
import * as command from "@pulumi/command";
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
const config = new pulumi.Config();
const log = (words: pulumi.Input<string>) => pulumi.interpolate\`echo \${words} >> log\`;
`;

/** A Pulumi project of its own, whose program is written as a test goes along. It is under the project's folder, to find packages. */
export class EngineProject {
  readonly location: StackLocation;
  readonly engine: Engine;
  readonly events: EngineEvent[] = [];

  /** @param make The engine; by default the embedded one. */
  constructor(program: string, make: (location: StackLocation) => Engine = createEmbeddedEngine) {
    fs.mkdirSync(path.join(ROOT, ".lab"), { recursive: true });
    const projectFolder = fs.mkdtempSync(path.join(ROOT, ".lab", "test-engine-"));
    this.location = { projectFolder, stack: "here", stateFolder: path.join(projectFolder, "state") };
    this.engine = make(this.location);
    this.write("package.json", JSON.stringify({ name: "try" }));
    this.write("Pulumi.yaml", "name: try\nruntime: nodejs\nmain: index.ts\n");
    this.program(program);
  }

  /** Replaces the program. */
  program(text: string): void {
    this.write("index.ts", HEAD + text);
  }

  write(file: string, text: string): void {
    fs.writeFileSync(path.join(this.location.projectFolder, file), text);
  }

  read(file: string): string {
    const from = path.join(this.location.projectFolder, file);
    return fs.existsSync(from) ? fs.readFileSync(from, "utf8") : "";
  }

  /** What was written into the log since it was last asked for. */
  logged(): string[] {
    const lines = this.read("log")
      .split("\n")
      .filter((line) => line !== "");
    this.write("log", "");
    return lines;
  }

  options(options: RunOptions = {}): RunOptions {
    return { ...options, onEvent: (event) => this.events.push(event) };
  }

  /** Runs `up`, and tells what it did to what is not a stack. */
  async up(config: RunOptions["config"] = {}): Promise<Record<string, string>> {
    return operations((await this.engine.up(this.options({ config }))).changes);
  }

  async preview(config: RunOptions["config"] = {}): Promise<Record<string, string>> {
    return operations(await this.engine.preview(this.options({ config })));
  }

  remove(): void {
    fs.rmSync(this.location.projectFolder, { recursive: true });
  }
}

/** Operations by resource name; a stack is left out. */
export function operations(changes: readonly Change[]): Record<string, string> {
  const own = changes.filter(({ type }) => type !== "pulumi:pulumi:Stack");
  return Object.fromEntries(own.map(({ name, operation }) => [name, operation]));
}
