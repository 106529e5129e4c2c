import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { isIPv4 } from "node:net";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { sshCommand } from "../../cli/commands/ssh";
import { inNamespace } from "../../cli/stack/hand-over";
import { testDepth } from "../../cli/test-depth";
import { domainNameOf, libvirtNameOf } from "../../config/libvirt-names";
import { quote } from "../../steps/shell-words";
import { PROJECT_FOLDER } from "./stack-config";

/** The engine that a scenario runs with: LAB_ENGINE, or the embedded one. */
export const ENGINE = process.env.LAB_ENGINE ?? "embedded";

/** The engine of a scenario that runs on Pulumi's own: LAB_ENGINE, or that. */
export const ON_PULUMI = process.env.LAB_ENGINE ?? "pulumi";

/** Why a scenario is not wanted, or undefined when it runs. Where its engine is missing, it runs and fails. */
export function reasonToSkip({ vm = false, engine }: { vm?: boolean; engine?: "pulumi" } = {}): string | undefined {
  if (vm && testDepth() === "quick") return "LAB_DEPTH is quick";
  const { LAB_ENGINE: asked = engine } = process.env;
  return engine === asked || engine === undefined ? undefined : `LAB_ENGINE is ${String(asked)}`;
}

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs, to be interrupted. */
export interface RunningCommand {
  /** Resolves when it has printed this; rejects when it ends without. */
  printed(pattern: RegExp): Promise<void>;
  /** Sends a signal to `./lab` itself, not to what it started. */
  kill(signal: NodeJS.Signals): void;
  /** How it ended: `status` is null when a signal ended it. */
  readonly result: Promise<CommandResult>;
}

/** Commands after which every host still has its address and its key. */
const KEEPS_HOSTS = ["ssh", "status", "doctor", "outputs", "preview", "drift"];

/** Shell that begins the standard error with the host's own address. */
const TELL_ADDRESS = "echo $SSH_CONNECTION | cut -d ' ' -f 3 >&2";

/** A host in `./lab status --json`. */
export interface HostStatus {
  readonly name: string;
  readonly role: string;
  readonly address: string;
  readonly streaming?: boolean;
  readonly revoked?: boolean;
}

/** What `./lab status --json` prints. */
export interface LabStatus {
  readonly proven: boolean;
  readonly findings: readonly { readonly code: string; readonly cause: string; readonly remedy: string }[];
  readonly hosts: readonly HostStatus[];
  readonly backups: readonly { readonly label: string; readonly type: string; readonly fromStandby: boolean }[];
}

/**
 * A lab of a scenario's own, used as a user would: through `./lab`. Its stack is made from one of the project's, under another
 * name, so that a lab which is up beside it is left alone. What a killed run left is taken away first.
 */
export class ScenarioLab {
  readonly stack: string;
  readonly stateFolder: string;
  private readonly stackFile: string;
  private readonly driver: "lxc" | "qemu";
  /** Of the hosts that `./lab ssh` has reached since the lab may have changed. */
  private readonly addresses = new Map<string, string>();

  constructor(
    private readonly base: string,
    name = base,
    private readonly engine: string = ENGINE,
    /** The lab in whose network it runs, where it has none of its own. */
    private readonly around?: ScenarioLab,
  ) {
    this.stack = `scenario-${name}`;
    this.driver = base === "container" ? "lxc" : "qemu";
    this.stateFolder = path.join(PROJECT_FOLDER, ".lab", this.stack);
    this.stackFile = path.join(PROJECT_FOLDER, `Pulumi.${this.stack}.yaml`);
  }

  /** Makes the stack, and takes away what an earlier run left of it. */
  async begin(): Promise<void> {
    const text = this.around
      ? "config:\n"
      : fs.readFileSync(path.join(PROJECT_FOLDER, `Pulumi.${this.base}.yaml`), "utf8");
    fs.writeFileSync(this.stackFile, text.replaceAll(`.lab/${this.base}/`, `.lab/${this.stack}/`));
    await this.destroy();
  }

  /** Sets keys of the stack, as its user would in its file. */
  configure(settings: Readonly<Record<string, unknown>>): void {
    const lines = Object.entries(settings).map(([key, value]) => `  lab:${key}: ${JSON.stringify(value)}\n`);
    fs.appendFileSync(this.stackFile, lines.join(""));
  }

  private async destroy(): Promise<void> {
    if (fs.existsSync(this.stateFolder)) await this.must("destroy", "--yes", "--unprotect");
  }

