import * as crypto from "node:crypto";
import * as x509 from "@peculiar/x509";
import { utils } from "ssh2";
import { generateEd25519 } from "./ed25519";
import type { Driver } from "./driver";

/** The inputs of all four types. */
type Inputs = Partial<Record<"algorithm" | "ecdsaCurve", string>> &
  Partial<Record<"rsaBits" | "earlyRenewalHours", number>> &
  Partial<Record<"isCaCertificate" | "setSubjectKeyId", boolean>> &
  Partial<Record<"dnsNames" | "ipAddresses", string[]>> &
  Record<"privateKeyPem" | "certRequestPem" | "caPrivateKeyPem" | "caCertPem", string> & {
    subject: Partial<Record<"commonName" | "organization" | "emailAddress", string>>;
    allowedUses: string[];
    validityPeriodHours: number;
  };
type Outputs = Record<string, string | boolean>;
type Created = { id: string; outputs: Outputs };

const NAMES = ["commonName", "organization", "emailAddress"].map((name) => `subject.${name}`);
const SUBJECT = ["privateKeyPem", ...NAMES, "dnsNames", "ipAddresses"];
const VALIDITY = ["validityPeriodHours", "earlyRenewalHours", "allowedUses", "isCaCertificate", "setSubjectKeyId"];
const { digitalSignature, keyCertSign, cRLSign } = x509.KeyUsageFlags;
const USAGES: Record<string, x509.KeyUsageFlags> = {
  digital_signature: digitalSignature,
  cert_signing: keyCertSign,
  crl_signing: cRLSign,
};
const { serverAuth: server_auth, clientAuth: client_auth } = x509.ExtendedKeyUsage;
const EXTENDED: Record<string, x509.ExtendedKeyUsage> = { server_auth, client_auth };
/** WebCrypto's name of a key's algorithm, by its curve. A CA from outside may have any of them. */
const ALGORITHMS: Record<string, { name: string; namedCurve?: string; hash?: string }> = {
  "P-256": { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  "P-384": { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  Ed25519: { name: "Ed25519" },
  RSA: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
};
const { subtle } = crypto.webcrypto;

x509.cryptoProvider.set(crypto.webcrypto as never);

/** The types of `@pulumi/tls`. They exist in the state alone. */
export const tlsDrivers: Readonly<Record<string, Driver>> = {
  "tls:index/privateKey:PrivateKey": driver(["algorithm", "ecdsaCurve", "rsaBits"], createKey),
  "tls:index/certRequest:CertRequest": driver(SUBJECT, async (inputs) => {
    const certRequestPem = `${(await request(inputs)).toString("pem")}\n`;
    return { id: sha1(Buffer.from(certRequestPem)), outputs: { certRequestPem } };
  }),
  "tls:index/selfSignedCert:SelfSignedCert": driver([...SUBJECT, ...VALIDITY], async (inputs) =>
    sign(inputs, await request(inputs), inputs.privateKeyPem),
  ),
  "tls:index/locallySignedCert:LocallySignedCert": driver(
    ["certRequestPem", "caPrivateKeyPem", "caCertPem", ...VALIDITY],
    (inputs) => {
      const issuer = new x509.X509Certificate(inputs.caCertPem);
      return sign(inputs, new x509.Pkcs10CertificateRequest(inputs.certRequestPem), inputs.caPrivateKeyPem, issuer);
    },
  ),
};

function driver(inputs: string[], create: (inputs: Inputs) => Promise<Created>): Driver {
  const isDue = ({ validityEndTime }: Outputs, { earlyRenewalHours = 0 }: Inputs): boolean =>
    Date.parse(String(validityEndTime)) - earlyRenewalHours * 3_600_000 < Date.now();
  const made: Driver<Inputs, Outputs> = {
    inputs,
    stable: ["certPem", "validityStartTime", "validityEndTime", "readyForRenewal"],
    isStateOnly: true,
    observed: { readyForRenewal: false },
    change: (paths) => (paths.join() === "earlyRenewalHours" ? "update" : "replace"),
    create: (subject) => create(subject.inputs),
    observe: (subjects) =>
      Promise.resolve(
        subjects.map(({ inputs: given, outputs }) =>
          isDue(outputs, given) ? { path: "readyForRenewal", found: true } : undefined,
        ),
      ),
  };
  return made;
}

function createKey(inputs: Inputs): Promise<Created> {
  const privateKeyOpenssh = generateKey(inputs);
  const parsed = utils.parseKey(privateKeyOpenssh);
  if (parsed instanceof Error) throw parsed;
  const key = crypto.createPrivateKey(parsed.getPrivatePEM());
  const publicKey = crypto.createPublicKey(key);
  const type = { ec: "sec1", rsa: "pkcs1" }[String(key.asymmetricKeyType)] ?? "pkcs8";
  return Promise.resolve({
    id: sha1(publicKey.export({ type: "spki", format: "der" })),
    outputs: {
      privateKeyOpenssh,
      privateKeyPem: key.export({ type, format: "pem" } as never).toString(),
      publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
      publicKeyOpenssh: `${parsed.type} ${parsed.getPublicSSH().toString("base64")}\n`,
    },
  });
}

function generateKey({ algorithm = "", ecdsaCurve = "P224", rsaBits: bits = 2048 }: Inputs): string {
  if (algorithm === "ED25519") return generateEd25519().private;
  if (algorithm === "RSA") return utils.generateKeyPairSync("rsa", { bits }).private;
  if (algorithm === "ECDSA" && ecdsaCurve === "P256") return utils.generateKeyPairSync("ecdsa", { bits: 256 }).private;
  throw new Error(`a key must be ED25519, RSA, or ECDSA on P256, got ${algorithm} on ${ecdsaCurve}`);
}

async function request({ privateKeyPem, subject, dnsNames = [], ipAddresses = [] }: Inputs) {
  const dns = dnsNames.map((value) => ({ type: "dns" as const, value }));
  const names = [...dns, ...ipAddresses.map((value) => ({ type: "ip" as const, value }))];
  return x509.Pkcs10CertificateRequestGenerator.create({
    ...(await importKey(privateKeyPem)),
    name: [
      { CN: [subject.commonName ?? ""] },
      ...(subject.organization ? [{ O: [subject.organization] }] : []),
      ...(subject.emailAddress ? [{ E: [subject.emailAddress] }] : []),
    ],
    extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
  });
}

async function sign(
  { allowedUses, isCaCertificate = false, setSubjectKeyId = isCaCertificate, validityPeriodHours }: Inputs,
  { subjectName, publicKey, extensions }: x509.Pkcs10CertificateRequest,
  keyPem: string,
  issuer?: x509.X509Certificate,
): Promise<Created> {
  const unknown = allowedUses.find((use) => !(use in USAGES) && !(use in EXTENDED));
  if (unknown !== undefined) throw new Error(`allowedUses "${unknown}" is not supported`);
  const usages = allowedUses.flatMap((use) => USAGES[use] ?? []);
  const usage = usages.length === 0 ? undefined : usages.reduce((flags, flag) => flags | flag);
  const extended = allowedUses.flatMap((use) => EXTENDED[use] ?? []);
  const issuerKeyId = issuer?.getExtension<x509.SubjectKeyIdentifierExtension>("2.5.29.14")?.keyId;
  const { keys, signingAlgorithm } = await importKey(keyPem);
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000);
  const notAfter = new Date(notBefore.getTime() + validityPeriodHours * 3_600_000);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `7${crypto.randomBytes(16).toString("hex").slice(1)}`,
    subject: subjectName.toJSON(),
    issuer: (issuer?.subjectName ?? subjectName).toJSON(),
    notBefore,
    notAfter,
    publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(isCaCertificate, undefined, true),
      ...(usage === undefined ? [] : [new x509.KeyUsagesExtension(usage, true)]),
      ...(extended.length > 0 ? [new x509.ExtendedKeyUsageExtension(extended)] : []),
      ...(setSubjectKeyId ? [await x509.SubjectKeyIdentifierExtension.create(publicKey)] : []),
      ...(issuerKeyId === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(issuerKeyId)]),
      ...extensions,
    ],
  });
  const [validityStartTime = "", validityEndTime = ""] = [notBefore, notAfter].map((date) =>
    date.toISOString().replace(".000", ""),
  );
  const certPem = `${certificate.toString("pem")}\n`;
  return {
    id: certificate.serialNumber,
    outputs: { certPem, readyForRenewal: false, validityStartTime, validityEndTime },
  };
}

async function importKey(pem: string) {
  const key = crypto.createPrivateKey(pem);
  const kind = key.export({ format: "jwk" }).crv ?? "RSA";
  const signingAlgorithm = ALGORITHMS[kind];
  if (!signingAlgorithm) throw new Error(`a private key must be ${Object.keys(ALGORITHMS).join(", ")}, got ${kind}`);
  const der = key.export({ type: "pkcs8", format: "der" });
  const spki = crypto.createPublicKey(key).export({ type: "spki", format: "der" });
  const privateKey = await subtle.importKey("pkcs8", der, signingAlgorithm, true, ["sign"]);
  const publicKey = await subtle.importKey("spki", spki, signingAlgorithm, true, ["verify"]);
  return { keys: { privateKey, publicKey }, signingAlgorithm };
}

function sha1(bytes: Buffer): string {
  return crypto.createHash("sha1").update(bytes).digest("hex");
}
