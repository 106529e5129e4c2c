import { Command, InvalidArgumentError, Option } from "commander";
import { addSetting, type Invocation, type Options } from "./invocation";
import { perform } from "./perform";

const DEFAULT_STACK = "local";

const EXAMPLES = `
Examples:
  ./lab up                                 prepare this machine, bring up the lab, verify it
  ./lab up --config standbys=3             the same with three standbys
  ./lab status --json                      verify it again, without a change
  ./lab doctor                             what is wrong, where, and what to do
  ./lab drift --fix                        restore what differs on the hosts
  ./lab ssh pg1-srv -- sudo -iu postgres psql -c "'select pg_is_in_recovery()'"
  ./lab destroy --yes                      remove everything but the cached image`;

const UPDATE_EXAMPLES = `
Examples:
  ./lab update --check                     what waits on each host: PostgreSQL, security, held packages
  ./lab update --yes                       update PostgreSQL, and restart it, host by host`;

const program = new Command("lab")
  .description("A PostgreSQL backup plane on this machine: pgBackRest over mutual TLS, brought up and verified.")
  .option("--stack <name>", "the stack to work on", DEFAULT_STACK)
  .addOption(
    new Option("--config <key=value>", "configuration for this run only (repeatable)")
      .default({}, "none")
      .argParser(addSetting),
  )
  .addOption(
    new Option(
      "--engine <name>",
      "the engine (default: the one that created the stack, else pulumi when it is on PATH or built by ./lab engine)",
    ).choices(["pulumi", "embedded"]),
  )
  .option("--yes", "ask no questions")
  .option("--debug", "print more, and stack traces")
  .configureHelp({ showGlobalOptions: true })
  .addHelpText("after", EXAMPLES);

/** Adds a subcommand. Its work is loaded on its call, and gets its arguments, then its options. */
function subcommand(
  usage: string,
  description: string,
  load: () => Promise<(invocation: Invocation, ...given: never[]) => number | Promise<number>>,
  { parent = program, needsRoot = false } = {},
): Command {
  const action = (...given: unknown[]): Promise<void> =>
    perform(
      program.opts<Options>(),
      // The last one is the command itself.
      async (invocation) => (await load())(invocation, ...(given.slice(0, -1) as never[])),
      needsRoot,
    );
  return parent.command(usage).description(description).action(action);
}

const json = (): Option => new Option("--json", "print JSON");
const allowExpiring = (): Option =>
  new Option(
    "--allow-expiring",
    "continue although a certificate that this run does not renew expires in less than 7 days",
  );
const verify = (more = ""): Option =>
  new Option("--verify", `also have pgBackRest verify every file of the repository${more}`);

subcommand("up", "prepare this machine, bring up the lab, verify it", async () => (await import("./commands/up")).up)
  .addOption(
    new Option(
      "--yes-replace <host>",
      "accept that up loses the data of this repository host, primary or Barman host (repeatable)",
    )
      .default([], "none: an up that would lose data is refused")
      .argParser((host: string, others: readonly string[]) => [...others, host]),
  )
  .addOption(allowExpiring())
  .option(
    "--postgresql-upgraded",
    "accept another lab:postgresqlVersion: PostgreSQL was upgraded by hand (docs/major-upgrade.md); a host that has the old one refuses",
  )
  .option("--only-configuration", "apply the configuration only: leave alone what differs on the hosts");
subcommand(
  "preview",
  "show what `up` would change; installs and starts nothing",
  async () => (await import("./commands/preview")).preview,
)
  .addOption(json())
  .addOption(allowExpiring());
subcommand(
  "preflight",
  "find what keeps machines that exist from being in the lab, without a change (lab:hosts with existing); exit status 1 when something does",
  async () => (await import("./commands/preflight")).preflight,
).addOption(json());
subcommand(
  "status",
  "verify the lab, without a change; exit status 1 when it is not proven",
  async () => (await import("./commands/status")).status,
).addOption(json());
subcommand(
  "doctor",
  "find what is wrong with the lab, and what to do; exit status 1 when a check failed",
  async () => (await import("./commands/doctor")).doctor,
)
  .addOption(verify())
  .addOption(json());
