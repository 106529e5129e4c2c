import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Refuse } from "./rules";
import type { KeyName, Values } from "./schema";

/** A certificate and its key, PEM. */
export interface Pair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Certificates and keys of the user's own PKI, checked. It holds keys: it is never part of an output. */
export interface Pki {
  /** The CA that replaces the lab's; without a key it signs nothing here. */
  readonly authority?: Partial<Pair> & Pick<Pair, "certificatePem">;
  /** Additional CAs that hosts trust, PEM; may be empty. */
  readonly trustedPem: string;
  /** Host's name to its certificate and key. */
  readonly hosts: Readonly<Record<string, Pair>>;
}

/** Nothing from outside. */
export const NO_PKI: Pki = { trustedPem: "", hosts: {} };

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const USES = { "1.3.6.1.5.5.7.3.1": "server", "1.3.6.1.5.5.7.3.2": "client" };

/**
 * Reads and checks certificates and keys from outside: each value is PEM or the path of a PEM file.
 * @param names The hosts that need a certificate.
 * @param projectFolder Absolute path, the base of relative ones.
 * @param refuse Receives each problem, which never shows a part of a private key.
 * @param now Milliseconds since 1970.
 */
export function checkPki(
  values: Pick<Values, "caCertificate" | "caKey" | "caTrusted" | "hostCertificates">,
  names: readonly string[],
  projectFolder: string,
  refuse: Refuse,
  now = Date.now(),
): Pki {
  const read = (key: KeyName, value: string): string | undefined => {
    if (value.includes("-----BEGIN ")) return value;
    const file = path.resolve(projectFolder, value);
    if (fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return fs.readFileSync(file, "utf8");
    // Anything else may be a damaged key, so the message does not show it.
    refuse(
      key,
      "must be PEM or the path of a PEM file, got neither; hint: relative paths are taken from the project's folder",
    );
    return undefined;
  };
  const certificates = (key: KeyName, value: string): X509Certificate[] => {
    const text = read(key, value);
    if (text === undefined) return [];
    const found = (text.match(PEM) ?? []).flatMap((pem) => parse(() => new X509Certificate(pem)) ?? []);
    if (found.length === 0) refuse(key, "holds no readable certificate");
    for (const certificate of found) checkDates(key, certificate, now, refuse);
    return found;
  };
  const privateKey = (key: KeyName, value: string): KeyObject | undefined => {
    const text = read(key, value);
    const found = text === undefined ? undefined : parse(() => createPrivateKey(text));
    if (text !== undefined && found === undefined)
      refuse(key, "holds no private key that can be read without a passphrase");
    return found;
  };
  const authorities = (key: KeyName, value: string): X509Certificate[] => {
    const found = certificates(key, value);
    for (const certificate of found.filter(({ ca }) => !ca)) {
      refuse(key, `must be a CA certificate, got ${nameOf(certificate)}, which is not a CA's (basicConstraints)`);
    }
    return found;
  };
  const pair = (key: KeyName, certificate: X509Certificate, secret: KeyObject, of: string): Pair => {
    if (!certificate.checkPrivateKey(secret)) refuse(key, `does not match ${of} (${nameOf(certificate)})`);
    return {
      certificatePem: certificate.toString(),
      privateKeyPem: secret.export({ type: "pkcs8", format: "pem" }).toString(),
    };
  };

  const { caCertificate, caKey, caTrusted, hostCertificates } = values;
  const [signer, ...others] = caCertificate === "" ? [] : authorities("caCertificate", caCertificate);
  if (others.length > 0)
    refuse("caCertificate", "must hold one certificate; hint: the others belong into lab:caTrusted");
  const signerKey = caKey === "" ? undefined : privateKey("caKey", caKey);
  if (caKey !== "" && caCertificate === "") refuse("caKey", "needs lab:caCertificate, the certificate of that key");
  const trusted = caTrusted === "" ? [] : authorities("caTrusted", caTrusted);

  const given = Object.entries(hostCertificates);
  const hosts: Record<string, Pair> = {};
  for (const [host, { certificate, key }] of given) {
    if (!names.includes(host)) {
      refuse("hostCertificates", `has an unknown host: ${host}; the hosts are ${names.join(", ")}`);
      continue;
    }
    const [own] = certificates("hostCertificates", certificate);
    const secret = privateKey("hostCertificates", key);
    if (own === undefined || secret === undefined) continue;
    checkHostCertificate(host, own, signer, refuse);
    hosts[host] = pair("hostCertificates", own, secret, `the certificate of ${host}`);
  }
  if (given.length > 0 && caCertificate === "") {
    refuse("hostCertificates", "needs lab:caCertificate, the CA that signed them");
  }
  const lacking = names.filter((name) => !(name in hostCertificates));
  if (caCertificate !== "" && caKey === "" && lacking.length > 0) {
    refuse(
      "hostCertificates",
      `has no certificate for ${lacking.join(", ")}, and without lab:caKey none can be signed here`,
    );
  }
  return {
    ...(signer && {
      authority: signerKey
        ? pair("caKey", signer, signerKey, "lab:caCertificate")
        : { certificatePem: signer.toString() },
    }),
    trustedPem: trusted.map(String).join(""),
    hosts,
  };
}

function checkDates(key: KeyName, certificate: X509Certificate, now: number, refuse: Refuse): void {
  const day = (text: string): string => new Date(text).toISOString().slice(0, 10);
  const { validFrom, validTo } = certificate;
  if (Date.parse(validTo) <= now) refuse(key, `has expired: ${nameOf(certificate)} expired on ${day(validTo)}`);
  if (Date.parse(validFrom) > now)
    refuse(key, `is not valid yet: ${nameOf(certificate)} is valid from ${day(validFrom)}`);
}

/** pgBackRest's servers authorize clients by the common name; its clients compare the alternative names. */
function checkHostCertificate(
  host: string,
  certificate: X509Certificate,
  authority: X509Certificate | undefined,
  refuse: Refuse,
): void {
  const wrong = (problem: string): void => {
    refuse("hostCertificates", `${host}: ${problem}`);
  };
  const { subject, subjectAltName = "none" } = certificate;
  // Without the extension, which Node's types do not know of, a certificate is for every use.
  const uses = (certificate.keyUsage as string[] | undefined) ?? Object.keys(USES);
  if (!subject.split("\n").includes(`CN=${host}`)) wrong(`the common name must be ${host}, got ${nameOf(certificate)}`);
  if (certificate.checkHost(host, { subject: "never" }) === undefined) {
    wrong(`the subject alternative names must hold DNS:${host}, got ${subjectAltName}`);
  }
  for (const [oid, use] of Object.entries(USES)) {
    if (!uses.includes(oid)) wrong(`the extended key usages must hold ${use}Auth; each host is server and client`);
  }
  if (authority && !(certificate.checkIssued(authority) && certificate.verify(authority.publicKey))) {
    wrong(`was not signed by lab:caCertificate (${nameOf(authority)})`);
  }
}

function nameOf({ subject }: X509Certificate): string {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- undefined when it is empty
  return (subject ?? "a certificate without a subject").replaceAll("\n", ", ");
}

function parse<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
