import * as fs from "node:fs";
import * as path from "node:path";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { fingerprint } from "./fingerprint";

/** A host that commands run on. */
export interface RemoteHost {
  readonly name: string;
  /** IPv4 address. */
  readonly address: string;
  /** How to reach it; its host key is checked. */
  readonly connection: pulumi.Input<command.types.input.remote.ConnectionArgs>;
  /** Changes when the host is a new machine, on which everything runs again. */
  readonly machine: pulumi.Input<string>;
  /** What every step on the host waits for. */
  readonly ready?: pulumi.Resource;
}

export interface RunOptions {
  parent: pulumi.Resource;
  /** What must be done before: data often passes through a host's disk, where Pulumi does not see it. */
  dependsOn?: pulumi.ResourceOptions["dependsOn"];
  /**
   * Texts whose change runs the step again, beside its own script and arguments.
   * @default []
   */
  rerunOn?: pulumi.Input<string>[];
  /**
   * How long the step may take, such as "10m".
   * @default 10 minutes
   */
  timeout?: string;
}

export interface ScriptOptions extends RunOptions {
  /**
   * What the script reads from its standard input, mostly a secret. The script lies on the host then, since it cannot arrive there.
   * @default - the script itself is the standard input
   */
  stdin?: pulumi.Input<string>;
}

export interface FileArgs {
  path: string;
  content: pulumi.Input<string>;
  /** Account that owns the file, and group of the same name. */
  owner: string;
  /** Octal, such as "0644". */
  mode: string;
  /**
   * Whether the content stays out of the log.
   * @default false
   */
  secret?: boolean;
}

const SCRIPTS = path.join(__dirname, "..", "scripts");
const SCRIPTS_ON_HOST = "/usr/local/lib/lab";

/**
 * Runs a file of `scripts/` as root. It runs again when its text or its arguments change, or the machine is a new one; so every
 * script can run twice.
 */
export function runScript(
  name: string,
  host: RemoteHost,
  script: string,
  args: pulumi.Input<string>[],
  options: ScriptOptions,
): command.remote.Command {
  const text = fs.readFileSync(path.join(SCRIPTS, script), "utf8");
  if (options.stdin === undefined) {
    return runCommand(name, host, commandLine(["sudo", "bash", "-s", "--"], args, options.rerunOn), text, options);
  }
  const file = path.posix.join(SCRIPTS_ON_HOST, script);
  const installed = installFile(
    `${name}-script`,
    host,
    { path: file, content: text, owner: "root", mode: "0755" },
    { parent: options.parent, dependsOn: options.dependsOn },
  );
  const line = commandLine(["sudo", file], args, [text, ...(options.rerunOn ?? [])]);
  return runCommand(name, host, line, options.stdin, { ...options, dependsOn: installed }, true);
}

/** Writes a file on a host, with owner and mode from the first moment; its folder is made when it is missing. */
export function installFile(
  name: string,
  host: RemoteHost,
  { path: file, content, owner, mode, secret = false }: FileArgs,
  options: RunOptions,
): command.remote.Command {
  const line = `sudo install -D -o ${owner} -g ${owner} -m ${mode} /dev/stdin ${quote(file)}`;
  return runCommand(name, host, line, content, options, secret);
}

function runCommand(
  name: string,
  host: RemoteHost,
  create: pulumi.Input<string>,
  stdin: pulumi.Input<string>,
  { parent, dependsOn, timeout = "10m" }: RunOptions,
  secret = false,
): command.remote.Command {
  return new command.remote.Command(
    name,
    {
      connection: host.connection,
      create,
      stdin: secret ? pulumi.secret(stdin) : stdin,
      triggers: [host.machine],
      // The variables that it would set need AcceptEnv on the host.
      addPreviousOutputInEnv: false,
      // A failure still shows the standard error.
      logging: secret ? command.remote.Logging.None : command.remote.Logging.StdoutAndStderr,
    },
    { parent, dependsOn: allOf(dependsOn, host.ready), customTimeouts: { create: timeout, update: timeout } },
  );
}

/**
 * Ends a domain and its definition before the provider deletes it: on LXC the provider's own way fails (it undefines with flags
 * that the driver does not know). By UUID: the name may be its successor's by then.
 */
export function undefineBeforeDelete(
  name: string,
  libvirtUri: string,
  machine: pulumi.Input<string>,
  options: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): command.local.Command {
  const script = path.join("scripts", "domain-undefine.sh");
  return new command.local.Command(
    name,
    { create: ":", delete: commandLine(["bash", script], [libvirtUri, machine], undefined), triggers: [machine] },
    { ...options, deleteBeforeReplace: true },
  );
}

function allOf(dependsOn: RunOptions["dependsOn"], ready: pulumi.Resource | undefined): RunOptions["dependsOn"] {
  if (ready === undefined) return dependsOn;
  return pulumi.output(dependsOn ?? []).apply((others) => [...(Array.isArray(others) ? others : [others]), ready]);
}

function commandLine(
  words: string[],
  args: pulumi.Input<string>[],
  rerunOn: pulumi.Input<string>[] | undefined,
): pulumi.Input<string> {
  const render = (values: string[], texts: string[]): string =>
    [...words, ...values.map(quote), ...(texts.length > 0 ? [`# ${fingerprint(...texts)}`] : [])].join(" ");
  return pulumi.all([pulumi.all(args), pulumi.all(rerunOn ?? [])]).apply(([values, texts]) => render(values, texts));
}

function quote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
