import type { Client, ClientChannel } from "ssh2";
import { accessTo, type SshAccess } from "../plan/access";
import type { LabConfig } from "../config/schema";
import type { Host } from "../config/hosts";
import { exportPort, ownText, scriptText } from "../steps/script-text";
import { quote } from "../steps/shell-words";
import { connect } from "./connection";
import type { HostFacts, ReadHost } from "./facts";
import type { Question } from "./questions";

/** How long hosts may take. */
export interface Patience {
  /** Seconds until a host authorizes the connection. */
  readonly connect: number;
  /** Seconds for a script to read its fact. */
  readonly script: number;
  /** Seconds until what was started, and answers, is as it stays: PostgreSQL tries a minute later to archive what it could not. */
  readonly settle: number;
  /** How many times longer than a container's a host's own limits are. */
  readonly slowness: number;
}

/**
 * How many times longer than a container a host may take. With containers the doctor must be done in 10 seconds, whatever is wrong; an
 * emulated host is slower at everything, and four of them share this machine's processors.
 */
const SLOWNESS = { lxc: 1, kvm: 2, qemu: 20 } as const;

/**
 * The patience that a lab's hosts need.
 * @param booted whether some of them have just been started: emulated ones boot slowly.
 */
export function patienceWith({ hypervisor }: Pick<LabConfig, "hypervisor">, booted = false): Patience {
  const slowness = SLOWNESS[hypervisor];
  return { connect: 4 * slowness, script: 8 * slowness, settle: booted ? 240 : 75, slowness };
}

/** Asks a host in one session, the scripts side by side. What cannot be read has its reason: this never rejects. */
export async function askHost(
  ssh: SshAccess,
  host: Parameters<typeof accessTo>[1] & Pick<Host, "postgresqlPort">,
  questions: readonly Question[],
  patience: Patience,
): Promise<ReadHost> {
  let client: Client;
  try {
    client = await connect(accessTo(ssh, host), patience.connect);
  } catch (error) {
    return { facts: {}, unread: {}, unreachable: (error as Error).message };
  }
  try {
    const longest = Math.max(patience.script, ...questions.map(({ seconds = 0 }) => seconds));
    return parseAnswer(await ask(client, renderQuestions(questions, patience, host), longest + 5), questions);
  } catch (error) {
    return { facts: {}, unread: { everything: (error as Error).message } };
  } finally {
    client.end();
  }
}

/** The program of one bash that runs the scripts by `observe/facts-read.sh`. */
export function renderQuestions(
  questions: readonly Question[],
  patience: Pick<Patience, "script" | "slowness">,
  host: Pick<Host, "postgresqlPort"> = {},
): string {
  const words = questions.flatMap(({ fact, script, args, seconds = patience.script }) =>
    [fact, String(seconds), String(1 + args.length), ownText(script), ...args].map(quote),
  );
  return `export SLOWNESS=${patience.slowness}\n${exportPort(host)}set -- ${words.join(" ")}\n${scriptText("observe/facts-read.sh", ...questions.map(({ script }) => script))}`;
}

/** What `observe/facts-read.sh` prints. */
export function parseAnswer(answer: string, questions: readonly Question[]): ReadHost {
  const lines = linesOf(answer);
  const answers = new Map<string, { status: string; told: string }>();
  while (lines.length > 0) {
    const [fact = "", status = "unknown", count = "0"] = lines.shift()?.split(" ") ?? [];
    answers.set(fact, { status, told: lines.splice(0, Number(count)).join("\n") });
  }
  const facts: Partial<Record<keyof HostFacts, unknown>> = {};
  const unread: Record<string, string> = {};
  for (const { fact, parse } of questions) {
    const { status = "unknown", told = "" } = answers.get(fact) ?? {};
    try {
      if (status === "124") throw new Error("no answer in time");
      if (status !== "0") throw new Error(`exit status ${status}: ${lastLines(told, 5)}`);
      facts[fact] = parse(told);
    } catch (error) {
      unread[fact] = (error as Error).message;
    }
  }
  return { facts: facts as HostFacts, unread };
}

/** The lines of a text whose last one ends like the others. */
function linesOf(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

/** Has root's bash run a text, and gives what that prints. Taken as a whole: bash would read each of its bytes by itself. */
async function ask(client: Client, text: string, seconds: number): Promise<string> {
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.exec(`sudo bash -c 'eval "$(cat)"'`, (error, opened) => {
      if (error === undefined) resolve(opened);
      else reject(error);
    });
  });
  return new Promise((resolve, reject) => {
    const output: Buffer[] = [];
    const complaints: Buffer[] = [];
    const timer = setTimeout(() => {
      reject(new Error(`no answer in ${seconds} seconds`));
      channel.close();
    }, seconds * 1000);
    channel.on("data", (data: Buffer) => output.push(data));
    channel.stderr.on("data", (data: Buffer) => complaints.push(data));
    channel.on("close", (status: number | null) => {
      clearTimeout(timer);
      if (status === 0) resolve(Buffer.concat(output).toString());
      else
        reject(new Error(`exit status ${status ?? "unknown"}: ${lastLines(Buffer.concat(complaints).toString(), 5)}`));
    });
    channel.end(text);
  });
}

function lastLines(text: string, count: number): string {
  return text.trim().split("\n").slice(-count).join("; ");
}
