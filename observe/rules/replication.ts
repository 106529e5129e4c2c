import { clusterOf, hostOf } from "../../plan/plan";
import { primaryClients } from "../../plan/replication";
import type { PeerFacts } from "../facts";
import { fail, type Found, rules, type Tell, warn } from "../findings";
import { isStreaming, type ObservedHost, type ObservedLab } from "../lab";
import { TLS_ALERTS } from "../tls-words";
import { BAD_PAIR, parseCertificates } from "./certificates";
import { BAD_CERTIFICATE, judgeConnection, judgeHandshake, judgeName } from "./peers";
import { DOWN } from "./postgresql";

const MIB = 1024 ** 2;

/** Bytes of WAL that a standby is behind: over these. */
const BEHIND_BYTES = { warn: 64 * MIB, fail: 1024 * MIB } as const;

const proof = { proof: true } as const;
const FIX = { steps: true } as const;
const ROLE = ["LAB-PG-PROMOTED", "LAB-PG-TWO-PRIMARIES", "LAB-PG-FOREIGN", "LAB-PG-IN-RECOVERY"] as const;
/** The files by which PostgreSQL lets a client in, and those of the client. */
const FILES = ["/etc/lab/", "/etc/pgbackrest/cert", "/etc/barman/cert", "/var/lib/"].map(
  (path) => `LAB-FILE-*:${path}`,
);
const WAY = ["LAB-NAME-*", "LAB-PORT-NO-ROUTE", "LAB-SETTING-*", ...FILES] as const;
const TLS = [...BAD_CERTIFICATE, "LAB-PG-CERT-NOT-SERVED"] as const;
const PAIR = ["LAB-PRIMARY-UNREACHED", "LAB-PRIMARY-TLS"] as const;
const UNSTREAMED = [...DOWN, ...ROLE, ...WAY, ...TLS, ...PAIR, "LAB-SLOT-MISSING", "LAB-SLOT-LOST"] as const;
const BEHIND = "{peer} is {behind} MiB of WAL behind the primary";

/** How those that stream from the primary get on with it. */
export const REPLICATION = rules(
  {
    "LAB-PRIMARY-UNREACHED": {
      ...fail("TCP", "{host} does not reach port {port} of {peer}: {error}", {
        sentence: "see listen_addresses and the firewall on {peer}, and /etc/hosts and the routes on {host}",
      }),
      ...{ ...proof, after: [...DOWN, ...WAY] },
    },
    "LAB-PG-CERT-NOT-SERVED": {
      ...fail("certificate", "PostgreSQL still presents serial {served}, not the installed {serial}", {
        ...{ steps: true, command: "./lab ssh {host} -- sudo systemctl reload {unit}" },
      }),
      ...{ ...proof, after: [...BAD_PAIR, "LAB-SETTING-*"] },
    },
    "LAB-PRIMARY-TLS": {
      ...fail("TLS", "{host} and PostgreSQL on {peer} do not get on by mutual TLS: {error}", {
        sentence: "see the certificates of {host} and {peer}, and PostgreSQL's log on {peer}",
      }),
      ...{ ...proof, after: [...TLS, ...WAY] },
    },
    "LAB-REPLICATION-REFUSED": {
      ...fail("authorization", "{peer} does not let {who} stream: {refusal}", FIX),
      ...{ ...proof, after: UNSTREAMED },
    },
    "LAB-STANDBY-NOT-STREAMING": {
      ...fail(
        "PostgreSQL",
        "the standby does not stream from {primary} (WAL receiver: {receiver}, WAL sender: {sender})",
        FIX,
      ),
      ...{ ...proof, after: ["LAB-REPLICATION-REFUSED", ...UNSTREAMED] },
    },
    "LAB-STREAMS-REVOKED": {
      ...fail("PostgreSQL", "its certificate is revoked, but it streams from {primary}", FIX),
      ...{ ...proof, after: [...DOWN, ...FILES] },
    },
    "LAB-REPLAY-PAUSED": {
      ...warn("PostgreSQL", "the standby receives WAL and does not replay it: replay is paused", {
        command: `./lab ssh {host} -- sudo -iu postgres {psql} -c "'SELECT pg_wal_replay_resume()'"`,
      }),
      after: DOWN,
    },
    "LAB-STANDBY-FAR-BEHIND": fail("PostgreSQL", BEHIND, { sentence: "see the load on {peer}" }),
    "LAB-STANDBY-BEHIND": warn("PostgreSQL", BEHIND, { sentence: "see the load on {peer}" }),
  },
  (lab, tell) => {
    for (const host of lab.hosts) tellConnection(lab, host, tell);
    tellServed(lab, tell);
    for (const standby of lab.standbys) tellStreaming(lab, standby, tell);
  },
);

