import { clusterOf, type LabPlan, primaryOf, repositoriesOf } from "../plan/plan";
import { barmanStreaming } from "../plan/backup-api-layout";
import { primaryClients, replicationConnection } from "../plan/replication";
import { SCHEDULE_STATES, scheduleOf, serviceOf, timerOf } from "../plan/schedule";
import type { ClusterField } from "../config/hosts";
import { PARSERS } from "./answers";
import type { HostFacts } from "./facts";
import type { ObservedHost } from "./lab";

/**
 * How much is asked: what proves a lab; what the program can put right too; how each pair of hosts gets on in every stage as well; every
 * file of the repository too.
 */
export type Depth = "proof" | "drift" | "all" | "verify";

/** A fact, the script of `scripts/` that prints it, and how that is read. */
export interface Question {
  readonly fact: keyof HostFacts;
  readonly script: string;
  readonly args: readonly string[];
  readonly parse: (told: string) => unknown;
  /** How long it may take, in seconds, where that is not as long as the others. */
  readonly seconds?: number;
}

/** What reads or writes the whole repository may take as long as `up` gives a backup. */
export const REPOSITORY_SECONDS = 2 * 60 * 60;

/** What `barman check` and the API may take beyond others: Python is slow to start. */
const BARMAN_FACTOR = 3;

/** What pgBackRest may take to hear that a store is away, beyond what it takes otherwise. */
const STORE_FACTOR = 3;

/** What is asked on a host. */
export function questionsFor(
  plan: LabPlan,
  host: Pick<
    ObservedHost,
    "name" | "role" | "account" | "units" | "certificate" | "folders" | "peers" | "revoked" | "managed" | ClusterField
  >,
  depth: Depth,
  seconds: number,
): Question[] {
  const { stanza, postgresql, backupApi } = plan;
  const { name, role, account, certificate, folders, managed } = host;
  const repositories = repositoriesOf(plan);
  const [isDeep, isRepository] = [depth !== "proof", role === "repository"];
  const isStaged = depth === "all" || depth === "verify";
  const stores = repositories.map(({ store }) => (isRepository && store !== undefined ? "store" : ""));
  const patience = stores.includes("store") ? STORE_FACTOR * seconds : undefined;
  const api = backupApi?.host === name ? backupApi : undefined;
  const units = [...new Set([...host.units, ...(api?.units ?? [])])];
  const ask = (fact: keyof HostFacts, script: string, args: readonly string[], limit?: number): Question => ({
    ...{ fact, script: `observe/${script}.sh`, args, parse: PARSERS[fact] },
    ...(limit === undefined ? {} : { seconds: limit }),
  });
  const questions = [ask("units", "units-read", units)];
  if (role !== "barman") {
    questions.push(
      ask("certificates", "certificates-read", [certificate.folder, ...(isDeep ? ["key"] : [])]),
      ask("stanza", "stanza-read", [account, stanza, isDeep && isRepository ? "labels" : "", ...stores], patience),
    );
    const peers = peersToAsk(host, isStaged);
    const kind = isRepository ? "repository" : "postgresql";
    if (peers.length > 0) {
      questions.push(ask("peers", "peers-read", [account, certificate.folder, stanza, isStaged ? kind : "", ...peers]));
    }
    questions.push(
      isRepository
        ? ask(
            "repositories",
            "repository-read",
            [account, stanza, ...repositories.map(({ path }, index) => stores[index] || (isDeep ? path : ""))],
            patience,
          )
        : ask("postgresql", "postgresql-read", [
            ...[postgresql.binaries, postgresql.settingsFile],
            ...(role === "standby" ? [replicationConnection(plan, host), clusterOf(plan, host).dataFolder] : []),
          ]),
    );
  }
  const scheduled = isRepository ? scheduleOf(plan) : [];
  if (scheduled.length > 0) {
    const words = scheduled.flatMap(({ kind, calendar }) => [kind, timerOf(kind), serviceOf(kind), calendar]);
    questions.push(ask("schedule", "schedule-read", [SCHEDULE_STATES, ...words]));
  }
  const client = isDeep ? primaryClients(plan).find((each) => each.host === name) : undefined;
  if (client !== undefined) {
    const { certificate: pair, key, ca } = client.files;
    questions.push(
      ask("primary", "primary-read", [
        ...[
          client.account,
          postgresql.binaries,
          client.connection,
          primaryOf(plan).name,
          String(clusterOf(plan, primaryOf(plan)).port),
        ],
        ...(postgresql.tls ? [pair, key, ca] : []),
      ]),
    );
  }
  if (api !== undefined) {
    questions.push(ask("backupApi", "backup-api-read", [stanza, api.certificate.certificate], BARMAN_FACTOR * seconds));
  }
  if (isDeep) {
    // Of a secret, the content is not read.
    const open = managed.files.filter(({ content }) => content !== undefined);
    const secret = managed.files.filter(({ content }) => content === undefined);
    questions.push(
      ask("disks", "disks-read", folders),
      ask("movedAside", "moved-aside-read", [
        ...[...folders, certificate.folder],
        ...(api === undefined ? [] : [barmanStreaming(stanza)]),
      ]),
      ask(
        "files",
        "files-read",
        [...open, { path: "secret" }, ...secret].map(({ path }) => path),
      ),
      ask(
        "packages",
        "packages-read",
        managed.packages.map((each) => each.name),
      ),
    );
  }
  if (depth === "verify" && isRepository) {
    questions.push(
      ask("verified", "repository-verify", [account, stanza, String(repositories.length)], REPOSITORY_SECONDS),
    );
  }
  return questions;
}

/**
 * The servers that a host is asked to talk to. Where a proof is enough, a standby's `info` is one: it comes from the repository host by
 * mutual TLS. A revoked host talks to nobody: what its server presents it has to see itself.
 */
function peersToAsk(
  { name, role, revoked, peers }: Pick<ObservedHost, "name" | "role" | "revoked" | "peers">,
  isStaged: boolean,
) {
  if (revoked) return [name];
  return isStaged || role !== "standby" ? peers : [];
}
