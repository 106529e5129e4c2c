import { createPublicKey, X509Certificate } from "node:crypto";
import { PGBACKREST_UNIT } from "../../plan/layout";
import type { ManagedFile } from "../../steps/inventory";
import { fail, type Found, rules, warn } from "../findings";
import { isoTime, type ObservedHost, type ObservedLab } from "../lab";
import { stepsOfUnit } from "./units";

const DAY = 24 * 60 * 60;

/** Days that a certificate is still valid: under these. */
const VALID_DAYS = { warn: 30, fail: 7 } as const;

/** Extended key usages (RFC 5280, section 4.2.1.12): what each is for, and who insists on it. */
const USES = [
  ["1.3.6.1.5.5.7.3.1", "server", "clients"],
  ["1.3.6.1.5.5.7.3.2", "client", "servers"],
] as const;

const FIX = { steps: true, sentence: "put the right files back" } as const;
/** The steps put back a file that is not what the program wrote. */
const RENEW = {
  steps: true,
  sentence: "./lab up renews it; one of a PKI of your own: put a new pair into its files, then ./lab up",
} as const;
const ROTATE = { steps: true, command: "./lab rotate-ca" } as const;

/** What is wrong with an installed pair: a server that loaded it would be worse off. */
export const BAD_PAIR = [
  ...["LAB-KEY-*", "LAB-CERT-NAME", "LAB-CERT-SAN", "LAB-CERT-USE", "LAB-CERT-ISSUER", "LAB-CERT-EXPIRED"],
  "LAB-CERT-NOT-YET-VALID",
] as const;

