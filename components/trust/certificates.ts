import type * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

/** What a certificate's key is: ECDSA on P-256, or RSA with 2048 bits. */
export type KeyKind = "ecdsa" | "rsa";

/** Who a certificate is of, in X.509's words. */
export interface Subject {
  readonly commonName: string;
  readonly organization?: string;
  readonly emailAddress?: string;
}

/** The key of a certificate. */
export function createKey(name: string, kind: KeyKind, parent: pulumi.Resource): tls.PrivateKey {
  const algorithm = kind === "rsa" ? { algorithm: "RSA", rsaBits: 2048 } : { algorithm: "ECDSA", ecdsaCurve: "P256" };
  return new tls.PrivateKey(name, algorithm, { parent });
}

/** The certificate of an authority. It never renews itself early: that would change what others trust, all at once. */
export function signOwn(
  name: string,
  { key, subject, years }: { key: tls.PrivateKey; subject: Subject; years: number },
  options: pulumi.CustomResourceOptions,
): tls.SelfSignedCert {
  return new tls.SelfSignedCert(
    name,
    {
      privateKeyPem: key.privateKeyPem,
      subject,
      isCaCertificate: true,
      setSubjectKeyId: true,
      validityPeriodHours: years * 365 * 24,
      allowedUses: ["cert_signing", "crl_signing"],
    },
    options,
  );
}

export interface SignatureArgs {
  key: tls.PrivateKey;
  subject: Subject;
  /**
   * The server that it is for. Clients compare these names, never the common name.
   * @default - a client's certificate, which no server can show
   */
  server?: { readonly name: string; readonly address: string };
  /** Who signs it. */
  authority: { readonly privateKeyPem: pulumi.Input<string>; readonly certificatePem: pulumi.Input<string> };
  /** Days until the certificate ends. */
  days: number;
  /** Days before its end in which `up` signs a new one. */
  renewDays: number;
  /** What it may be shown as. */
  uses: readonly ("server_auth" | "client_auth")[];
}

/** A certificate that an authority signs: resources `NAME-request` and `NAME-signed`. */
export function signFor(
  name: string,
  { key, subject, server, authority, days, renewDays, uses }: SignatureArgs,
  parent: pulumi.Resource,
): tls.LocallySignedCert {
  const request = new tls.CertRequest(
    `${name}-request`,
    {
      privateKeyPem: key.privateKeyPem,
      subject,
      ...(server === undefined ? {} : { dnsNames: [server.name], ipAddresses: [server.address] }),
    },
    { parent },
  );
  return new tls.LocallySignedCert(
    `${name}-signed`,
    {
      certRequestPem: request.certRequestPem,
      caPrivateKeyPem: authority.privateKeyPem,
      caCertPem: authority.certificatePem,
      validityPeriodHours: days * 24,
      earlyRenewalHours: renewDays * 24,
      allowedUses: ["digital_signature", ...uses],
    },
    { parent },
  );
}