  /** Runs `./lab COMMAND --stack … ARGS`, with its progress on this process's standard error. */
  run(command: string, ...args: string[]): Promise<CommandResult> {
    const [options, words] = split(args);
    // What is destroyed may be left from a run with the other engine.
    const engine = command === "destroy" ? [] : ["--engine", this.engine];
    return this.start([command, "--stack", this.stack, ...engine, ...options, ...words]);
  }

  /** Runs `./lab COMMAND --stack … ARGS`, and gives it while it runs. */
  launch(command: string, ...args: string[]): RunningCommand {
    return this.lab([command, "--stack", this.stack, "--engine", this.engine, ...args]);
  }

  /** Asks the lab's libvirt, and gives the first words of the lines that it answers. */
  virsh(...args: string[]): string[] {
    return this.ask(...args)
      .split("\n")
      .flatMap((line) => line.trim().split(/\s+/)[0] || []);
  }

  /** The name of a host's domain in libvirt. */
  domainOf(host: string): string {
    return domainNameOf(this.stack, host);
  }

  /** What libvirt says of a host, and why it is so: "running (booted)". */
  stateOf(host: string): string {
    return this.ask("domstate", this.domainOf(host), "--reason").trim();
  }

  /** The memory of a host, as libvirt has it. */
  memoryOf(host: string): string {
    return /^Max memory: +(.*)$/m.exec(this.ask("dominfo", this.domainOf(host)))?.[1] ?? "";
  }

  private ask(...args: string[]): string {
    const socket = path.join(fs.realpathSync(path.join(this.stateFolder, "run")), "libvirt-sock");
    const command = ["-q", "-c", `${this.driver}:///system?socket=${socket}`, ...args];
    return execFileSync("virsh", command, { encoding: "utf8" });
  }

  /** Takes a host away by hand: its domain, its definition, its volumes. */
  lose(host: string): void {
    for (const command of ["destroy", "undefine"]) this.virsh(command, this.domainOf(host));
    const pool = libvirtNameOf(this.stack);
    // A virtual machine has two: disk and seed.
    const volumes = this.virsh("vol-list", pool).filter(
      (name) => /^[^.]+/.exec(name)?.[0].replace(/-seed$/, "") === host,
    );
    for (const volume of volumes) this.virsh("vol-delete", volume, "--pool", pool);
  }

  /** Deletes a host's disk by hand, and nothing else of it: what runs goes on without knowing. */
  loseDisk(host: string): void {
    const pool = libvirtNameOf(this.stack);
    const disk = this.virsh("vol-list", pool).find((name) => new RegExp(`^${host}\\.`).test(name));
    this.virsh("vol-delete", String(disk), "--pool", pool);
  }

  /** Runs a command that has to succeed, and gives what it printed. */
  async must(command: string, ...args: string[]): Promise<string> {
    return succeeded([command, ...args], await this.run(command, ...args));
  }

  /**
   * Runs a command on a host as root, perhaps with a standard input, and gives what it printed, without the last line break: by `./lab ssh`,
   * and, until another command may have changed the lab, from then on as that does.
   */
  async on(host: string, commandLine: string, input?: string): Promise<string> {
    const line = `sudo bash -c ${quote(commandLine)}`;
    const address = this.addresses.get(host);
    if (address !== undefined) {
      const left = sshCommand(path.join(this.stateFolder, "ssh"), { user: "lab", address, port: 22, privateKey: "" });
      const [program = "", ...client] = inNamespace(this.namespace, left);
      const running = this.execute(program, [...client, line], `ssh ${host} -- ${line}`, input);
      const { status, stdout, stderr } = await running.result;
      // OpenSSH could not connect, or lost the connection.
      if (status !== 255) return succeeded(["ssh", host, line], { status, stdout, stderr }).trimEnd();
    }
    const args = ["ssh", "--stack", this.stack, "--engine", this.engine, host, "--", `${TELL_ADDRESS}; ${line}`];
    const { stderr, ...result } = await this.lab(args, input).result;
    const lines = stderr.split("\n");
    const told = lines.find(isIPv4);
    if (told !== undefined) this.addresses.set(host, told);
    const others = lines.filter((each) => each !== told);
    return succeeded(args, { ...result, stderr: others.join("\n") }).trimEnd();
  }

  /** Asks a host's PostgreSQL. */
  query(host: string, sql: string, port = 5432): Promise<string> {
    return this.on(host, `sudo -iu postgres psql -p ${port} -XAtq -v ON_ERROR_STOP=1 -c ${quote(sql)}`);
  }

  async status(): Promise<LabStatus> {
    return JSON.parse((await this.run("status", "--json")).stdout) as LabStatus;
  }

