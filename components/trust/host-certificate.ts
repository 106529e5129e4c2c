import * as pulumi from "@pulumi/pulumi";
import type { Pair } from "../../config/pki";
import type { CertificateAuthority } from "./certificate-authority";
import { createKey, signFor } from "./certificates";

export interface HostCertificateArgs {
  /** The host that presents the certificate, as server and as client. Its name becomes the subject's common name. */
  host: { readonly name: string; readonly address: string };
  /** The CA that signs it. */
  ca: CertificateAuthority;
  /**
   * A certificate from outside, with its key.
   * @default - the CA signs one for a new key
   */
  given?: Pair;
  /** The number of the key, from 1. A higher one creates a new key. */
  keyGeneration: number;
  /** Days until the certificate expires. */
  days: number;
  /** Days before it expires in which `up` signs a new one. */
  renewDays: number;
}

/** A host's identity towards pgBackRest's TLS servers and clients: a key, a certificate signed by the lab's CA, and what the host trusts. */
export class HostCertificate extends pulumi.ComponentResource {
  /** PEM, a secret. */
  public readonly privateKeyPem: pulumi.Output<string>;
  /** PEM. */
  public readonly certificatePem: pulumi.Output<string>;
  /** The CAs that the host trusts, PEM, the newest first. */
  public readonly bundlePem: pulumi.Output<string>;

  constructor(name: string, args: HostCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:tls:HostCertificate", name, {}, opts);

    const { privateKeyPem, certificatePem } = args.given ?? this.issue(name, args);

    this.privateKeyPem = pulumi.secret(privateKeyPem);
    this.certificatePem = pulumi.output(certificatePem);
    this.bundlePem = args.ca.bundlePem;
    this.registerOutputs({ certificatePem: this.certificatePem });
  }

  private issue(name: string, { host, ca, keyGeneration, days, renewDays }: HostCertificateArgs) {
    const key = createKey(`${name}-${keyGeneration}-key`, "ecdsa", this);
    const subject = { commonName: host.name };
    const uses = ["server_auth", "client_auth"] as const;
    const certificate = signFor(name, { key, subject, server: host, ca, days, renewDays, uses }, this);
    return { privateKeyPem: key.privateKeyPem, certificatePem: certificate.certPem };
  }
}
