import * as fs from "node:fs";
import * as path from "node:path";
import { sync as writeFileAtomic } from "write-file-atomic";
import type { ApiAccess } from "../../components/backup-api/backup-api";
import { askApi, clientOf } from "../../observe/api-client";
import { deployedLab } from "../stack/deployed-lab";
import { openEngine } from "../stack/open-engine";
import { handOver, inNamespace, thisCommand } from "../stack/hand-over";
import type { Invocation } from "../invocation";
import { stackOf } from "../invocation";
import { isInOwnNamespace, runningNamespace } from "../stack/running-namespace";
import type { Stack } from "../stack/stack";

/** Whom `./lab api` asks as. */
export interface ApiOptions {
  /**
   * Common name.
   * @default - the first client of the configuration
   */
  readonly client?: string;
}

/** Asks the backup API and prints its answer; exit status 1 when that is an error. */
export async function api(
  invocation: Invocation,
  request: string,
  { client, post }: ApiOptions & { post?: string },
): Promise<number> {
  const stack = stackOf(invocation);
  const access = await accessOf(invocation, stack);
  if (!isInOwnNamespace(stack)) {
    const namespace = await runningNamespace(stack);
    if (namespace !== undefined) return handOver(inNamespace(namespace, thisCommand()));
  }
  const asked = `/${request.replace(/^\//, "")}`;
  const { status, reason, body } = await askApi(access, { path: asked, client: client ?? firstClient(access), post });
  process.stdout.write(body.endsWith("\n") ? body : `${body}\n`);
  if (status < 400) return 0;
  throw new Error(`https://${access.host}${asked} answered ${status} ${reason}`);
}

/** Writes a client's three files into a folder, and prints the line with which curl uses them. */
export async function apiCredentials(invocation: Invocation, folder: string, { client }: ApiOptions): Promise<number> {
  const stack = stackOf(invocation);
  const access = await accessOf(invocation, stack);
  const { key, certificate } = clientOf(access, client ?? firstClient(access));
  const place = path.resolve(folder);
  const owner = callingUser();
  fs.mkdirSync(place, { recursive: true, mode: 0o700 });
  const write = (name: string, content: string, mode: number): string => {
    const file = path.join(place, name);
    writeFileAtomic(file, content, { mode, ...(owner === undefined ? {} : { chown: owner }) });
    return file;
  };
  const files = [
    ["--cacert", write("ca.cert", access.authority, 0o644)],
    ["--cert", write("client.cert", certificate, 0o644)],
    ["--key", write("client.key", key, 0o600)],
  ].flat();
  const namespace = await runningNamespace(stack);
  // The address works where the lab's name service is not asked; the certificate has both.
  const curl = ["curl", ...files, `https://${access.address}/status`];
  const line = namespace === undefined ? curl : ["nsenter", `--net=/run/netns/${namespace}`, ...curl];
  process.stdout.write(`${line.join(" ")}\n`);
  return 0;
}

async function accessOf(invocation: Invocation, stack: Stack): Promise<ApiAccess> {
  const name = stack.location.stack;
  const engine = await openEngine(invocation, stack);
  const { backupApi } = deployedLab(await engine.outputs(), name);
  if (backupApi === undefined) {
    throw new Error(`the lab of stack "${name}" has no backup API; hint: lab:backupApi (docs/backup-api.md)`);
  }
  return backupApi;
}

function firstClient({ clients }: ApiAccess): string {
  return Object.keys(clients)[0] ?? "";
}

/** Who called sudo, when this is root by sudo: the files are for that account. */
function callingUser(): { uid: number; gid: number } | undefined {
  const { SUDO_UID, SUDO_GID } = process.env;
  return SUDO_UID === undefined || SUDO_GID === undefined
    ? undefined
    : { uid: Number(SUDO_UID), gid: Number(SUDO_GID) };
}