/** What a host presents, and whom it trusts. */
export const CERTIFICATES = rules(
  {
    "LAB-CERT-MISSING": { ...fail("certificate", "{subject} is missing", FIX), proof: true },
    "LAB-CERT-UNREADABLE": {
      ...fail("certificate", "{subject} holds no certificate, or a damaged one", FIX),
      proof: true,
    },
    "LAB-CERT-EXPIRED": { ...fail("certificate", "the certificate expired {date}", RENEW), proof: true },
    "LAB-CERT-EXPIRES-SOON": {
      ...fail("certificate", "the certificate expires in {days} days ({date})", RENEW),
      soon: true,
    },
    "LAB-CERT-EXPIRES": warn("certificate", "the certificate expires in {days} days ({date})", RENEW),
    "LAB-CERT-NOT-YET-VALID": {
      ...fail("certificate", "the certificate is not valid before {date}, and the host's clock says {now}", {
        ...{ steps: true, sentence: "set the host's clock" },
      }),
      proof: true,
    },
    "LAB-CERT-NAME": fail(
      "certificate",
      'the certificate\'s common name is "{name}", but tls-server-auth of the other hosts authorizes "{host}"',
      FIX,
    ),
    "LAB-CERT-SAN": fail("certificate", "the certificate is for {names}, not for DNS:{host}: clients refuse it", FIX),
    "LAB-CERT-NO-SAN": warn(
      "certificate",
      "the certificate has no subject alternative name (SAN): pgBackRest falls back on the common name, others refuse it",
      FIX,
    ),
    "LAB-CERT-USE": fail("certificate", "the certificate is not for use as a {use}: {others} refuse it", FIX),
    "LAB-CERT-ISSUER": fail(
      "certificate",
      "the certificate was signed by CN={issuer}, which is none of the CAs in {ca}",
      FIX,
    ),
    "LAB-CERT-NOT-SERVED": {
      ...fail("certificate", "the TLS server still presents serial {served}, not the installed {serial}", {
        ...{ steps: true, command: "./lab ssh {host} -- sudo systemctl reload pgbackrest" },
      }),
      proof: true,
      after: BAD_PAIR,
    },
    "LAB-CA-EXPIRED": {
      ...fail("certificate", "the CA's certificate expired {date}", ROTATE),
      ...{ proof: true, after: ["LAB-CERT-ISSUER"] },
    },
    "LAB-CA-EXPIRES-SOON": {
      ...fail("certificate", "the CA's certificate expires in {days} days ({date})", ROTATE),
      soon: true,
    },
    "LAB-CA-EXPIRES": warn("certificate", "the CA's certificate expires in {days} days ({date})", ROTATE),
    "LAB-KEY-MISSING": fail("certificate", "{subject} is missing", FIX),
    "LAB-KEY-UNREADABLE": fail("certificate", "{subject} holds no key", FIX),
    "LAB-KEY-OWNER": fail(
      "certificate",
      "the key belongs to {owner}, and pgBackRest runs as {account}: it cannot use it [42]",
      FIX,
    ),
    "LAB-KEY-MODE": fail(
      "certificate",
      "the key has mode {mode}: pgBackRest refuses a key that others than its owner may read [42]",
      FIX,
    ),
    "LAB-KEY-MISMATCH": fail(
      "certificate",
      "the key does not belong to the certificate: a pgBackRest server that reloads them ends [95]",
      FIX,
    ),
  },
  (lab, tell) => {
    for (const host of lab.hosts) {
      const { certificates: facts } = host.facts;
      if (facts === undefined) continue;
      const { certificate: file, key, ca } = host.certificate;
      const of = (path: string, words: Found = {}): Found => ({ ...words, subject: path, steps: stepsOf(host, path) });
      if (facts.certificate === undefined) tell("LAB-CERT-MISSING", host, of(file));
      if (facts.trusted === undefined) tell("LAB-CERT-MISSING", host, of(ca));
      const [certificate] = parseCertificates(facts.certificate ?? "");
      const trusted = parseCertificates(facts.trusted ?? "");
      if (facts.certificate !== undefined && certificate === undefined) tell("LAB-CERT-UNREADABLE", host, of(file));
      if (facts.trusted !== undefined && (trusted.length === 0 || trusted.includes(undefined))) {
        tell("LAB-CERT-UNREADABLE", host, of(ca));
      }
      const [owner = "", mode = ""] = facts.key?.split(" ") ?? [];
      if (facts.key === "") tell("LAB-KEY-MISSING", host, of(key));
      else if (facts.key !== undefined) {
        // pgBackRest lets root keep it for the group ("tls-server-key-file").
        const isReadable = owner === host.account || (owner === "root" && (parseInt(mode, 8) & 0o040) !== 0);
        if (!isReadable) tell("LAB-KEY-OWNER", host, of(key, { owner, account: host.account }));
        if ((parseInt(mode, 8) & (owner === "root" ? 0o027 : 0o077)) !== 0) {
          tell("LAB-KEY-MODE", host, of(key, { mode: mode.padStart(4, "0") }));
        }
        if (facts.publicKey === "") tell("LAB-KEY-UNREADABLE", host, of(key));
      }
      if (certificate === undefined) continue;

      // As the program wrote it, putting it back would not help.
      const dated = isAsWritten(host, file) ? { steps: [] } : {};
      const dates = expiryOf(certificate, facts.now, Math.min(VALID_DAYS.warn, lab.renewDays || VALID_DAYS.warn));
      if (Date.parse(certificate.validFrom) / 1000 > facts.now) {
        const [date, now] = [isoTime(Date.parse(certificate.validFrom) / 1000), isoTime(facts.now)];
        tell("LAB-CERT-NOT-YET-VALID", host, { ...of(file, { date, now }), ...dated });
      } else if (dates) tell(`LAB-CERT-${dates.code}`, host, { ...of(file, dates), ...dated });
      const name = commonName(certificate.subject);
      if (name !== host.name) tell("LAB-CERT-NAME", host, of(file, { name }));
      const names = certificate.subjectAltName;
      if (names === undefined) tell("LAB-CERT-NO-SAN", host, of(file));
      else if (certificate.checkHost(host.name) === undefined) tell("LAB-CERT-SAN", host, of(file, { names }));
      for (const [oid, use, others] of USES) {
        // Without any, all uses are allowed.
        const uses = certificate.keyUsage as readonly string[] | undefined;
        if (uses !== undefined && !uses.includes(oid)) tell("LAB-CERT-USE", host, of(file, { use, others }));
      }
      const isSigner = (by: X509Certificate | undefined): boolean =>
        by !== undefined && certificate.checkIssued(by) && certificate.verify(by.publicKey);
      if (trusted.length > 0 && !trusted.includes(undefined) && !trusted.some(isSigner)) {
        tell(
          "LAB-CERT-ISSUER",
          host,
          of(isAsWritten(host, ca) ? file : ca, { issuer: commonName(certificate.issuer), ca }),
        );
      }
      if (facts.publicKey && !certificate.publicKey.equals(createPublicKey(facts.publicKey)))
        tell("LAB-KEY-MISMATCH", host, of(key));
      const served = servedBy(host.name, lab);
      if (served !== undefined && served.fingerprint256 !== certificate.fingerprint256) {
        tell("LAB-CERT-NOT-SERVED", host, {
          subject: file,
          steps: stepsOfUnit(host, PGBACKREST_UNIT),
          ...{ served: served.serialNumber, serial: certificate.serialNumber },
        });
      }
    }
    tellFirstCa(lab, (code, host, found) => {
      tell(`LAB-CA-${code}`, host, found);
    });
  },
);

