import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Client, ClientChannel } from "ssh2";
import { Slots } from "../slots";
import { covers } from "../values";
import { type Connection, dial } from "./connection";
import type { Driver, Task } from "./driver";
import { type Conduct, finish, runProcess, type Texts, whenAborted } from "./running";

type Inputs = Partial<Record<"create" | "update" | "delete", string>> & Conduct & { connection: Connection };
type Run = (command: string, inputs: Inputs, task: Task) => Promise<Texts>;

const COMMON = ["create", "update", "delete", "stdin", "triggers", "logging", "addPreviousOutputInEnv"];
const SERVER = ["host", "port", "user", "privateKey", "hostKey", "dialErrorLimit", "perDialTimeout"];
const CONNECTION = ["connection", "connection.proxy"].flatMap((server) => SERVER.map((name) => `${server}.${name}`));
/** sshd allows ten sessions a connection (MaxSessions); two are left for others. */
const SESSIONS = 8;
const NOTHING: Texts = { stdout: "", stderr: "" };

/** The types of `@pulumi/command`. `close` closes the connections, one a host. */
export function commandDrivers(projectFolder: string): {
  drivers: Readonly<Record<string, Driver>>;
  close: () => void;
} {
  const hosts = new Map<string, Host>();
  const remote: Run = (command, { connection, ...conduct }, task) => {
    const key = JSON.stringify(connection);
    const host = hosts.get(key) ?? new Host(connection);
    hosts.set(key, host);
    return host.run(command, conduct, task);
  };
  const local: Run = (command, conduct, task) =>
    runProcess(["/bin/sh", "-c", command], { ...conduct, cwd: projectFolder, what: command }, task);
  return {
    drivers: {
      "command:remote:Command": driver([...COMMON, ...CONNECTION], remote),
      "command:local:Command": driver(COMMON, local),
    },
    close: () => {
      for (const host of hosts.values()) host.close();
    },
  };
}

function driver(known: string[], run: Run): Driver {
  const runIfGiven = async (command: string | undefined, inputs: Inputs, task: Task, { stdout, stderr } = NOTHING) =>
    command === undefined ? { stdout, stderr } : run(command, { logging: "stdoutAndStderr", ...inputs }, task);
  const made: Driver<Inputs, Texts> = {
    inputs: known,
    change: (paths) => (paths.some((path) => covers("triggers", path)) ? "replace" : "update"),
    create: async ({ inputs }, task) => ({ id: randomUUID(), outputs: await runIfGiven(inputs.create, inputs, task) }),
    update: ({ inputs, outputs }, task) => runIfGiven(inputs.update ?? inputs.create, inputs, task, outputs),
    delete: async ({ inputs }, task) => {
      await runIfGiven(inputs.delete, inputs, task);
    },
  };
  return made;
}

/** A host, over one connection for all its commands. */
class Host {
  private readonly slots = new Slots(SESSIONS);
  private client: Promise<Client> | undefined;

  constructor(private readonly connection: Connection) {}

  run(command: string, conduct: Conduct, task: Task): Promise<Texts> {
    return this.slots.run(async () => {
      const channel = await this.open(command, task.signal);
      whenAborted(task.signal, channel.close.bind(channel));
      return finish(command, channel, conduct, task);
    });
  }

  close(): void {
    this.client?.then((client) => client.end()).catch(() => undefined);
  }

  /** Starts a command, with as many attempts to connect as are allowed; without a limit, every 200 ms: the host is booting. */
  private async open(command: string, signal: AbortSignal): Promise<ClientChannel> {
    const { user, host, port, dialErrorLimit } = this.connection;
    for (let failures = 1; ; failures++) {
      const dialled = (this.client ??= this.dial());
      try {
        const client = await dialled;
        const exec: (command: string) => Promise<ClientChannel> = promisify(client.exec.bind(client));
        return await exec(command);
      } catch (error) {
        if (this.client === dialled) this.client = undefined;
        if (signal.aborted || (dialErrorLimit >= 0 && failures > dialErrorLimit))
          throw new Error(`no SSH to ${user}@${host}:${port} in ${failures} attempts: ${(error as Error).message}`);
        await sleep(dialErrorLimit < 0 ? 200 : Math.min(100 * 1.5 ** failures, 5000));
      }
    }
  }

  private async dial(): Promise<Client> {
    const client = await dial(this.connection);
    client.once("close", () => {
      this.client = undefined;
    });
    return client;
  }
}
