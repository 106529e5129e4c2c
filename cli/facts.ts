import * as path from "node:path";
import type { ClientChannel } from "ssh2";
import { Client } from "ssh2";
import { BARMAN_FAMILIES } from "../lib/backup-api/barman";
import { API_CERTIFICATE_FILES, WEB_SERVERS } from "../lib/backup-api/web-server";
import type { CertificateEnds } from "../lib/expiry";
import { CERTIFICATE_FILES, familyOf, POSTGRESQL_ACCOUNT, REPOSITORY_ACCOUNT } from "../lib/families";
import type { DeployedHost, Facts } from "../lib/proofs";
import { peersOf } from "../lib/proofs";
import { scriptText } from "../lib/script-text";
import { askApi, clientEnds } from "./api-client";
import type { DeployedLab } from "./deployed-lab";

const CONNECT_SECONDS = 30;
const SCRIPT_SECONDS = 120;

/** Reads what the hosts of a lab tell of themselves, side by side. What cannot be read is a failure among a host's facts. */
export async function readFacts(lab: DeployedLab): Promise<Map<string, Facts>> {
  return new Map(
    await Promise.all(lab.hosts.map(async (host): Promise<[string, Facts]> => [host.name, await readHost(lab, host)])),
  );
}

/** When the certificates of a lab's hosts end; a host that cannot be asked is among the failures. */
export async function readCertificateEnds(
  lab: DeployedLab,
): Promise<{ ends: Map<string, CertificateEnds>; failures: string[] }> {
  const failures: string[] = [];
  const read = async (host: DeployedHost): Promise<[string, CertificateEnds][]> => {
    try {
      const client = await connect(lab, host);
      const account = host.role === "repository" ? REPOSITORY_ACCOUNT : POSTGRESQL_ACCOUNT;
      const args = [account, path.posix.dirname(CERTIFICATE_FILES.certificate)];
      const printed = await runScript(client, "status-certificates.sh", args).finally(() => client.end());
      return [[host.name, JSON.parse(printed) as CertificateEnds]];
    } catch (error) {
      failures.push(`${host.name}: when its certificate ends cannot be told: ${(error as Error).message}`);
      return [];
    }
  };
  const all = await Promise.all(lab.hosts.filter(({ role }) => role !== "barman").map(read));
  return { ends: new Map(all.flat()), failures };
}

async function readHost(lab: DeployedLab, host: DeployedHost): Promise<Facts> {
  let client: Client;
  try {
    client = await connect(lab, host);
  } catch (error) {
    return { failures: [`no SSH connection to ${host.address}: ${(error as Error).message}`] };
  }
  const failures: string[] = [];
  const facts: Record<string, unknown> = {};
  const read = async (fact: keyof Facts, script: string, args: string[]): Promise<void> => {
    try {
      facts[fact] = JSON.parse(await runScript(client, script, args));
    } catch (error) {
      failures.push(`${script}: ${(error as Error).message}`);
    }
  };
  const isApiHost = lab.backupApi?.host === host.name;
  if (host.role === "barman") {
    if (isApiHost) await readBackupApi(lab, read, facts);
    client.end();
    return { ...facts, failures };
  }
  const isRepository = host.role === "repository";
  const { service, binaries } = familyOf(lab.configuration.family, lab.configuration.postgresqlVersion);
  const account = isRepository ? REPOSITORY_ACCOUNT : POSTGRESQL_ACCOUNT;
  const certificates = path.posix.dirname(CERTIFICATE_FILES.certificate);
  const units = ["pgbackrest.service", ...(isRepository ? [] : [service])];
  await Promise.all([
    read("host", "status-host.sh", [account, lab.stanza, certificates, ...units]),
    read("handshakes", "status-handshakes.sh", [account, certificates, ...peersOf(host, lab.hosts)]),
    isRepository
      ? read("repository", "status-repository.sh", [account, lab.stanza])
      : read("postgresql", "status-postgresql.sh", [binaries]),
    ...(isApiHost ? [readBackupApi(lab, read, facts)] : []),
  ]);
  client.end();
  return { ...facts, failures };
}

/** What the API's host tells of itself, and what the API answers its first client, and one without a certificate. */
async function readBackupApi(
  { stanza, configuration, backupApi }: DeployedLab,
  read: (fact: keyof Facts, script: string, args: string[]) => Promise<void>,
  facts: Record<string, unknown>,
): Promise<void> {
  if (backupApi === undefined) return;
  const { layout } = familyOf(configuration.family, configuration.postgresqlVersion);
  const { cronService } = BARMAN_FAMILIES[layout];
  const units = [WEB_SERVERS[layout].service, "pg-backup-api", cronService].map((unit) => `${unit}.service`);
  const ask = async (client: string | undefined): Promise<string> => {
    try {
      const { status, reason, body } = await askApi(backupApi, { path: "/status", client });
      return status === 200 ? body.trim() : `${status} ${reason}`;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const [answer, stranger] = await Promise.all([
    ask(Object.keys(backupApi.clients)[0]),
    askApi(backupApi, { path: "/status", client: undefined }).then(
      ({ status, reason }) => `${status} ${reason}`,
      // Refused, as it should be.
      () => "",
    ),
    read("backupApi", "status-backup-api.sh", [stanza, API_CERTIFICATE_FILES.certificate, ...units]),
  ]);
  if (facts.backupApi === undefined) return;
  facts.backupApi = {
    ...(facts.backupApi as object),
    problem: answer === '"OK"' ? "" : answer,
    answerToStranger: stranger,
    clients: clientEnds(backupApi),
  };
}

function connect({ ssh }: DeployedLab, { name, address }: DeployedHost): Promise<Client> {
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
      readyTimeout: CONNECT_SECONDS * 1000,
      algorithms: { serverHostKey: [algorithm as "ssh-ed25519"] },
      hostVerifier: (shown: Buffer) => shown.equals(Buffer.from(key, "base64")),
    });
  });
}

/** Runs a file of `scripts/` as root. Its arguments are names that the configuration's check has seen: none needs quoting. */
async function runScript(client: Client, script: string, args: readonly string[]): Promise<string> {
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.exec(["sudo", "bash", "-s", "--", ...args].join(" "), (error, opened) => {
      if (error === undefined) resolve(opened);
      else reject(error);
    });
  });
  return new Promise((resolve, reject) => {
    const output: Buffer[] = [];
    const complaints: Buffer[] = [];
    const timer = setTimeout(() => {
      reject(new Error(`no answer in ${SCRIPT_SECONDS} seconds`));
      channel.close();
    }, SCRIPT_SECONDS * 1000);
    channel.on("data", (data: Buffer) => output.push(data));
    channel.stderr.on("data", (data: Buffer) => complaints.push(data));
    channel.on("close", (status: number | null) => {
      clearTimeout(timer);
      if (status === 0) resolve(Buffer.concat(output).toString());
      else
        reject(new Error(`exit status ${status ?? "unknown"}: ${lastLines(Buffer.concat(complaints).toString(), 5)}`));
    });
    channel.end(scriptText(script));
  });
}

function lastLines(text: string, count: number): string {
  return text.trim().split("\n").slice(-count).join("; ");
}
