import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/**
 * Does to files what Pulumi's CLI does (3.248, read and tried): `stack init` writes the settings beside Pulumi.yaml, `stack rm` deletes them,
 * `stack select` selects, history rewrites them, and each update writes into what `--config-file` names.
 */
const SCRIPT = String.raw`#!/usr/bin/env node
const fs = require("node:fs");
const args = process.argv.slice(2);
const of = (flag) => args[args.indexOf(flag) + 1];
const stack = args.includes("--stack") ? of("--stack") : args.at(-1);
const call = { args, folder: process.cwd(), backend: process.env.PULUMI_BACKEND_URL, home: process.env.PULUMI_HOME };
fs.appendFileSync(process.env.FAKE_PULUMI + "/calls", JSON.stringify(call) + "\n");
const say = (value) => console.log(JSON.stringify(value));
const urn = "urn:pulumi:" + stack + "::try::";
const metadata = { op: "create", urn: urn + "command:local:Command::first", type: "command:local:Command" };
const settings = args.includes("--config-file") ? of("--config-file") : "Pulumi." + stack + ".yaml";
const verb = args[0] === "stack" ? "stack " + args[1] : args[0];
if (verb === "version") console.log("v3.248.0");
if (verb === "stack init") {
  if (fs.existsSync(process.env.FAKE_PULUMI + "/taken")) {
    console.error("error: stack '" + stack + "' already exists");
    process.exit(1);
  }
  fs.writeFileSync(settings, "encryptionsalt: v1:salt\n");
}
if (verb === "stack rm" && !args.includes("--preserve-config")) fs.rmSync(settings);
if (verb === "stack history") fs.appendFileSync(settings, "encryptionsalt: v1:salt\n");
if (verb === "stack output") say({});
if (verb === "stack export") say({ deployment: JSON.parse(fs.readFileSync(process.env.FAKE_PULUMI + "/deployment", "utf8")) });
if (verb === "stack ls") {
  const stacks = JSON.parse(fs.readFileSync(process.env.FAKE_PULUMI + "/stacks", "utf8"));
  if (typeof stacks === "string") {
    console.error("error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions");
    process.exit(3);
  }
  say(stacks);
}
if (["preview", "up", "destroy"].includes(verb)) {
  fs.appendFileSync(process.env.FAKE_PULUMI + "/settings", fs.readFileSync(settings, "utf8"));
  if (args.includes("--save-plan")) fs.copyFileSync(process.env.FAKE_PULUMI + "/plan", of("--save-plan"));
  say({ diagnosticEvent: { severity: "debug", message: "secret words" } });
  if (fs.existsSync(process.env.FAKE_PULUMI + "/canceled")) {
    say({ diagnosticEvent: { severity: "error", message: "update canceled\n" } });
    process.exit(255);
  }
  const warning = process.env.FAKE_PULUMI + "/warning";
  if (fs.existsSync(warning)) say({ diagnosticEvent: { severity: "warning", message: JSON.parse(fs.readFileSync(warning, "utf8")) } });
  say({ resourcePreEvent: { metadata } });
  if (verb !== "preview" && fs.existsSync(process.env.FAKE_PULUMI + "/broken")) {
    say({ diagnosticEvent: { severity: "error", message: "exit status 3", urn: metadata.urn } });
    say({ resOpFailedEvent: { metadata } });
    console.error("error: update failed");
    process.exit(255);
  }
  say({ resOutputsEvent: { metadata } });
}
`;

/** A call of the stand-in. */
export interface FakeCall {
  readonly args: readonly string[];
  readonly folder: string;
  readonly backend: string | undefined;
  readonly home?: string;
}

/** A stand-in for `pulumi`, first on PATH while it is there. It records its calls. */
export class FakePulumi {
  private readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-fake-pulumi-"));
  private readonly searchPath = process.env.PATH;

  constructor() {
    fs.writeFileSync(path.join(this.folder, "pulumi"), SCRIPT, { mode: 0o755 });
    this.write("stacks", []);
    this.write("deployment", {});
    this.write("plan", { resourcePlans: {} });
    process.env.PATH = `${this.folder}:${this.searchPath ?? ""}`;
    process.env.FAKE_PULUMI = this.folder;
  }

  /** What it answers with: `stacks`, `deployment`; what it saves as a `plan`; `taken`: the stack is there; `broken`: operations fail; `canceled`: it was interrupted; `warning`: the program's. */
  write(name: "stacks" | "deployment" | "plan" | "taken" | "broken" | "canceled" | "warning", value: unknown): void {
    fs.writeFileSync(path.join(this.folder, name), JSON.stringify(value));
  }

  calls(): FakeCall[] {
    return this.lines("calls").map((line) => JSON.parse(line) as FakeCall);
  }

  /** The first words of its calls. */
  verbs(): string[] {
    return this.calls().map(({ args }) => args.slice(0, args[0] === "stack" ? 2 : 1).join(" "));
  }

  /** What the files held that `--config-file` named. */
  settings(): string {
    return this.lines("settings").join("\n");
  }

  remove(): void {
    process.env.PATH = this.searchPath;
    delete process.env.FAKE_PULUMI;
    fs.rmSync(this.folder, { recursive: true });
  }

  private lines(name: string): string[] {
    const file = path.join(this.folder, name);
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trimEnd().split("\n") : [];
  }
}