/** What keeps a host from the primary's stream. */
function tellConnection(
  { plan, primary }: ObservedLab,
  host: ObservedHost,
  tell: Tell<"LAB-PRIMARY-UNREACHED" | "LAB-PRIMARY-TLS" | "LAB-REPLICATION-REFUSED">,
): void {
  if (!primaryClients(plan).some((client) => client.host === host.name)) return;
  const pair: Found = { peer: primary.name, port: clusterOf(plan, primary).port, subject: primary.name };
  const { primary: seen, postgresql } = host.facts;
  const unreached = seen && unreachedError(seen, hostOf(plan, primary.name).address);
  if (unreached !== undefined) {
    tell("LAB-PRIMARY-UNREACHED", host, { ...pair, error: unreached });
    return;
  }
  const errors = seen === undefined ? [] : tlsErrors(seen);
  for (const error of errors) tell("LAB-PRIMARY-TLS", host, { ...pair, error });
  const refusal = answerOf(seen?.authorization) || (postgresql?.refusal ?? "");
  if (errors.length > 0 || refusal === "") return;
  const { replicationRole, settings } = primary.managed;
  const steps = [replicationRole, settings, host.managed.settings].flatMap((each) => each?.steps ?? []);
  tell("LAB-REPLICATION-REFUSED", host, {
    ...pair,
    refusal,
    steps,
    who: host.role === "standby" ? "the standby" : "Barman",
  });
}

/** Why the primary's port is not reached, in words. */
function unreachedError(seen: PeerFacts, address: string): string | undefined {
  const [code, words] = judgeName(seen, { address }) ?? judgeConnection(seen) ?? [];
  if (code === undefined) return undefined;
  if (code === "LAB-NAME-UNRESOLVED") return "the name does not resolve";
  if (code === "LAB-NAME-ADDRESS") return `the name resolves to ${words.found}, not to ${address}`;
  return code === "LAB-PORT-CLOSED" ? "nothing listens on it" : words.error;
}

/** What client and server have against each other's certificates, in words. */
function tlsErrors({ said, authorization = "" }: PeerFacts): string[] {
  const stage = judgeHandshake(said);
  if (stage?.[0] === "LAB-TLS-OWN-FILES") return [`its own certificate files cannot be used, ${stage[1].error}`];
  if (stage?.[0] === "LAB-TLS-SERVER-REFUSED") {
    const [, ...found] = stage;
    return found.map(
      ({ words, number, error }) => `the server's certificate is refused, ${words} (OpenSSL ${number}, ${error})`,
    );
  }
  // libpq tells an alert's name, not its number.
  const alert = /\balert ([a-z ]+?) *$/m.exec(authorization)?.[1];
  if (alert === undefined) return [];
  const words = Object.values(TLS_ALERTS).find((each) => each.startsWith(alert)) ?? alert;
  return [`the client's certificate is refused, ${words}`];
}

/** The primary's answer, without what psql says around it. */
function answerOf(said = ""): string {
  return said.split("\n")[0]?.split(": ").at(-1)?.trim() ?? "";
}

/** PostgreSQL reads changed files when it is reloaded. */
function tellServed({ hosts, primary, plan }: ObservedLab, tell: Tell<"LAB-PG-CERT-NOT-SERVED">): void {
  const of = (pem = "") => parseCertificates(pem)[0];
  const installed = of(primary.facts.certificates?.certificate);
  const served = hosts.map(({ facts }) => of(facts.primary?.said)).find((each) => each !== undefined);
  if (installed === undefined || served === undefined || served.fingerprint256 === installed.fingerprint256) return;
  tell("LAB-PG-CERT-NOT-SERVED", primary, {
    subject: primary.certificate.certificate,
    // The step that starts it also has it read what has changed.
    steps: primary.managed.settings?.steps,
    ...{ served: served.serialNumber, serial: installed.serialNumber, unit: clusterOf(plan, primary).service },
  });
}

function tellStreaming(
  { primary }: ObservedLab,
  standby: ObservedHost,
  tell: Tell<
    | "LAB-STREAMS-REVOKED"
    | "LAB-STANDBY-NOT-STREAMING"
    | "LAB-REPLAY-PAUSED"
    | "LAB-STANDBY-FAR-BEHIND"
    | "LAB-STANDBY-BEHIND"
  >,
): void {
  const { replication = [] } = primary.facts.postgresql ?? {};
  const sender = replication.find(({ address }) => address === standby.address);
  const { receiver, replayPaused } = standby.facts.postgresql ?? {};
  if (replayPaused === true) tell("LAB-REPLAY-PAUSED", standby);
  const isOn = isStreaming(standby, primary);
  if (standby.revoked) {
    const { settings, replicationSlots } = primary.managed;
    const steps = [settings, replicationSlots].flatMap((each) => each?.steps ?? []);
    if (isOn) tell("LAB-STREAMS-REVOKED", standby, { primary: primary.name, steps });
    return;
  }
  if (!isOn) {
    const words = { primary: primary.name, receiver: receiver ?? "none", sender: sender?.state ?? "none" };
    const { steps } = standby.managed.standbyOf ?? {};
    tell("LAB-STANDBY-NOT-STREAMING", standby, { ...words, steps, involves: [primary.name] });
    return;
  }
  const behind = sender?.behind ?? 0;
  if (behind <= BEHIND_BYTES.warn) return;
  const code = behind > BEHIND_BYTES.fail ? "LAB-STANDBY-FAR-BEHIND" : "LAB-STANDBY-BEHIND";
  tell(code, primary, { peer: standby.name, behind: Math.floor(behind / MIB) });
}
