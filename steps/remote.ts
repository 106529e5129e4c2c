import * as command from "@pulumi/command";
import type * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { fingerprint } from "./fingerprint";
import type { Inventory, ManagedState } from "./inventory";
import { scriptText } from "./script-text";
import { quote } from "./shell-words";

/** A host that commands run on. */
export interface RemoteHost {
  readonly name: string;
  /** IPv4 address. */
  readonly address: string;
  /** How to reach it; its host key is checked. */
  readonly connection: pulumi.Input<command.types.input.remote.ConnectionArgs>;
  /** Changes when the host is recreated: every step runs again then. */
  readonly identity: pulumi.Input<string>;
  /** What every step on the host waits for. */
  readonly ready?: pulumi.Resource;
  /** Where it is taken down what the steps keep on the host, where it is. */
  readonly inventory?: Inventory;
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
   * Files that are written before the script runs, in the same breath: a change of one runs the step again.
   * @default []
   */
  files?: FileArgs[];
  /**
   * What the script reads from its standard input, a secret.
   * @default - nothing
   */
  input?: pulumi.Input<string>;
  /**
   * What the step keeps on the host beside its files, for those who look whether it is still so.
   * @default - nothing
   */
  keeps?: ManagedState;
}

export interface FileArgs {
  path: string;
  /**
   * Where the script moves it to.
   * @default - it stays
   */
  becomes?: string;
  /** Lines, the last one ended like the others. */
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

/**
 * Runs a file of `scripts/` as root. It runs again when its text, its arguments, its files or its input change, or the host is
 * recreated; so every script can run twice. All of it arrives on the standard input of one command: every further one would cost a
 * session, which an emulated host takes a second for.
 */
export function runScript(
  name: string,
  host: RemoteHost,
  script: string,
  args: pulumi.Input<string>[],
  { files = [], input, keeps, ...options }: ScriptOptions,
): command.remote.Command {
  for (const file of files) keepFile(name, host, file);
  if (keeps !== undefined) host.inventory?.addState(keeps, name);
  const text = scriptText(script);
  const stdin = pulumi
    .all([pulumi.all(files.map(({ content }) => content)), input ?? ""])
    .apply(([contents, data]) =>
      [...files.map((file, index) => writeFile(file, contents[index] ?? "")), text, data].join(""),
    );
  const secret = input !== undefined || files.some((file) => file.secret);
  return runCommand(
    name,
    host,
    // As root, one run of a step at a time: what a killed deployment has begun goes on on the host, and the next one must not do the
    // same beside it. What the step starts does not hold the lock.
    commandLine(["sudo", "flock", "--close", `/run/lab-${name}.lock`, "bash", "-s", "--"], args, options.rerunOn),
    stdin,
    options,
    secret,
  );
}

/** Writes a file on a host, with owner and mode from the first moment; its folder is made when it is missing. */
export function installFile(
  name: string,
  host: RemoteHost,
  file: FileArgs,
  options: RunOptions,
): command.remote.Command {
  const { content, secret = false, ...place } = file;
  keepFile(name, host, file);
  return runCommand(name, host, `sudo ${installLine(place)}`, content, options, secret);
}

function keepFile(
  step: string,
  { inventory }: RemoteHost,
  { path: file, becomes = file, content, ...rest }: FileArgs,
): void {
  inventory?.addFile({ ...rest, path: becomes }, content, rest.secret ?? false, step);
}

function installLine({ path: file, owner, mode }: Omit<FileArgs, "content">): string {
  return `install -D -o ${owner} -g ${owner} -m ${mode} /dev/stdin ${quote(file)}`;
}

function writeFile(file: Omit<FileArgs, "content">, content: string): string {
  const end = `end-of-${fingerprint(content)}`;
  return `set -e\n${installLine(file)} <<'${end}'\n${content}${end}\n`;
}

function runCommand(
  name: string,
  host: RemoteHost,
  create: pulumi.Input<string>,
  stdin: pulumi.Input<string>,
  { parent, dependsOn, timeout = "10m" }: RunOptions,
  secret: boolean,
): command.remote.Command {
  return new command.remote.Command(
    name,
    {
      connection: host.connection,
      create,
      stdin: secret ? pulumi.secret(stdin) : stdin,
      triggers: [host.identity],
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
  const script = "scripts/site/domain-undefine.sh";
  return new command.local.Command(
    name,
    { create: ":", delete: commandLine(["bash", script], [libvirtUri, machine], undefined), triggers: [machine] },
    { ...options, deleteBeforeReplace: true },
  );
}

/**
 * Starts a domain for the first time: from a guest that was saved after its boot, where that fits, else by booting it.
 * @param definition What it was defined by: a domain that is defined anew is off.
 */
export function startDomain(
  name: string,
  libvirtUri: string,
  domain: { machine: pulumi.Input<string>; definition: libvirt.DomainArgs; savedGuestPath: string },
  options: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): command.local.Command {
  const script = "scripts/site/domain-start.sh";
  return new command.local.Command(
    name,
    {
      create: commandLine(["bash", script], [libvirtUri, domain.machine, domain.savedGuestPath], undefined),
      triggers: [domain.machine, pulumi.output(domain.definition).apply((known) => fingerprint(JSON.stringify(known)))],
    },
    options,
  );
}

/** Empties the seed of a machine that has read it: it holds the host's SSH key. What asks for a seed again gets a new volume. */
export function emptySeed(
  name: string,
  libvirtUri: string,
  seed: { pool: pulumi.Input<string>; volume: pulumi.Input<string>; machine: pulumi.Input<string> },
  options: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): command.local.Command {
  const script = "scripts/site/seed-empty.sh";
  return new command.local.Command(
    name,
    {
      create: commandLine(["bash", script], [libvirtUri, seed.pool, seed.volume], undefined),
      triggers: [seed.machine],
    },
    options,
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
