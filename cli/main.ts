import { Command, InvalidArgumentError, Option } from "commander";
import { asRoot, handOver, thisCommand } from "./stack/hand-over";
import type { Invocation, Options } from "./invocation";
import { addHost, addSetting, stackOf } from "./invocation";

const DEFAULT_STACK = "local";

const ALLOW_EXPIRING = "go on although a certificate that this run does not renew ends in less than 7 days";

const EXAMPLES = `
Examples:
  ./lab up                                 set up what is missing, bring up the lab, prove it
  ./lab up --config standbys=3             the same with three standbys
  ./lab status --json                      prove it again, changing nothing
  ./lab doctor                             what is wrong, where, and what to do
  ./lab drift --fix                        put back what on the hosts is not as the program wrote it
  ./lab ssh pg1-srv -- sudo -iu postgres psql -c "'select pg_is_in_recovery()'"
  ./lab destroy --yes                      leave nothing behind but the cached image`;

const program = new Command("lab")
  .description("A PostgreSQL backup plane on this machine: pgBackRest over mutual TLS, stood up and proven.")
  .option("--stack <name>", "the stack to work on", DEFAULT_STACK)
  .addOption(
    new Option("--config <key=value>", "configuration for this run only (repeatable)")
      .default({}, "none")
      .argParser(addSetting),
  )
  .addOption(
    new Option("--engine <name>", "what carries the program out (default: pulumi when it is on PATH)").choices([
      "pulumi",
      "embedded",
    ]),
  )
  .option("--yes", "ask nothing")
  .option("--debug", "tell more, and show stack traces")
  .configureHelp({ showGlobalOptions: true })
  .addHelpText("after", EXAMPLES);

program
  .command("up")
  .description("set up what is missing, bring up the lab, prove it")
  .addOption(
    new Option(
      "--yes-replace <host>",
      "begin anew a repository host or primary whose disk is lost or would be replaced (repeatable)",
    )
      .default([], "none: such an up is refused")
      .argParser(addHost),
  )
  .option("--allow-expiring", ALLOW_EXPIRING)
  .action((flags: { yesReplace: string[]; allowExpiring?: boolean }) =>
    perform(async (invocation) => (await import("./commands/up")).up(invocation, flags)),
  );
program
  .command("preview")
  .description("show what `up` would change; installs and starts nothing")
  .option("--json", "print JSON")
  .option("--allow-expiring", ALLOW_EXPIRING)
  .action((flags: { json?: boolean; allowExpiring?: boolean }) =>
    perform(async (invocation) => (await import("./commands/preview")).preview(invocation, flags)),
  );
program
  .command("status")
  .description("prove the lab, changing nothing; exit status 1 when it is not proven")
  .option("--json", "print JSON")
  .action((flags: { json?: boolean }) =>
    perform(async (invocation) => (await import("./commands/status")).status(invocation, flags)),
  );
program
  .command("doctor")
  .description("find out what is wrong with the lab, and what to do about it; exit status 1 when something failed")
  .option("--verify", "have pgBackRest read every file of the repository too")
  .option("--json", "print JSON")
  .action((flags: { json?: boolean; verify?: boolean }) =>
    perform(async (invocation) => (await import("./commands/doctor")).doctor(invocation, flags)),
  );
program
  .command("drift")
  .description(
    "compare files, units, packages and settings on the hosts with what the program wants; exit status 1 when they differ",
  )
  .option("--fix", "run the steps again that put it right, and no others")
  .option(
    "--verify",
    "have pgBackRest read every file of the repository too; --fix then takes a new full backup if one is damaged",
  )
  .option("--json", "print JSON")
  .action((flags: { json?: boolean; fix?: boolean; verify?: boolean }) =>
    perform(async (invocation) => (await import("./commands/drift")).drift(invocation, flags)),
  );
program
  .command("ssh")
  .description("open a shell on a host, or run a command there")
  .argument("<host>")
  .argument("[command...]", "words, joined for the host's shell; put -- before them")
  .action((host: string, command: string[]) =>
    perform(async (invocation) => (await import("./commands/ssh")).ssh(invocation, host, command)),
  );
program
  .command("outputs")
  .description("show the stack's outputs")
  .option("--json", "print JSON")
  .option("--show-secrets", "show secrets too")
  .action((flags: { json?: boolean; showSecrets?: boolean }) =>
    perform(async (invocation) => (await import("./commands/outputs")).outputs(invocation, flags)),
  );