  /** The network namespace of the lab's private libvirtd. */
  get namespace(): string {
    if (this.around !== undefined) return this.around.namespace;
    return path.basename(fs.readlinkSync(path.join(this.stateFolder, "run")));
  }

  /** What is left on the machine of a lab that is gone: files, namespace, mounts, loop devices, processes. */
  remains(namespace: string): string[] {
    const print = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: "utf8" });
    const places: [string, boolean][] = [
      [this.stateFolder, fs.existsSync(this.stateFolder)],
      [`/run/lab/${namespace}`, fs.existsSync(`/run/lab/${namespace}`)],
      ["a network namespace", print("ip", "netns", "list").includes(namespace)],
      ["a mount", fs.readFileSync("/proc/self/mounts", "utf8").includes(namespace)],
      ["a loop device", print("losetup", "--list").includes(this.stack)],
      ["a process", print("ps", "-eo", "args").includes(namespace)],
    ];
    return places.filter(([, there]) => there).map(([place]) => place);
  }

  /** Destroys the lab and forgets the stack. */
  async remove(): Promise<void> {
    await this.destroy();
    fs.rmSync(this.stackFile, { force: true });
  }

  /** What git says of the project, and its settings byte for byte: the user's. Other scenarios make and remove their stacks' files meanwhile. */
  private projectFiles(): Record<string, string> {
    const isOthers = (name: string): boolean =>
      name.includes("Pulumi.scenario-") && !name.endsWith(path.basename(this.stackFile));
    // Whoever owns the clone.
    const git = ["-C", PROJECT_FOLDER, "-c", "safe.directory=*", "status", "--porcelain"];
    const status = execFileSync("git", git, { encoding: "utf8" })
      .split("\n")
      .filter((line) => !isOthers(line));
    const names = fs.readdirSync(PROJECT_FOLDER).filter((name) => /^Pulumi\..*yaml$/.test(name) && !isOthers(name));
    return Object.fromEntries([
      ["git status", status.join("\n")],
      ...names.map((name): [string, string] => [name, fs.readFileSync(path.join(PROJECT_FOLDER, name), "utf8")]),
    ]);
  }

  private start(args: readonly string[]): Promise<CommandResult> {
    return this.lab(args).result;
  }

  /** Runs `./lab`, which leaves the project's files as they are. */
  private lab(args: readonly string[], input?: string): RunningCommand {
    if (!KEEPS_HOSTS.includes(args[0] ?? "")) this.addresses.clear();
    const before = this.projectFiles();
    const own = [path.join(PROJECT_FOLDER, "lab"), ...args];
    const [program = "", ...words] = this.around === undefined ? own : inNamespace(this.namespace, own);
    const { result, ...running } = this.execute(program, words, `./lab ${args.join(" ")}`, input);
    const checked = result.then((ended) => {
      if (args[0] !== "rotate-ca" && !isDeepStrictEqual(this.projectFiles(), before))
        throw new Error(`./lab ${args.join(" ")} changed a file of the project`);
      return ended;
    });
    return { ...running, result: checked };
  }

  private execute(program: string, args: readonly string[], name: string, input?: string): RunningCommand {
    const begun = Date.now();
    const child = spawn(program, args, { stdio: "pipe" });
    child.stdin.end(input);
    const texts = { stdout: "", stderr: "" };
    const watchers = new Set<() => void>();
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].on("data", (chunk: Buffer) => {
        texts[stream] += chunk.toString();
        for (const watch of watchers) watch();
      });
    }
    const result = new Promise<CommandResult>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (status) => {
        const seconds = ((Date.now() - begun) / 1000).toFixed(1);
        process.stderr.write(`  ${name.slice(0, 126)}: ${status ?? "killed"} after ${seconds} s\n`);
        resolve({ status, ...texts });
      });
    });
    const printed = (pattern: RegExp): Promise<void> =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          if (!pattern.test(texts.stdout + texts.stderr)) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
        void result.then(({ status }) => {
          reject(new Error(`it ended with ${String(status)} before it printed ${String(pattern)}\n${texts.stderr}`));
        }, reject);
      });
    return { printed, kill: (signal) => child.kill(signal), result };
  }
}

function succeeded(args: readonly string[], { status, stdout, stderr }: CommandResult): string {
  if (status !== 0) throw new Error(`./lab ${args.join(" ")} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** Options before `--`, and from there on. */
function split(args: readonly string[]): [string[], string[]] {
  const index = args.indexOf("--");
  // The host of `ssh` stands before `--`; options of ours go before both.
  return index < 0 ? [[...args], []] : [[], [...args]];
}
