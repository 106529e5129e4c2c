import * as pulumi from "@pulumi/pulumi";
import { createKey, signOwn } from "./certificates";

export interface CertificateAuthorityArgs {
  /** Years until its certificate ends. A change makes a new authority and new certificates. */
  years: number;
}

/** The lab's own certificate authority. It never renews itself early: that would change what every host trusts, all at once. */
export class CertificateAuthority extends pulumi.ComponentResource {
  /** PEM; signs the hosts' certificates. */
  public readonly privateKeyPem: pulumi.Output<string>;
  /** PEM. */
  public readonly certificatePem: pulumi.Output<string>;
  /** What hosts trust, PEM. */
  public readonly bundlePem: pulumi.Output<string>;

  constructor(name: string, args: CertificateAuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:tls:CertificateAuthority", name, {}, opts);

    const key = createKey(`${name}-key`, "ecdsa", this);
    const certificate = signOwn(
      `${name}-certificate`,
      { key, subject: { commonName: "root-ca" }, years: args.years },
      this,
    );

    this.privateKeyPem = key.privateKeyPem;
    this.certificatePem = certificate.certPem;
    this.bundlePem = certificate.certPem;
    this.registerOutputs({ certificatePem: this.certificatePem });
  }
}
