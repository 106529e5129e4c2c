import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { commandLine, rerunMark } from "./command-line";
import type { ManagedState } from "./inventory";
import type { RemoteHost } from "./remote-host";
import { exportPort, scriptText } from "./script-text";
import { quote } from "./shell-words";

export interface FileArgs {
  path: string;
  /**
   * The path that the script moves it to.
   * @default - it stays
   */
  becomes?: string;
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

/** Exit status if another run holds the step's lock: neither pgBackRest's (25 to 125) nor a signal's. */
const LOCKED = 200;

export interface ScriptOptions {
  parent: pulumi.Resource;
  /** What must be done before: Pulumi does not see data that passes through a host's disk. */
  dependsOn?: pulumi.ResourceOptions["dependsOn"];
  /**
   * Texts whose change runs the step again, beside its own script, arguments, files and input.
   * @default []
   */
  rerunOn?: pulumi.Input<string>[];
  /**
   * How long the step may take.
   * @default 10 minutes
   */
  timeout?: `${number}m` | `${number}h`;
  /**
   * Files written before the script runs, in the same session; missing folders are created.
   * @default []
   */
  files?: FileArgs[];
  /**
   * What the script reads from its standard input, a secret.
   * @default - nothing
   */
  input?: pulumi.Input<string>;
  /**
   * What the step keeps on the host beside its files.
   * @default - nothing
   */
  keeps?: ManagedState;
  /**
   * Whether it runs on a change alone, and not when it is created, nor on a recreated host.
   * @default false
   */
  onlyOnChange?: boolean;
}

/**
 * Runs a file of `scripts/` as root. It runs again when its text, its arguments, its files or its input change, or the host is recreated; so
 * every script can run twice. All of it arrives on the standard input of one command: another session would take an emulated host a second.
 * The host's inventory records what the step keeps there.
 */
export function runScript(
  name: string,
  host: RemoteHost,
  script: string,
  args: pulumi.Input<string>[],
  { parent, dependsOn, rerunOn = [], timeout = "10m", files = [], input, keeps, onlyOnChange = false }: ScriptOptions,
): command.remote.Command {
  // Another step keeps what this one changes.
  if (!onlyOnChange) host.inventory.addStep(name, files, keeps);
  const writes = files.map(({ content, ...place }) => pulumi.output(content).apply((text) => writeFile(place, text)));
  const stdin = pulumi
    .all([...writes, exportPort(host.plan), scriptText(script), input ?? ""])
    .apply((parts) => parts.join(""));
  const secret = input !== undefined || files.some((file) => file.secret);
  const line = pulumi.interpolate`${oneAtATime(name, host.name, args, timeout)}${rerunMark(rerunOn)}`;
  return new command.remote.Command(
    name,
    {
      connection: host.connection,
      [onlyOnChange ? "update" : "create"]: line,
      stdin: secret ? pulumi.secret(stdin) : stdin,
      triggers: [host.identity],
      // Its variables would need AcceptEnv on the host.
      addPreviousOutputInEnv: false,
      // A failure still shows the standard error.
      logging: secret ? command.remote.Logging.None : command.remote.Logging.StdoutAndStderr,
    },
    { parent, dependsOn: allOf(dependsOn, host.ready), customTimeouts: { create: timeout, update: timeout } },
  );
}

/**
 * Runs a file of `scripts/` as root when the step is deleted, before its dependencies are. Never otherwise: on a machine that was installed
 * anew there is nothing to take back.
 */
export function runScriptOnDelete(
  name: string,
  host: RemoteHost,
  script: string,
  args: pulumi.Input<string>[],
  options: Pick<ScriptOptions, "parent" | "dependsOn"> & Pick<pulumi.ResourceOptions, "protect">,
): command.remote.Command {
  return new command.remote.Command(
    name,
    {
      connection: host.connection,
      ...{ create: ":", delete: oneAtATime(name, host.name, args, "10m"), stdin: scriptText(script) },
      addPreviousOutputInEnv: false,
    },
    options,
  );
}

/**
 * The lines of bash that write a file, with owner and mode from the first moment, and the content as one quoted word. Whenever the run or the
 * host's power ends, it is the old one or the new one: the content is on the disk before it gets its name.
 */
export function writeFile({ path: file, owner, mode }: Omit<FileArgs, "content">, content: string): string {
  const [written, place] = [quote(`${file}.lab-new`), quote(file)];
  return [
    "set -e",
    `printf %s ${quote(content)} | install -D -o ${owner} -g ${owner} -m ${mode} /dev/stdin ${written}`,
    `sync ${written}`,
    `mv -T ${written} ${place}\n`,
  ].join("\n");
}

/**
 * The command that runs a step from its standard input, as root, under a lock: a step left by an interrupted deployment still runs on the
 * host, and the next run waits for it, half of the step's time-out. Processes that the step leaves running do not hold the lock.
 */
function oneAtATime(
  name: string,
  host: string,
  args: pulumi.Input<string>[],
  timeout: NonNullable<ScriptOptions["timeout"]>,
): pulumi.Output<string> {
  const seconds = (parseInt(timeout) * (timeout.endsWith("h") ? 3600 : 60)) / 2;
  const refusal = `${host}: another run still works on this step; hint: wait for it; sudo lslocks on the host shows its process`;
  const lock = [
    "sudo",
    "flock",
    "--close",
    `--timeout=${seconds}`,
    `--conflict-exit-code=${LOCKED}`,
    `/run/lab-${name}.lock`,
  ];
  const command = commandLine([...lock, "bash", "-s", "--"], args);
  return pulumi.interpolate`${command} || { s=$?; [ $s != ${LOCKED} ] || echo ${quote(refusal)} >&2; exit $s; }`;
}

function allOf(dependsOn: ScriptOptions["dependsOn"], ready: pulumi.Resource | undefined): ScriptOptions["dependsOn"] {
  if (ready === undefined) return dependsOn;
  return pulumi.output(dependsOn ?? []).apply((others) => [...(Array.isArray(others) ? others : [others]), ready]);
}
