import type { ClientChannel } from "ssh2";
import { Client } from "ssh2";
import type { DeployedHost } from "./proofs";
import { ownText, scriptText } from "../steps/script-text";
import { quote } from "../steps/shell-words";
import type { DeployedLab } from "../cli/stack/deployed-lab";

/** How long a host may take until it lets us in, in seconds. */
const CONNECT_SECONDS = 4;

/** How long a script may take to read its fact, in seconds. */
const SCRIPT_SECONDS = 8;

/** A script of `scripts/` that prints one fact as JSON. */
export interface FactScript {
  readonly fact: string;
  readonly script: string;
  readonly args: readonly string[];
  /** How long it may take, in seconds, where that is not as long as the others. */
  readonly seconds?: number;
}

/** What was read: facts by name, and a sentence for each that could not be read. */
export interface ReadFacts {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly failures: readonly string[];
}

/**
 * Reads facts from a host in one session, side by side. What cannot be read is a failure: this never rejects.
 *
 * @param slowness how many times longer than others this host may take
 */
export async function readFromHost(
  lab: Pick<DeployedLab, "ssh">,
  host: DeployedHost,
  scripts: readonly FactScript[],
  slowness: number,
): Promise<ReadFacts> {
  let client: Client;
  try {
    client = await connect(lab, host, CONNECT_SECONDS * slowness);
  } catch (error) {
    return { facts: {}, failures: [`no SSH connection to ${host.address}: ${(error as Error).message}`] };
  }
  try {
    const longest = Math.max(SCRIPT_SECONDS * slowness, ...scripts.map(({ seconds = 0 }) => seconds));
    return parseAnswer(await ask(client, renderQuestion(scripts, slowness), longest + 5), scripts);
  } catch (error) {
    return { facts: {}, failures: [`observe/facts-read.sh: ${(error as Error).message}`] };
  } finally {
    client.end();
  }
}

/** The program of one bash that runs the scripts by `observe/facts-read.sh`. */
export function renderQuestion(scripts: readonly FactScript[], slowness: number): string {
  const words = scripts.flatMap(({ fact, script, args, seconds = SCRIPT_SECONDS * slowness }) =>
    [fact, String(seconds), String(1 + args.length), ownText(script), ...args].map(quote),
  );
  return `export SLOWNESS=${slowness}\nset -- ${words.join(" ")}\n${scriptText("observe/facts-read.sh", ...scripts.map(({ script }) => script))}`;
}

/** What `observe/facts-read.sh` prints. */
export function parseAnswer(answer: string, scripts: readonly FactScript[]): ReadFacts {
  const lines = linesOf(answer);
  const answers = new Map<string, { status: string; told: string }>();
  while (lines.length > 0) {
    const [fact = "", status = "unknown", count = "0"] = lines.shift()?.split(" ") ?? [];
    answers.set(fact, { status, told: lines.splice(0, Number(count)).join("\n") });
  }
  const facts: Record<string, unknown> = {};
  const failures: string[] = [];
  for (const { fact, script } of scripts) {
    const { status = "unknown", told = "" } = answers.get(fact) ?? {};
    try {
      if (status === "124") throw new Error("no answer in time");
      if (status !== "0") throw new Error(`exit status ${status}: ${lastLines(told, 5)}`);
      facts[fact] = JSON.parse(told);
    } catch (error) {
      failures.push(`${script}: ${(error as Error).message}`);
    }
  }
  return { facts, failures };
}

/** The lines of a text whose last one ends like the others. */
function linesOf(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

function connect({ ssh }: Pick<DeployedLab, "ssh">, { name, address }: DeployedHost, seconds: number): Promise<Client> {
  const [algorithm = "", key = ""] = ssh.hostKeys[name]?.split(" ") ?? [];
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.once("ready", () => {
      resolve(client);
    });
    // Stays, so that a connection that breaks later ends its channels, not this process.
    client.on("error", reject);
    client.connect({
      host: address,
      username: ssh.user,
      privateKey: ssh.privateKey,
      readyTimeout: seconds * 1000,
      // Not whether there is another way: an emulated host takes a tenth of a second to say no.
      authHandler: ["publickey"],
      algorithms: { serverHostKey: [algorithm as "ssh-ed25519"] },
      hostVerifier: (shown: Buffer) => shown.equals(Buffer.from(key, "base64")),
    });
  });
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
