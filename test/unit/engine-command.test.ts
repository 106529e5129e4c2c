import * as net from "node:net";
import type { AddressInfo } from "node:net";
import { utils, Server } from "ssh2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commandDrivers } from "../../engine/drivers/command";
import type { Task } from "../../engine/drivers/driver";
import { generateEd25519 } from "../../engine/drivers/ed25519";
import type { Properties } from "../../engine/values";

const hostKey = generateEd25519();
const otherKey = generateEd25519();
const clientKey = generateEd25519();

/** An SSH server, which forwards connections too, whose commands are a few words: `echo WORDS`, `cat`, `fail`, `hang`, `drop`. */
class Host {
  connections = 0;
  open = 0;
  running = 0;
  mostRunning = 0;
  readonly forwarded: string[] = [];
  private readonly server = new Server({ hostKeys: [hostKey.private] }, (client) => {
    this.connections++;
    this.open++;
    client.on("close", () => this.open--);
    client.on("authentication", (context) => {
      const allowed = utils.parseKey(clientKey.public);
      const isKnown =
        context.method === "publickey" &&
        !(allowed instanceof Error) &&
        context.key.data.equals(allowed.getPublicSSH());
      if (isKnown) context.accept();
      else context.reject(["publickey"]);
    });
    client.on("error", () => undefined);
    client.on("tcpip", (accept, _, { destIP, destPort }) => {
      this.forwarded.push(`${destIP}:${destPort}`);
      const channel = accept();
      channel.pipe(net.connect(destPort, destIP)).pipe(channel);
    });
    client.on("session", (accept) => {
      const session = accept();
      session.on("exec", (acceptExec, _, { command }) => {
        const channel = acceptExec();
        this.mostRunning = Math.max(this.mostRunning, ++this.running);
        let input = "";
        channel.on("data", (text: Buffer) => (input += text.toString()));
        channel.on("end", () => {
          if (command === "hang") return;
          if (command === "drop") return void client.end();
          setTimeout(() => {
            this.running--;
            if (command.startsWith("echo ")) channel.write(`${command.slice(5)}\n\n`);
            if (command === "cat") channel.write(input);
            if (command === "fail")
              channel.stderr.write(Array.from({ length: 30 }, (__, line) => `line ${line + 1}\n`).join(""));
            channel.exit(command === "fail" ? 56 : 0);
            channel.end();
          }, 50);
        });
      });
    });
  });

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
  }
}

