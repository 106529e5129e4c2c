import { X509Certificate, createPublicKey } from "node:crypto";
import { CERTIFICATE_FILES } from "../../plan/layout";
import type { CertificateFacts } from "./facts";
import type { Finding, Level } from "./findings";
import { CERTIFICATE_DAYS } from "./thresholds";

const DAY = 24 * 60 * 60;

/** Extended key usages (RFC 5280, section 4.2.1.12). */
const USES = [
  ["1.3.6.1.5.5.7.3.1", "server", "clients"],
  ["1.3.6.1.5.5.7.3.2", "client", "servers"],
] as const;

/** Whose certificate it is. */
export interface Owner {
  readonly name: string;
  /** The account that pgBackRest runs as. */
  readonly account: string;
}

/** What is wrong with a host's certificate, its key and what its server shows. */
export function certificateFindings(host: Owner, facts: CertificateFacts): Finding[] {
  const findings = fileFindings(host, facts);
  const tell = (level: Level, subject: string, cause: string): void => {
    findings.push({ level, host: host.name, area: "certificate", subject, cause, remedy: RENEW });
  };
  const { certificate: file, key } = CERTIFICATE_FILES;
  const certificate = parse(facts.certificate);
  if (certificate === undefined) {
    if (file in facts.files) tell("fail", file, "the file holds no certificate");
    return findings;
  }
  const name = commonName(certificate.subject);
  for (const [level, cause] of dateProblems(certificate, facts.now)) tell(level, file, cause);
  if (name !== host.name) {
    const cause = `the certificate's common name is "${name}", but tls-server-auth of the other hosts lets in "${host.name}"`;
    tell("fail", file, cause);
  }
  const names = certificate.subjectAltName;
  if (names === undefined) tell("warn", file, NO_SAN);
  else if (certificate.checkHost(host.name) === undefined) {
    tell("fail", file, `the certificate is for ${names}, not for DNS:${host.name}: clients refuse it`);
  }
  for (const [oid, use, others] of USES) {
    // Without any, all uses are allowed.
    const uses = certificate.keyUsage as readonly string[] | undefined;
    if (uses !== undefined && !uses.includes(oid)) {
      tell("fail", file, `the certificate is not for use as a ${use}: ${others} refuse it`);
    }
  }
  const authorities = parseAll(facts.trusted);
  if (!authorities.some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey))) {
    const issuer = commonName(certificate.issuer);
    tell(
      "fail",
      file,
      `the certificate was signed by CN=${issuer}, which is none of the authorities in ${CERTIFICATE_FILES.ca}`,
    );
  }
  if (facts.publicKey === "") {
    if (key in facts.files) tell("fail", key, "the file holds no key");
  } else if (!certificate.publicKey.equals(createPublicKey(facts.publicKey))) {
    tell("fail", key, "the key does not belong to the certificate: a pgBackRest server that reloads them ends [95]");
  }
  const served = parse(facts.served);
  if (served !== undefined && served.fingerprint256 !== certificate.fingerprint256) {
    findings.push({
      level: "fail",
      host: host.name,
      area: "certificate",
      subject: file,
      cause: `the TLS server still shows the certificate with serial ${served.serialNumber}, not the installed one, ${certificate.serialNumber}`,
      remedy: "systemctl reload pgbackrest, once nothing else is wrong with the certificate",
    });
  }
  return findings;
}

/** pgBackRest then compares the common name; newer clients of TLS do not. */
const NO_SAN =
  "the certificate has no subject alternative name (SAN): pgBackRest falls back on the common name, others refuse it";

const RENEW = "put the right files back: ./lab drift --fix";

/** Owner and mode: pgBackRest refuses a key that others may read (its "tls-server-key-file"). */
function fileFindings({ name, account }: Owner, { files }: CertificateFacts): Finding[] {
  const { ca, certificate, key } = CERTIFICATE_FILES;
  return [key, certificate, ca].flatMap((file): Finding[] => {
    const finding = { level: "fail", host: name, area: "certificate", subject: file, remedy: RENEW } as const;
    const [owner = "", mode = ""] = files[file]?.split(" ") ?? [];
    if (owner === "") return [{ ...finding, cause: "the file is missing" }];
    if (file !== key) return [];
    const permissions = parseInt(mode, 8);
    const found: Finding[] = [];
    if (owner !== account && owner !== "root") {
      found.push({
        ...finding,
        cause: `the key belongs to ${owner}, and pgBackRest runs as ${account}: it cannot use it [42]`,
      });
    }
    if ((permissions & (owner === "root" ? 0o027 : 0o077)) !== 0) {
      const octal = mode.padStart(4, "0");
      found.push({
        ...finding,
        cause: `the key has mode ${octal}: pgBackRest refuses a key that others than its owner may read [42]`,
      });
    }
    return found;
  });
}

function dateProblems({ validFrom, validTo }: X509Certificate, now: number): [Level, string][] {
  const [begin, end] = [Date.parse(validFrom) / 1000, Date.parse(validTo) / 1000];
  if (begin > now)
    return [["fail", `the certificate is not valid before ${iso(begin)}, and the host's clock says ${iso(now)}`]];
  if (end <= now) return [["fail", `the certificate ended ${iso(end)}`]];
  const days = Math.floor((end - now) / DAY);
  const until = `the certificate ends ${iso(end)}, in ${days} days`;
  if (days < CERTIFICATE_DAYS.fail) return [["fail", until]];
  return days < CERTIFICATE_DAYS.warn ? [["warn", until]] : [];
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/** The common name in a name as Node writes it, a line a part. */
function commonName(name: string): string {
  return /^CN=(.*)$/m.exec(name)?.[1] ?? "";
}

function parse(pem: string): X509Certificate | undefined {
  return parseAll(pem)[0];
}

function parseAll(pem: string): X509Certificate[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs)].flatMap(([each]) => {
    try {
      return [new X509Certificate(each)];
    } catch {
      return [];
    }
  });
}
