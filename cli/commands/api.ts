import * as fs from "node:fs";
import * as path from "node:path";
import { sync as writeFileAtomic } from "write-file-atomic";
import type { ApiAccess } from "../../plan/access";
import { askApi, clientOf } from "../../observe/api-client";
import type { DeployedLab } from "../../observe/lab";
import { deployedLab } from "../stack/deployed-lab";
import { openEngine } from "../stack/open-engine";
import { type Invocation, stackOf } from "../invocation";
import { runningNamespace } from "../stack/running-namespace";
import { withLab } from "../stack/with-lab";

/** The client that `./lab api` is. */
interface ApiOptions {
  /**
   * Common name.
   * @default - the first client of the configuration
   */
  readonly client?: string;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Sends a request to the backup API and prints its answer; exit status 1 when that is an error. */
export function api(
  invocation: Invocation,
  request: string,
  { client, post }: ApiOptions & { post?: string },
): Promise<number> {
  return withLab(invocation, async (lab) => {
    const access = accessTo(lab, invocation.options.stack);
    const asked = `/${request.replace(/^\//, "")}`;
    const { status, reason, body } = await askApi(access, { path: asked, client: client ?? firstClient(access), post });
    process.stdout.write(body.endsWith("\n") ? body : `${body}\n`);
    if (status < 400) return 0;
    throw new Error(`https://${access.host}${asked} answered ${status} ${reason}`);
  });
}

/** Writes a client's key and certificate and the CA's certificate into a folder, and prints a curl command that uses them. */
export async function apiCredentials(invocation: Invocation, folder: string, { client }: ApiOptions): Promise<number> {
  const stack = stackOf(invocation);
  const engine = await openEngine(invocation, stack);
  const access = accessTo(deployedLab(await engine.outputs(), stack.location.stack), stack.location.stack);
  const { key, certificate } = clientOf(access, client ?? firstClient(access));
  const contents = { "ca.cert": access.authority, "client.cert": certificate, "client.key": key };
  const [ca = "", cert = "", keyFile = ""] = writeCredentials(path.resolve(folder), contents, callingUser());
  const files = ["--cacert", ca, "--cert", cert, "--key", keyFile];
  const namespace = await runningNamespace(stack);
  // The address works without the lab's name service; the certificate has both.
  const curl = ["curl", ...files, `https://${access.address}/status`];
  const line = namespace === undefined ? curl : ["nsenter", `--net=/run/netns/${namespace}`, ...curl];
  process.stdout.write(`${line.join(" ")}\n`);
  return 0;
}

/**
 * Writes files and their missing folders; only the owner can read a key.
 * @returns The files' paths.
 */
export function writeCredentials(
  folder: string,
  contents: Readonly<Record<string, string>>,
  owner: Owner | undefined,
): string[] {
  const first = fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let made = folder; owner && first?.length && made.length >= first.length; made = path.dirname(made))
    fs.chownSync(made, owner.uid, owner.gid);
  return Object.entries(contents).map(([name, content]) => {
    const file = path.join(folder, name);
    const mode = name.endsWith(".key") ? 0o600 : 0o644;
    writeFileAtomic(file, content, { mode, ...(owner === undefined ? {} : { chown: owner }) });
    return file;
  });
}

function accessTo({ backupApi }: DeployedLab, stack: string): ApiAccess {
  if (backupApi !== undefined) return backupApi;
  throw new Error(`stack "${stack}" has no backup API; hint: set lab:backupApi (docs/backup-api.md)`);
}

function firstClient({ clients }: ApiAccess): string {
  return Object.keys(clients)[0] ?? "";
}

/** The account that called sudo; undefined without sudo. It gets the files. */
function callingUser(): Owner | undefined {
  const { SUDO_UID, SUDO_GID } = process.env;
  return SUDO_UID === undefined || SUDO_GID === undefined
    ? undefined
    : { uid: Number(SUDO_UID), gid: Number(SUDO_GID) };
}