subcommand(
  "drift",
  "compare files, units, packages and settings on the hosts with the program; exit status 1 when they differ",
  async () => (await import("./commands/drift")).drift,
)
  .option("--fix", "run the steps again that correct the drift, and no others")
  .addOption(verify("; --fix then takes a new full backup if one is damaged"))
  .addOption(json());
subcommand(
  "update",
  "update PostgreSQL to its packages' newer minor version, the standbys first, and verify the lab; exit status 1 when it is not proven",
  async () => (await import("./commands/update")).update,
)
  .option(
    "--check",
    "say what waits on each host, and change nothing; exit status 1 when PostgreSQL or security updates wait",
  )
  .addOption(json())
  .addHelpText("after", UPDATE_EXAMPLES);
subcommand(
  "ssh <host>",
  "open a shell on a host, or run a command there",
  async () => (await import("./commands/ssh")).ssh,
).argument("[command...]", "joined with blanks for the host's shell; put -- before it");
subcommand("outputs", "show the stack's outputs", async () => (await import("./commands/outputs")).outputs)
  .addOption(json())
  .option("--show-secrets", "show secrets too");
subcommand(
  "secrets",
  "show the passphrases of encrypted repositories, to be kept elsewhere: a restore without this project needs them",
  async () => (await import("./commands/secrets")).secrets,
).addOption(json());
const api = subcommand(
  "api <path>",
  "send a request to the backup API as one of its clients: status, diagnose, servers/NAME/operations …",
  async () => (await import("./commands/api")).api,
)
  .option("--client <name>", "common name of the client (default: the first one)")
  .option("--post <json>", "send this JSON by POST");
subcommand(
  "credentials <folder>",
  "write a client's key and certificate and the CA's certificate into a folder, and print a curl command",
  async () => {
    const { apiCredentials } = await import("./commands/api");
    // The option is the parent's.
    return (invocation, folder: string) => apiCredentials(invocation, folder, api.opts<{ client?: string }>());
  },
  { parent: api },
);
subcommand(
  "rotate-ca",
  "replace the CA, stage by stage, each verified; resumes after an interruption",
  async () => (await import("./commands/rotate-ca")).rotateCa,
)
  .option("--abort", "go back, while every host still trusts the old CA")
  .addOption(allowExpiring());
subcommand(
  "prepare",
  "install missing packages, build the image, start the private libvirtd",
  async () => (await import("./commands/prepare")).prepare,
);
subcommand(
  "destroy",
  "remove the lab and its backups, its private libvirtd and its state; the cached image stays",
  async () => (await import("./commands/destroy")).destroy,
).option("--unprotect", "destroy protected disks too (lab:protect)");
subcommand(
  "engine",
  "build Pulumi's CLI from the Go module registry, for machines without one",
  async () => (await import("./commands/engine")).engine,
);
subcommand("clean", "remove the cached images", async () => (await import("./commands/clean")).clean);
subcommand(
  "bench",
  "time the stack's lab: image, up, second up, destroy; prints Markdown",
  async () => (await import("./commands/bench")).bench,
  { needsRoot: true },
)
  .option("--runs <number>", "how often the lab is brought up and destroyed, or its data moved", positiveInteger, 1)
  .option(
    "--data <MiB>",
    "time backups, restores and archiving of this much data instead, with the lab's defaults and with the options of 2022 in turns",
    positiveInteger,
  );
subcommand(
  "test [vitest...]",
  "install missing packages, run every test; further arguments are vitest's; LAB_DEPTH=quick skips virtual machines, LAB_DEPTH=full tests four of them, LAB_TURN=1, 2, 3 or commit leaves some scenarios to the other turns",
  async () => (await import("./commands/test")).test,
  { needsRoot: true },
)
  .option("--scenario <name>", "run this scenario alone")
  .allowUnknownOption();

function positiveInteger(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1.");
  return Number(text);
}

void program.parseAsync();