const api = program
  .command("api")
  .description("ask the backup API as one of its clients: status, diagnose, servers/NAME/operations …")
  .argument("<path>")
  .option("--client <name>", "common name of the client (default: the first one)")
  .option("--post <json>", "send this by POST")
  .action((path: string, flags: { client?: string; post?: string }) =>
    perform(async (invocation) => (await import("./commands/api")).api(invocation, path, flags)),
  );
api
  .command("credentials")
  .description("write a client's key, certificate and authority into a folder, and print the line for curl")
  .argument("<folder>")
  // The option is the parent's.
  .action((folder: string) =>
    perform(async (invocation) =>
      (await import("./commands/api")).apiCredentials(invocation, folder, api.opts<{ client?: string }>()),
    ),
  );
program
  .command("rotate-ca")
  .description(
    "put a new certificate authority in the old one's place, stage by stage, each proven; goes on where it was ended",
  )
  .option("--abort", "go back, while every host still trusts the old authority")
  .option("--allow-expiring", ALLOW_EXPIRING)
  .action((flags: { abort?: boolean }) =>
    perform(async (invocation) => (await import("./commands/rotate-ca")).rotateCa(invocation, flags)),
  );
program
  .command("prepare")
  .description("install what is missing, build the image, start the private libvirtd")
  .action(() => perform(async (invocation) => (await import("./commands/prepare")).prepare(invocation)));
program
  .command("destroy")
  .description("take the lab down, with its private libvirtd and its state; the cached image stays")
  .action(() => perform(async (invocation) => (await import("./commands/destroy")).destroy(invocation)));
program
  .command("clean")
  .description("remove the cached images")
  .action(() => perform(async () => (await import("./commands/clean")).clean()));
program
  .command("bench")
  .description("time the stack's lab: image, up, second up, destroy; prints Markdown")
  .option("--runs <number>", "how often the lab is brought up and taken down", positiveInteger, 1)
  .action((flags: { runs: number }) =>
    perform(async (invocation) => (await import("./commands/bench")).bench(invocation, flags), needsRootAlways),
  );
program
  .command("test")
  .description(
    "set up what is missing, run every test; further words go to vitest; LAB_DEPTH=quick leaves virtual machines out, LAB_DEPTH=full tests all four",
  )
  .option("--scenario <name>", "run this scenario alone")
  .argument("[vitest...]")
  .allowUnknownOption()
  .action((words: string[], flags: { scenario?: string }) =>
    perform(async (invocation) => (await import("./commands/test")).test(invocation, words, flags), needsRootAlways),
  );

function positiveInteger(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return Number(text);
}

/** A private libvirtd makes network namespaces and mounts. */
function needsRoot(invocation: Invocation): boolean {
  return stackOf(invocation).isPrivate;
}

function needsRootAlways(): boolean {
  return true;
}

async function perform(
  work: (invocation: Invocation) => Promise<number>,
  rootNeeded: (invocation: Invocation) => boolean = needsRoot,
): Promise<void> {
  const { signal, received } = abortOnSignal();
  const options = program.opts<Options>();
  try {
    const invocation: Invocation = { options, signal };
    const command = process.getuid?.() !== 0 && rootNeeded(invocation) ? asRoot(thisCommand()) : undefined;
    process.exitCode = command === undefined ? await work(invocation) : await handOver(command);
  } catch (error) {
    process.stderr.write(`lab: ${tell(error, options.debug === true)}\n`);
    process.exitCode = 1;
  }
  if (signal.aborted) process.exitCode = 128 + received();
  // What still listens to a host or to a child is of no use any more.
  process.exit();
}

function tell(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError") return "interrupted";
  return debug ? (error.stack ?? error.message) : error.message;
}

/** The first SIGINT or SIGTERM aborts, the second ends at once. */
function abortOnSignal(): { signal: AbortSignal; received: () => number } {
  const controller = new AbortController();
  let number = 0;
  let first = 0;
  const onSignal = (_name: NodeJS.Signals, value: number): void => {
    // A terminal sends Ctrl-C to a process and to its parent, which passes it on: twice is once then.
    if (controller.signal.aborted && performance.now() - first < 300) return;
    if (controller.signal.aborted) process.exit(128 + value);
    number = value;
    first = performance.now();
    controller.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return { signal: controller.signal, received: () => number };
}

void program.parseAsync();
