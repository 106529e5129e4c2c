import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

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

    const key = new tls.PrivateKey(`${name}-key`, { algorithm: "ECDSA", ecdsaCurve: "P256" }, { parent: this });
    const certificate = new tls.SelfSignedCert(
      `${name}-certificate`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: "root-ca" },
        isCaCertificate: true,
        setSubjectKeyId: true,
        validityPeriodHours: args.years * 365 * 24,
        allowedUses: ["cert_signing", "crl_signing"],
      },
      { parent: this },
    );

    this.privateKeyPem = key.privateKeyPem;
    this.certificatePem = certificate.certPem;
    this.bundlePem = certificate.certPem;
    this.registerOutputs({ certificatePem: this.certificatePem });
  }
}
