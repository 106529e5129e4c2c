import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { CertificateFiles } from "../../plan/layout";
import { runScript } from "../../steps/remote";
import type { RemoteHost } from "../../steps/remote-host";

/** The kind of a certificate's key: ECDSA on P-256, or RSA with 2048 bits. */
export type KeyKind = "ecdsa" | "rsa";

/** The subject of a certificate, in X.509's words. */
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

/** The certificate of a CA. It is not renewed before it expires: that would change what others trust, all at once. */
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
   * The server's name and address. Clients compare these, never the common name.
   * @default - a client's certificate, which no server can present
   */
  server?: { readonly name: string; readonly address: string };
  /** The CA that signs it. */
  ca: { readonly privateKeyPem: pulumi.Input<string>; readonly certificatePem: pulumi.Input<string> };
  /** Days until the certificate expires. */
  days: number;
  /** Days before it expires in which `up` signs a new one. */
  renewDays: number;
  /** Its extended key usage. */
  uses: readonly ("server_auth" | "client_auth")[];
}

/** A certificate signed by a CA: resources `NAME-request` and `NAME`. */
export function signFor(
  name: string,
  { key, subject, server, ca, days, renewDays, uses }: SignatureArgs,
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
    name,
    {
      certRequestPem: request.certRequestPem,
      caPrivateKeyPem: ca.privateKeyPem,
      caCertPem: ca.certificatePem,
      validityPeriodHours: days * 24,
      earlyRenewalHours: renewDays * 24,
      allowedUses: ["digital_signature", ...uses],
    },
    { parent },
  );
}

export interface InstallationArgs {
  /** Where it is installed. */
  files: CertificateFiles;
  /** The account and the group that own the files: servers refuse a key that others can read. */
  owner: string;
  group: string;
  /** The certificate, its key, and the CAs to trust, PEM. */
  certificate: {
    readonly privateKeyPem: pulumi.Input<string>;
    readonly certificatePem: pulumi.Input<string>;
    readonly bundlePem: pulumi.Input<string>;
  };
  /** Its required uses. */
  uses: readonly ("server" | "client")[];
  /** The steps whose servers load the files. */
  loadedBy: readonly string[];
}

/**
 * Installs a certificate on a host, in one step: a server that reloads a key and a certificate that do not match dies. The script verifies
 * pair, chain, name and dates in a new folder, then swaps a link.
 */
export function installCertificate(
  name: string,
  host: RemoteHost,
  { files, owner, group, certificate, uses, loadedBy }: InstallationArgs,
  options: { parent: pulumi.Resource; dependsOn: pulumi.ResourceOptions["dependsOn"] },
): command.remote.Command {
  const { privateKeyPem, certificatePem, bundlePem } = certificate;
  const kept = { owner, steps: [name, ...loadedBy] };
  host.inventory.addFile({ ...kept, path: files.ca, mode: "0644", content: bundlePem });
  host.inventory.addFile({ ...kept, path: files.certificate, mode: "0644", content: certificatePem });
  host.inventory.addFile({ ...kept, path: files.key, mode: "0600" });
  return runScript(name, host, "trust/certificate-install.sh", [`${owner}:${group}`, host.name, files.key, ...uses], {
    ...options,
    input: pulumi.interpolate`${privateKeyPem}${certificatePem}${bundlePem}`,
  });
}
