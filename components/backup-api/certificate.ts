import * as pulumi from "@pulumi/pulumi";
import { createKey, signFor } from "../trust/certificates";
import type { BackupApiAuthority, CertificateStyle } from "./authority";

export interface BackupApiCertificateArgs {
  commonName: string;
  /**
   * The server's name and address. Clients compare these, never the common name.
   * @default - a client's certificate, which no server can present
   */
  server?: { readonly name: string; readonly address: string };
  ca: BackupApiAuthority;
  style: CertificateStyle;
  /** Days until the certificate expires. */
  days: number;
  /** Days before it expires in which `up` signs a new one. */
  renewDays: number;
}

/** A key and a certificate of the backup API's CA: the server's, or one client's. */
export class BackupApiCertificate extends pulumi.ComponentResource {
  /** PEM. */
  public readonly privateKeyPem: pulumi.Output<string>;
  /** PEM. */
  public readonly certificatePem: pulumi.Output<string>;

  constructor(name: string, args: BackupApiCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupapi:BackupApiCertificate", name, {}, opts);
    const { commonName, server, ca, style, days, renewDays } = args;

    const key = createKey(`${name}-key`, style.key, this);
    const certificate = signFor(
      name,
      {
        key,
        subject: { commonName, organization: style.organization, emailAddress: style.email },
        server,
        ca,
        days,
        renewDays,
        uses: [server === undefined ? "client_auth" : "server_auth"],
      },
      this,
    );

    this.privateKeyPem = key.privateKeyPem;
    this.certificatePem = certificate.certPem;
    this.registerOutputs({ certificatePem: this.certificatePem });
  }
}
