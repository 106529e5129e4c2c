import { PGBACKREST_ERRORS } from "../pgbackrest-exit-codes";
import type { PeerFacts } from "../facts";
import { hostOf, type HostPlan } from "../../plan/plan";
import { fail, type Found, rules, warn } from "../findings";
import { inWords, TLS_ALERTS, VERIFY_ERRORS } from "../tls-words";

const proof = { proof: true } as const;
/** The files of pgBackRest and its server. */
export const PGBACKREST_FILES = ["/etc", "/etc/systemd/system", "/var/log", "/var/spool"].map(
  (folder) => `LAB-FILE-*:${folder}/pgbackrest`,
);
/** pgBackRest's server does not run. */
export const SERVER_DOWN = ["LAB-PGBACKREST-DOWN", "LAB-UNIT-LOOP:pgbackrest"] as const;
/** What is wrong with a certificate, its key or its CA. */
export const BAD_CERTIFICATE = ["LAB-CERT-*", "LAB-KEY-*", "LAB-CA-EXPIRED"] as const;
const CERTIFICATES = [...BAD_CERTIFICATE, "LAB-UNIT-LOOP:pgbackrest"] as const;
const SEE = { sentence: "see the certificate of {peer}, and ./lab doctor for its other findings" } as const;
const SEE_OWN = { sentence: "see the certificate of {host}, and the pgBackRest log on {peer}" } as const;

/** What `openssl s_client` tells of a handshake. */
export interface Handshake {
  /** OpenSSL's numbers of what is wrong with the server's certificate. */
  readonly verifyErrors: readonly { readonly code: number; readonly text: string }[];
  /** The alert with which the server ended it. */
  readonly alert?: { readonly code: number; readonly text: string };
  /** TLS's version: `TLSv1.3`. */
  readonly protocol?: string;
  /** pgBackRest's version, from the greeting, which a server sends when it has accepted the client's certificate. */
  readonly greeting?: string;
}

/** How hosts that must talk get on, as the client meets it: what comes after a failure is not judged. */
export const PEERS = rules(
  {
    "LAB-NAME-UNRESOLVED": {
      ...fail("TCP", "{host} cannot resolve {peer}", {
        sentence: "see /etc/resolv.conf and /etc/nsswitch.conf on {host}",
      }),
      ...proof,
    },
    "LAB-NAME-ADDRESS": {
      ...fail("TCP", "{host} resolves {peer} to {found}, not to {address}", {
        sentence: "see /etc/hosts, /etc/resolv.conf and /etc/nsswitch.conf on {host}",
      }),
      ...proof,
    },
    "LAB-PORT-NO-ROUTE": {
      ...fail("TCP", "{host} has no way to {peer}, {address}: {error}", {
        command: "./lab ssh {host} -- ip route get {address}",
      }),
      ...proof,
    },
    "LAB-PORT-CLOSED": {
      ...fail("TCP", "nothing listens on port {port} of {peer}", {
        command: "./lab ssh {peer} -- systemctl status pgbackrest",
      }),
      ...proof,
      after: SERVER_DOWN,
    },
    "LAB-PORT-SILENT": {
      ...fail("TCP", "port {port} of {peer} does not answer ({error})", {
        sentence: "see that {peer} runs, and that nothing between the hosts drops port {port}",
      }),
      ...{ ...proof, after: ["LAB-PORT-NO-ROUTE"] },
    },
    "LAB-TLS-SERVER-REFUSED": {
      ...fail("TLS", "{host} refuses the certificate of {peer}: {words} (OpenSSL {number}, {error})", SEE),
      ...{ ...proof, after: CERTIFICATES },
    },
    "LAB-TLS-CLIENT-REFUSED": {
      ...fail("TLS", "{peer} refuses the certificate of {host}: {words} (TLS alert {number})", SEE_OWN),
      ...{ ...proof, after: CERTIFICATES },
    },
    "LAB-TLS-OWN-FILES": {
      ...fail("TLS", "{host} cannot use its own certificate files: {error}", SEE_OWN),
      ...{ ...proof, after: CERTIFICATES },
    },
    "LAB-TLS-SILENT": {
      ...fail("TLS", "{peer} closed the connection without an error", SEE_OWN),
      ...{ ...proof, after: [...CERTIFICATES, ...SERVER_DOWN] },
    },
    "LAB-TLS-OBSOLETE": warn("TLS", "{host} and {peer} speak {protocol}, which is obsolete", {
      sentence: "update OpenSSL",
    }),
    "LAB-PEER-VERSION": {
      ...fail(
        "version",
        "{host} runs pgBackRest {own}, {peer}'s server {greeting}: they refuse to talk to each other [39]",
        {
          command: "./lab ssh {peer} -- sudo systemctl restart pgbackrest",
        },
      ),
      after: ["LAB-VERSION-PGBACKREST", "LAB-PACKAGE-VERSION", "LAB-PACKAGE-NEWER"],
    },
    "LAB-ACCESS-DENIED": {
      ...fail("authorization", "{peer} does not authorize CN={host} for this stanza: access denied [105]", {
        sentence: "see tls-server-auth in {peer}'s pgbackrest.conf, and reload its server",
      }),
      after: [...PGBACKREST_FILES, "LAB-CERT-*"],
    },
    "LAB-PEER-ERROR": {
      ...fail("authorization", "pgBackRest cannot use {peer}: {error}", { sentence: "{pgbackrest}" }),
      after: [
        ...[...BAD_CERTIFICATE, "LAB-STANZA-MISSING", "LAB-STANZA-STOPPED", "LAB-REPOSITORY-*"],
        ...["LAB-PACKAGE-MISSING", ...PGBACKREST_FILES],
      ],
    },
  },
  ({ hosts, plan }, tell) => {
    const { ports } = plan;
    for (const host of hosts) {
      for (const peer of host.peers) {
        const facts = host.facts.peers?.[peer];
        if (facts === undefined) continue;
        const pair = (words: Found = {}): Found => ({
          peer,
          subject: `CN=${host.name}`,
          port: ports.pgbackrest,
          address: hostOf(plan, peer).address,
          ...words,
        });
        const stage =
          judgeName(facts, hostOf(plan, peer)) ??
          judgeConnection(facts) ??
          judgeHandshake(facts.said) ??
          judgeGreeting(facts.said);
        if (stage !== undefined) {
          const [code, ...found] = stage;
          for (const words of found) tell(code, host, pair(words));
          continue;
        }
        const { protocol, greeting } = parseHandshake(facts.said);
        if (protocol !== undefined && /^TLSv1(\.[01])?$/.test(protocol))
          tell("LAB-TLS-OBSOLETE", host, pair({ protocol }));
        const own = host.facts.stanza?.version;
        if (own !== undefined && own !== greeting) tell("LAB-PEER-VERSION", host, pair({ own, greeting }));
        else if (isDenied(facts)) tell("LAB-ACCESS-DENIED", host, pair());
        else {
          const error = complaintOf(facts);
          const hint =
            PGBACKREST_ERRORS[Number(/\[(\d{3})\]/.exec(error ?? "")?.[1])]?.hint ?? "see pgBackRest's message";
          if (error !== undefined) tell("LAB-PEER-ERROR", host, pair({ error, pgbackrest: hint }));
        }
      }
    }
  },
);