type ExpiryCode = "EXPIRED" | "EXPIRES-SOON" | "EXPIRES";

/** How soon a certificate expires; undefined when that is no matter yet. */
function expiryOf({ validTo }: X509Certificate, now: number, warnDays: number) {
  const left = (Date.parse(validTo) / 1000 - now) / DAY;
  const code: ExpiryCode | undefined =
    left <= 0 ? "EXPIRED" : left >= warnDays ? undefined : left < VALID_DAYS.fail ? "EXPIRES-SOON" : "EXPIRES";
  return code && { code, days: Math.floor(left), date: isoTime(Date.parse(validTo) / 1000) };
}

/**
 * Hosts trust the same CAs, the newest first in the file: the first of these to expire is told, once. A file that is not what the program
 * wrote is put back: what has expired in it is told of each.
 */
function tellFirstCa({ hosts }: ObservedLab, tell: (code: ExpiryCode, host: ObservedHost, found: Found) => void): void {
  const found = hosts
    .flatMap((host) => {
      const { trusted = "", now = 0 } = host.facts.certificates ?? {};
      const [newest] = parseCertificates(trusted);
      const dates = newest && expiryOf(newest, now, VALID_DAYS.warn);
      return dates === undefined ? [] : [{ host, dates, ca: host.certificate.ca }];
    })
    .sort((one, other) => Date.parse(one.dates.date) - Date.parse(other.dates.date));
  const first = found.find(({ host, ca }) => isAsWritten(host, ca));
  if (first) tell(first.dates.code, first.host, { ...first.dates, subject: first.ca });
  for (const { host, dates, ca } of found.filter((each) => !isAsWritten(each.host, each.ca))) {
    if (dates.code === "EXPIRED") tell("EXPIRED", host, { ...dates, subject: ca, steps: stepsOf(host, ca) });
  }
}

/** The certificate that a host's TLS server presented to who talked to it. */
export function servedBy(name: string, { hosts }: ObservedLab): X509Certificate | undefined {
  return hosts
    .flatMap(({ facts }) => parseCertificates(facts.peers?.[name]?.said ?? ""))
    .find((one) => one !== undefined);
}

/** The certificates in a text; undefined for one that is damaged. */
export function parseCertificates(text: string): (X509Certificate | undefined)[] {
  return [...text.matchAll(/-----BEGIN CERTIFICATE-----.*?(?:-----END CERTIFICATE-----|$(?![^]))/gs)].map(([pem]) => {
    try {
      return new X509Certificate(pem);
    } catch {
      return undefined;
    }
  });
}

/** Whether a file's content is what the program wrote, as far as it was read. */
function isAsWritten(host: ObservedHost, path: string): boolean {
  const [wanted, seen] = [managedFile(host, path)?.digest, host.facts.files?.[path]?.digest];
  return wanted === undefined || seen === undefined || wanted === seen;
}

/** The steps that write a file. */
export function stepsOf(host: ObservedHost, path: string): readonly string[] {
  return managedFile(host, path)?.steps ?? [];
}

function managedFile({ managed }: ObservedHost, path: string): ManagedFile | undefined {
  return managed.files.find((file) => file.path === path);
}

/** The common name in a name as Node writes it, a line a part. */
function commonName(name: string): string {
  return /^CN=(.*)$/m.exec(name)?.[1] ?? "";
}
