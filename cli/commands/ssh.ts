import * as fs from "node:fs";
import * as path from "node:path";
import { sync as writeFileAtomic } from "write-file-atomic";
import type { DeployedLab } from "../../observe/lab";
import { accessTo, type HostAccess } from "../../plan/access";
import { deployedLab } from "../stack/deployed-lab";
import { openEngine } from "../stack/open-engine";
import { handOver, inNamespace } from "../stack/hand-over";
import { type Invocation, stackOf } from "../invocation";
import { quote } from "../../steps/shell-words";
import { runningNamespace } from "../stack/running-namespace";

/** Opens a shell on a host, or runs a command there as OpenSSH does; its exit status is the command's. */
export async function ssh(invocation: Invocation, host: string, command: readonly string[]): Promise<number> {
  const stack = stackOf(invocation);
  const engine = await openEngine(invocation, stack);
  const lab = deployedLab(await engine.outputs(), stack.location.stack);
  const namespace = await runningNamespace(stack);
  const client = [...sshClient(lab, host, path.join(stack.location.stateFolder, "ssh")), ...command];
  return handOver(namespace === undefined ? client : inNamespace(namespace, client));
}

/** OpenSSH's client with the lab's own key, or the agent's, and host keys, without the user's configuration. */
export function sshClient({ plan: { hosts }, ssh: access }: DeployedLab, name: string, folder: string): string[] {
  const host = hosts.find((candidate) => candidate.name === name);
  if (host === undefined || access.hostKeys[name] === undefined) {
    throw new Error(`unknown host "${name}"; the hosts are ${hosts.map((candidate) => candidate.name).join(", ")}`);
  }
  // Two connections at the same time have each their own key.
  if (access.machineKey !== undefined && host.existing !== undefined) folder = path.join(folder, "machines");
  const { key, knownHosts } = sshFiles(folder);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const to = accessTo(access, host);
  if (to.privateKey !== undefined) writeFileAtomic(key, `${to.privateKey.trimEnd()}\n`, { mode: 0o600 });
  const known = hosts
    .filter((each) => access.hostKeys[each.name] !== undefined)
    .map((each) => accessTo(access, each))
    .flatMap((each) => [each, ...(each.jump ? [each.jump] : [])])
    .map(renderKnownHost);
  writeFileAtomic(knownHosts, [...new Set(known)].join(""), { mode: 0o600 });
  return sshCommand(folder, to);
}

/** A line of known_hosts (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
function renderKnownHost({ address, port, hostKey }: HostAccess): string {
  return `${port === 22 ? address : `[${address}]:${port}`} ${hostKey}\n`;
}

/** OpenSSH's client with the key and the host keys that `sshClient` has left in a folder. */
export function sshCommand(folder: string, to: Omit<HostAccess, "hostKey">): string[] {
  const { key, knownHosts } = sshFiles(folder);
  const options = [
    "BatchMode=yes",
    "ConnectTimeout=15",
    ...(to.privateKey === undefined ? [] : ["IdentitiesOnly=yes", `IdentityFile="${key}"`]),
    "LogLevel=ERROR",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    // Quoted: OpenSSH splits the value at blanks.
    `UserKnownHostsFile="${knownHosts}"`,
    ...(to.jump === undefined ? [] : [`ProxyCommand=${proxyCommand(folder, to.jump)}`]),
  ];
  const flags = ["-F", "none", "-p", String(to.port), ...options.flatMap((option) => ["-o", option])];
  return ["ssh", ...flags, `${to.user}@${to.address}`];
}

/** What connects by a jump host, as a shell's line: ProxyJump would leave our options out. */
function proxyCommand(folder: string, jump: HostAccess): string {
  const words = sshCommand(folder, jump).map(quote);
  return [...words.slice(0, -1), "-W", "'[%h]:%p'", ...words.slice(-1)].join(" ");
}

function sshFiles(folder: string): { key: string; knownHosts: string } {
  return { key: path.join(folder, "key"), knownHosts: path.join(folder, "known_hosts") };
}
