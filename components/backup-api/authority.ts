import * as pulumi from "@pulumi/pulumi";
import type { ApiKey } from "../../config/schema";
import { createKey, signOwn } from "../trust/certificates";

/** What every certificate of the API has, beside its common name. */
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
  /** Years until its certificate expires. A change replaces the CA and all its certificates. */
  years: number;
}

/** The backup API's own CA, never pgBackRest's: a host's certificate must not open the API, nor an API client's the repository. */
export class BackupApiAuthority extends pulumi.ComponentResource {
  /** PEM; signs the server's and the clients' certificates. */
  public readonly privateKeyPem: pulumi.Output<string>;
  /** PEM; the server and the clients trust it. */
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
