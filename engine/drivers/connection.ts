import type { Duplex } from "node:stream";
import { Client, type ServerHostKeyAlgorithm } from "ssh2";

/** An SSH server. The SDK has filled in the defaults. */
type Server = Readonly<Record<"host" | "user", string>> &
  Readonly<Record<"port" | "dialErrorLimit" | "perDialTimeout", number>> &
  Readonly<Partial<Record<"privateKey" | "hostKey", string>>>;

/** How a host is reached. */
export type Connection = Server & {
  /** The jump host; undefined where this machine reaches the host. */
  readonly proxy?: Server;
};

/** Connects once, by the jump host where there is one; its connection ends with the host's. */
export async function dial(connection: Connection): Promise<Client> {
  const { proxy } = connection;
  if (proxy === undefined) return connect(connection);
  const between = await connect(proxy).catch((error: unknown) => {
    throw new Error(`jump host ${proxy.user}@${proxy.host}:${proxy.port}: ${(error as Error).message}`);
  });
  try {
    const client = await connect(connection, await forward(between, connection));
    client.once("close", () => between.end());
    return client;
  } catch (error) {
    between.end();
    throw error;
  }
}

function forward(between: Client, { host, port }: Server): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    between.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(error);
    });
  });
}

function connect(server: Server, sock?: Duplex): Promise<Client> {
  const { host, port, user: username, privateKey, hostKey, perDialTimeout } = server;
  const [keyType, key] = hostKey?.trim().split(" ") ?? [];
  const keyTypes = keyType === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [keyType];
  const algorithms = keyType === undefined ? {} : { serverHostKey: keyTypes as ServerHostKeyAlgorithm[] };
  return new Promise((resolve, reject) => {
    const client = new Client();
    client
      .on("ready", () => {
        resolve(client);
      })
      .on("error", reject);
    client.on("close", () => {
      reject(new Error("connection closed"));
    });
    const hostVerifier = (offered: Buffer): boolean => {
      const isExpected = key === undefined || offered.toString("base64") === key;
      if (!isExpected) reject(new Error("unexpected host key"));
      return isExpected;
    };
    const times = { readyTimeout: perDialTimeout * 1000, keepaliveInterval: 5000 };
    const { SSH_AUTH_SOCK: agent } = process.env;
    const keys = privateKey === undefined ? { agent } : { privateKey };
    const authHandler = [privateKey === undefined ? "agent" : "publickey"] as const;
    client.connect({
      ...{ host, port, sock, algorithms, hostVerifier, ...times, ...keys, username },
      authHandler: [...authHandler],
    });
  });
}
