import * as pulumi from "@pulumi/pulumi";
import type { ApiKey } from "../../config/schema";
import { createKey, signOwn } from "../trust/certificates";

/** What stands in every certificate of the API beside the name. */
export interface CertificateStyle {
  /** O. */
  readonly organization: string;
  /** emailAddress. */
  readonly email: string;
  readonly key: ApiKey;
}

export interface BackupApiAuthorityArgs {
  /** The API's host; the CA's common name is `root.HOST`. */
  hostName: string;
  style: CertificateStyle;
  /** Years until its certificate expires. A change makes a new CA and new certificates. */
  years: number;
}

/**
 * The backup API's own CA. It is never the one of pgBackRest: a host's certificate must not open the API, nor
 * an API client's certificate the repository.
 */
export class BackupApiAuthority extends pulumi.ComponentResource {
  /** PEM; signs the server's and the clients' certificates. */
  public readonly privateKeyPem: pulumi.Output<string>;
  /** PEM; what the server and the clients trust. */
  public readonly certificatePem: pulumi.Output<string>;

  constructor(name: string, args: BackupApiAuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupapi:BackupApiAuthority", name, {}, opts);
    const { hostName, style, years } = args;

    const key = createKey(`${name}-key`, style.key, this);
    const certificate = signOwn(
      `${name}-certificate`,
      {
        key,
        subject: { commonName: `root.${hostName}`, organization: style.organization, emailAddress: style.email },
        years,
      },
      { parent: this },
    );

    this.privateKeyPem = key.privateKeyPem;
    this.certificatePem = certificate.certPem;
    this.registerOutputs({ certificatePem: this.certificatePem });
  }
}
