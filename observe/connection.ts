import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import { type HostAccess, hostKeyAlgorithms } from "../plan/access";

/**
 * Connects to a host by SSH, by its jump host where it has one; its connection ends with the host's.
 * @param seconds How long each of the two may take.
 */
export async function connect(to: HostAccess, seconds: number): Promise<Client> {
  const { jump } = to;
  if (jump === undefined) return dial(to, seconds);
  const between = await dial(jump, seconds).catch((error: unknown) => {
    throw new Error(`jump host ${jump.user}@${jump.address}, port ${jump.port}: ${(error as Error).message}`);
  });
  try {
    const client = await dial(to, seconds, await forward(between, to));
    client.once("close", () => between.end());
    return client;
  } catch (error) {
    between.end();
    throw error;
  }
}

/** A connection from a host on to another. */
function forward(between: Client, { address, port }: HostAccess): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    between.forwardOut("127.0.0.1", 0, address, port, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(error);
    });
  });
}

function dial(to: HostAccess, seconds: number, sock?: Duplex): Promise<Client> {
  const { address, port, user, privateKey, hostKey } = to;
  const [algorithm = "", key = ""] = hostKey.split(" ");
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.once("ready", () => {
      resolve(client);
    });
    // Stays, so that a connection that breaks later ends its channels, not this process.
    client.on("error", reject);
    client.connect({
      ...{ host: address, port, username: user, sock },
      ...(privateKey === undefined ? { agent: process.env.SSH_AUTH_SOCK } : { privateKey }),
      readyTimeout: seconds * 1000,
      // Not whether there is another way: an emulated host takes a tenth of a second to say no.
      authHandler: [privateKey === undefined ? "agent" : "publickey"],
      algorithms: { serverHostKey: hostKeyAlgorithms(algorithm) },
      hostVerifier: (shown: Buffer) => shown.equals(Buffer.from(key, "base64")),
    });
  });
}
