import * as path from "node:path";
import type { ApiAccess } from "../components/backup-api/backup-api";
import { BARMAN_FAMILIES } from "../plan/backup-api-layout";
import { API_CERTIFICATE_FILES, WEB_SERVERS } from "../plan/backup-api-layout";
import { familyOf } from "../config/families";
import { CERTIFICATE_FILES, POSTGRESQL_ACCOUNT, REPOSITORY_ACCOUNT } from "../plan/layout";
import type { DeployedHost, Facts } from "./proofs";
import { peersOf } from "./proofs";
import { askApi, clientEnds } from "./api-client";
import type { DeployedLab } from "../cli/stack/deployed-lab";
import type { FactScript } from "./host-session";
import { readFromHost } from "./host-session";

/** As patient as an emulated host needs that has just started: what is asked here is to be answered, not to be quick. */
const SLOWNESS = 15;

interface StatusScript extends FactScript {
  readonly fact: Exclude<keyof Facts, "failures">;
}

/** Reads what the hosts of a lab tell of themselves, side by side. What cannot be read is a failure among a host's facts. */
export async function readFacts(lab: DeployedLab): Promise<Map<string, Facts>> {
  return new Map(
    await Promise.all(lab.hosts.map(async (host): Promise<[string, Facts]> => [host.name, await readHost(lab, host)])),
  );
}

async function readHost(lab: DeployedLab, host: DeployedHost): Promise<Facts> {
  const isApiHost = lab.backupApi?.host === host.name;
  const scripts = [
    ...(host.role === "barman" ? [] : clusterScripts(lab, host)),
    ...(isApiHost ? [apiScript(lab)] : []),
  ];
  const [{ facts, failures }, answers] = await Promise.all([
    readFromHost(lab, host, scripts, SLOWNESS),
    isApiHost ? askAround(lab.backupApi) : {},
  ]);
  const backupApi = facts.backupApi === undefined ? {} : { backupApi: { ...facts.backupApi, ...answers } };
  return { ...facts, ...backupApi, failures } as Facts;
}

/** What `status` reads on a host that speaks pgBackRest's protocol. */
export function clusterScripts({ stanza, configuration, hosts }: DeployedLab, host: DeployedHost): StatusScript[] {
  const isRepository = host.role === "repository";
  const { service, binaries } = familyOf(configuration.family, configuration.postgresqlVersion);
  const account = isRepository ? REPOSITORY_ACCOUNT : POSTGRESQL_ACCOUNT;
  const certificates = path.posix.dirname(CERTIFICATE_FILES.certificate);
  const units = ["pgbackrest.service", ...(isRepository ? [] : [service])];
  // Nobody talks to a host that is revoked: what its server shows, it has to see itself. A standby's `info` is a handshake, and one host's
  // word on what the repository host's server shows is enough.
  const peers = host.revoked ? [host.name] : host.role === "standby" ? [] : peersOf(host, hosts);
  return [
    { fact: "host", script: "observe/status-host.sh", args: [account, stanza, certificates, ...units] },
    ...(peers.length === 0
      ? []
      : [
          {
            fact: "handshakes" as const,
            script: "observe/status-handshakes.sh",
            args: [account, certificates, ...peers],
          },
        ]),
    isRepository
      ? { fact: "repository", script: "observe/status-repository.sh", args: [account, stanza] }
      : { fact: "postgresql", script: "observe/status-postgresql.sh", args: [binaries] },
  ];
}

/** What the API's host tells of itself. */
function apiScript({ stanza, configuration }: DeployedLab): StatusScript {
  const { layout } = familyOf(configuration.family, configuration.postgresqlVersion);
  const { cronService } = BARMAN_FAMILIES[layout];
  const units = [WEB_SERVERS[layout].service, "pg-backup-api", cronService].map((unit) => `${unit}.service`);
  return {
    fact: "backupApi",
    script: "observe/status-backup-api.sh",
    args: [stanza, API_CERTIFICATE_FILES.certificate, ...units],
  };
}

/** What the API answers its first client, and one without a certificate. */
async function askAround(api: ApiAccess): Promise<object> {
  const ask = async (client: string | undefined): Promise<string> => {
    try {
      const { status, reason, body } = await askApi(api, { path: "/status", client });
      return status === 200 ? body.trim() : `${status} ${reason}`;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const [answer, answerToStranger] = await Promise.all([
    ask(Object.keys(api.clients)[0]),
    askApi(api, { path: "/status", client: undefined }).then(
      ({ status, reason }) => `${status} ${reason}`,
      // Refused, as it should be.
      () => "",
    ),
  ]);
  return { problem: answer === '"OK"' ? "" : answer, answerToStranger, clients: clientEnds(api) };
}