describe("the driver of remote commands", () => {
  let host: Host;
  let port: number;
  let commands: ReturnType<typeof commandDrivers>;
  const lines: string[] = [];
  const task = (signal = new AbortController().signal): Task => ({ signal, log: (line) => lines.push(line) });

  const connection = (changes: Properties = {}): Properties => ({
    host: "127.0.0.1",
    port,
    user: "lab",
    privateKey: clientKey.private,
    hostKey: `${hostKey.public}\n`,
    dialErrorLimit: 0,
    perDialTimeout: 5,
    ...changes,
  });

  async function create(inputs: Properties, given = task()): Promise<Properties> {
    const driver = commands.drivers["command:remote:Command"];
    if (!driver) throw new Error("no driver");
    return (
      await driver.create(
        { inputs: { connection: connection(), ...inputs }, outputs: { uuid: "" }, provider: {} },
        given,
      )
    ).outputs;
  }

  beforeEach(async () => {
    host = new Host();
    port = await host.listen();
    commands = commandDrivers("/");
    lines.length = 0;
  });
  afterEach(() => {
    commands.close();
    host.close();
  });

  it("runs over one connection, eight commands at a time", async () => {
    const words = Array.from({ length: 20 }, (_, index) => `word-${index}`);
    const outputs = await Promise.all(words.map((word) => create({ create: `echo ${word}` })));
    // One line's end is taken off, as the real provider does.
    expect(outputs.map(({ stdout }) => stdout)).toEqual(words.map((word) => `${word}\n`));
    expect(host.connections).toBe(1);
    expect(host.mostRunning).toBe(8);
  });

  it("sends stdin, and tells lines as they come unless it is told not to", async () => {
    expect(await create({ create: "cat", stdin: "one\ntwo" })).toEqual({ stdout: "one\ntwo", stderr: "" });
    expect(lines).toEqual(["one", "two"]);
    await create({ create: "cat", stdin: "quiet", logging: "stderr" });
    expect(lines).toEqual(["one", "two"]);
  });

  it("runs nothing where there is no command, and keeps what the last run said", async () => {
    const driver = commands.drivers["command:remote:Command"];
    const subject = {
      inputs: { connection: connection(), delete: "echo x" },
      outputs: { stdout: "before", stderr: "" },
      provider: {},
    };
    expect(await driver?.update?.(subject, task(), ["triggers"])).toEqual({ stdout: "before", stderr: "" });
    expect(host.connections).toBe(0);
    await driver?.delete?.(subject, task());
    expect(lines).toEqual(["x", ""]);
  });

  it("tells the exit status and the last lines, and not the input", async () => {
    const message = await create({ create: "fail", stdin: "secret input", logging: "none" }).then(
      String,
      (error: unknown) => (error as Error).message,
    );
    expect(message.split("\n")).toEqual([
      'exit status 56: running "fail":',
      ...Array.from({ length: 20 }, (_, line) => `line ${line + 11}`),
    ]);
    expect(lines).toEqual([]);
  });

  it("refuses a host with another key, or one that does not know the user", async () => {
    await expect(create({ create: "echo x", connection: connection({ hostKey: otherKey.public }) })).rejects.toThrow(
      `no SSH to lab@127.0.0.1:${port} in 1 attempts: unexpected host key`,
    );
    await expect(
      create({ create: "echo x", connection: connection({ privateKey: otherKey.private }) }),
    ).rejects.toThrow(`no SSH to lab@127.0.0.1:${port} in 1 attempts: All configured authentication methods failed`);
  });

  it("goes by the jump host, whose key it checks too, and leaves no connection there", async () => {
    const jump = new Host();
    const proxy = connection({ port: await jump.listen() });
    expect(await create({ create: "echo by jump", connection: connection({ proxy }) })).toMatchObject({
      stdout: "by jump\n",
    });
    expect([jump.forwarded, jump.connections, host.connections]).toEqual([[`127.0.0.1:${port}`], 1, 1]);
    const wrong = connection({ proxy: { ...proxy, hostKey: otherKey.public } });
    await expect(create({ create: "echo x", connection: wrong })).rejects.toThrow(
      `no SSH to lab@127.0.0.1:${port} in 1 attempts: jump host lab@127.0.0.1:${String(proxy["port"])}: unexpected host key`,
    );
    await expect.poll(() => jump.open).toBe(1);
    commands.close();
    await expect.poll(() => jump.open).toBe(0);
    jump.close();
  });

  it("dials until the host answers, where there is no limit, and until the time is up", async () => {
    host.close();
    const waiting = create({ create: "echo at last", connection: connection({ dialErrorLimit: -1 }) });
    await new Promise((resolve) => setTimeout(resolve, 700));
    host = new Host();
    await host.listen(port);
    expect(await waiting).toMatchObject({ stdout: "at last\n" });
    host.close();
    const silent = net.createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const nobody = connection({
      dialErrorLimit: -1,
      perDialTimeout: 0.3,
      port: (silent.address() as AddressInfo).port,
    });
    await expect(create({ create: "echo x", connection: nobody }, task(AbortSignal.timeout(500)))).rejects.toThrow(
      "Timed out while waiting for handshake",
    );
    silent.close();
  });

  it("stops a command when its time is up, and says when a connection is lost", async () => {
    await expect(create({ create: "hang" }, task(AbortSignal.timeout(300)))).rejects.toThrow(
      'timed out: running "hang":',
    );
    await expect(create({ create: "drop" })).rejects.toThrow('connection lost: running "drop":');
    expect(await create({ create: "echo again" })).toMatchObject({ stdout: "again\n" });
  });

  it("replaces on other triggers, and runs anew on every other change", () => {
    const driver = commands.drivers["command:remote:Command"];
    expect(driver?.change(["triggers.0"], {})).toBe("replace");
    for (const path of ["create", "stdin", "connection.host", "logging"])
      expect(driver?.change([path], {})).toBe("update");
  });
});