/** Whether a name is that of the plan's host. */
export function judgeName({ addresses }: PeerFacts, { address }: Pick<HostPlan, "address">) {
  const found = addresses?.split("\n") ?? [];
  if (found.length === 0 || found.includes("") || found.includes(address)) return undefined;
  return ["LAB-NAME-ADDRESS", { found: found.join(", ") }] as const;
}

/** What is wrong with the TCP connection. */
export function judgeConnection({ tcp }: PeerFacts) {
  if (tcp === "") return undefined;
  if (/name resolution|Name or service not known|No address associated/i.test(tcp))
    return ["LAB-NAME-UNRESOLVED", {}] as const;
  if (/refused/i.test(tcp)) return ["LAB-PORT-CLOSED", {}] as const;
  const error = tcp.split(": ").at(-1)?.trim().toLowerCase();
  // The routing table's own answers: unreachable, blackhole, prohibit.
  const isRouted = !/unreachable|no route|invalid argument|permission denied/i.test(tcp);
  return [isRouted ? "LAB-PORT-SILENT" : "LAB-PORT-NO-ROUTE", { error }] as const;
}

/** What is wrong with the handshake, as the client meets it. */
export function judgeHandshake(said: string) {
  const { verifyErrors, alert } = parseHandshake(said);
  if (verifyErrors.length > 0) {
    const found = verifyErrors.map(({ code, text }) => ({
      ...{ number: code, error: text, words: inWords(VERIFY_ERRORS, code, text) },
    }));
    return ["LAB-TLS-SERVER-REFUSED", ...found] as const;
  }
  if (alert !== undefined) {
    return [
      "LAB-TLS-CLIENT-REFUSED",
      { number: alert.code, words: inWords(TLS_ALERTS, alert.code, alert.text) },
    ] as const;
  }
  const own =
    /^(?:error setting private key|unable to load .*|.*key values mismatch.*|Could not (?:read|find|open).*)$/im.exec(
      said,
    );
  if (own === null) return undefined;
  const error = said.includes("key values mismatch") ? "the key does not belong to the certificate" : own[0];
  return ["LAB-TLS-OWN-FILES", { error }] as const;
}

function judgeGreeting(said: string) {
  return parseHandshake(said).greeting === undefined ? (["LAB-TLS-SILENT", {}] as const) : undefined;
}

/** Reads what `openssl s_client` said. */
export function parseHandshake(said: string): Handshake {
  const alert = /^.*?:error:[^\n]*?:(?:SSL routines):[^\n]*?:([^:\n]+):[^\n]*SSL alert number (\d+)/m.exec(said);
  const errors = [...said.matchAll(/^verify error:num=(\d+):(.*)$/gm)].map(([, code, text = ""]) => ({
    ...{ code: Number(code), text },
  }));
  return {
    verifyErrors: [...new Map(errors.map((error) => [error.code, error])).values()],
    ...(alert ? { alert: { code: Number(alert[2]), text: alert[1] ?? "" } } : {}),
    protocol: /^New, (TLSv[\d.]+)/m.exec(said)?.[1],
    greeting: /^\{"name":"pgBackRest".*"version":"([^"]+)"/m.exec(said)?.[1],
  };
}

function isDenied({ authorization = "" }: PeerFacts): boolean {
  return /\[AccessError\]|\[105\]/.test(authorization);
}

/** What pgBackRest complained of, when it is about the peer. */
function complaintOf({ authorization: said = "" }: PeerFacts): string | undefined {
  // It was authorized, and has looked for the folder that is missing; or for PostgreSQL, which is that host's own finding.
  if (said === "" || /unable to open missing file '\/nonexistent\/|\[DbConnectError\]/.test(said)) return undefined;
  return said.split("\n")[0]?.replace(/^(WARN|ERROR): /, "");
}
