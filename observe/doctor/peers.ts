import { PGBACKREST_ERRORS } from "../pgbackrest-exit-codes";
import type { PeerFacts } from "./facts";
import type { Finding, Stage } from "./findings";
import { inWords, TLS_ALERTS, VERIFY_ERRORS } from "./tls-words";

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

/** Reads what `openssl s_client` said. */
export function parseHandshake(said: string): Handshake {
  const alert = /^.*?:error:[^\n]*?:(?:SSL routines):[^\n]*?:([^:\n]+):[^\n]*SSL alert number (\d+)/m.exec(said);
  const errors = [...said.matchAll(/^verify error:num=(\d+):(.*)$/gm)].map(([, code, text = ""]) => ({
    code: Number(code),
    text,
  }));
  return {
    verifyErrors: [...new Map(errors.map((error) => [error.code, error])).values()],
    ...(alert ? { alert: { code: Number(alert[2]), text: alert[1] ?? "" } } : {}),
    protocol: /^New, (TLSv[\d.]+)/m.exec(said)?.[1],
    greeting: /^\{"name":"pgBackRest".*"version":"([^"]+)"/m.exec(said)?.[1],
  };
}

/** What is wrong between a client and a server, as the client meets it: what comes after a failure is not asked for. */
export function peerFindings(client: string, server: string, facts: PeerFacts, version: string | undefined): Finding[] {
  const pair = (area: Stage, cause: string, remedy: string, subject: string): Finding => ({
    level: "fail",
    host: client,
    peer: server,
    area,
    subject,
    cause,
    remedy,
  });
  const port = `${server}:8432`;
  if (facts.tcp !== "") {
    return /refused/i.test(facts.tcp)
      ? [pair("TCP", `nothing listens on port 8432 of ${server}`, `on ${server}: systemctl status pgbackrest`, port)]
      : [
          pair(
            "TCP",
            `port 8432 of ${server} does not answer (${lastPart(facts.tcp)})`,
            `see that ${server} runs, and that nothing between the hosts drops port 8432`,
            port,
          ),
        ];
  }
  const { verifyErrors, alert, protocol, greeting } = parseHandshake(facts.said);
  if (verifyErrors.length > 0) {
    return verifyErrors.map(({ code, text }) =>
      pair(
        "TLS",
        `${client} refuses the certificate of ${server}: ${inWords(VERIFY_ERRORS, code, text)} (OpenSSL ${code}, ${text})`,
        `see the certificate of ${server}`,
        `CN=${server}`,
      ),
    );
  }
  if (alert !== undefined) {
    const { code, text } = alert;
    const cause = `${server} refuses the certificate of ${client}: ${inWords(TLS_ALERTS, code, text)} (TLS alert ${code})`;
    return [pair("TLS", cause, `see the certificate of ${client}`, `CN=${client}`)];
  }
  const own =
    /^(?:error setting private key|unable to load .*|.*key values mismatch.*|Could not (?:read|find|open).*)$/im.exec(
      facts.said,
    );
  if (own !== null) {
    const why = facts.said.includes("key values mismatch") ? "the key does not belong to the certificate" : own[0];
    return [
      pair(
        "TLS",
        `${client} cannot use its own certificate files: ${why}`,
        "see the certificate of the client",
        `CN=${client}`,
      ),
    ];
  }
  if (greeting === undefined) {
    const cause = `${server} ends the connection without a word`;
    return [pair("TLS", cause, `see the certificate of ${client}, and journalctl -u pgbackrest on ${server}`, port)];
  }
  const findings: Finding[] = [];
  if (protocol !== undefined && /^TLSv1(\.[01])?$/.test(protocol)) {
    findings.push(pair("TLS", `${client} and ${server} speak ${protocol}, which is obsolete`, "update OpenSSL", port));
  }
  if (version !== undefined && version !== greeting) {
    const cause = `${client} runs pgBackRest ${version}, ${server} ${greeting}: they refuse to talk to each other [39]`;
    findings.push(pair("version", cause, "install the same version on all hosts", "pgbackrest"));
  } else findings.push(...authorisationFindings(pair, client, server, facts.authorisation));
  return findings;
}

function authorisationFindings(
  pair: (area: Stage, cause: string, remedy: string, subject: string) => Finding,
  client: string,
  server: string,
  said: string,
): Finding[] {
  // It was let in, and has looked for the folder that is not there; or for PostgreSQL, which is that host's own finding.
  if (said === "" || /unable to open missing file '\/nonexistent\/|\[DbConnectError\]/.test(said)) return [];
  if (/\[AccessError\]|\[105\]/.test(said)) {
    const cause = `${server} lets CN=${client} in, but not to this stanza: access denied [105]`;
    return [
      pair(
        "authorisation",
        cause,
        `see tls-server-auth in ${server}'s pgbackrest.conf, and reload its server`,
        `CN=${client}`,
      ),
    ];
  }
  const [, code = ""] = /ERROR: \[(\d{3})\]/.exec(said) ?? [];
  const hint = PGBACKREST_ERRORS[Number(code)]?.hint ?? "see pgBackRest's message";
  const first = said.split("\n")[0]?.replace(/^(WARN|ERROR): /, "") ?? "";
  return [pair("authorisation", `pgBackRest cannot use ${server}: ${first}`, hint, server)];
}

function lastPart(text: string): string {
  return text.split(": ").at(-1)?.trim().toLowerCase() ?? text;
}
