import * as pulumi from "@pulumi/pulumi";
import { CERTIFICATE_FILES } from "../../plan/layout";
import type { Pair } from "../../config/pki";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";
import { generationName } from "../../plan/rotation";
import type { CertificateAuthority } from "./certificate-authority";
import { createKey, signFor } from "./certificates";

export interface HostCertificateArgs {
  /** The host that gets the certificate. Its name becomes the subject's common name. */
  host: RemoteHost;
  /** The authority that signs it. */
  authority: CertificateAuthority;
  /**
   * A certificate from outside, with its key.
   * @default - the authority signs one for a new key
   */
  given?: Pair;
  /** The account that owns the files. pgBackRest refuses a key that others can read. */
  owner: string;
  /** A higher number makes a new key, from 1. */
  keyGeneration: number;
  /** Days until the certificate ends. */
  days: number;
  /** Days before its end in which `up` signs a new one. */
  renewDays: number;
}

/**
 * A host's identity towards pgBackRest's TLS servers and clients: a key and a certificate signed by the lab's authority, on the
 * host as one pair that is checked before it takes the place of the old one (a server that reloads a bad pair dies).
 */
export class HostCertificate extends pulumi.ComponentResource {
  /** The certificate and what the host trusts, PEM: a change of it is what reloads a server, and proves again. */
  public readonly publicPem: pulumi.Output<string>;
  /** The certificate alone, PEM. */
  public readonly certificatePem: pulumi.Output<string>;

  constructor(name: string, args: HostCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:tls:HostCertificate", name, {}, opts);
    const { host, authority, owner } = args;

    const { privateKeyPem, certificatePem } = args.given ?? this.issue(name, args);
    this.certificatePem = pulumi.output(certificatePem);
    this.publicPem = pulumi.interpolate`${certificatePem}${authority.bundlePem}`;
    // One command: three PEMs on stdin; the script checks the pair, the chain, names and dates in a new folder, then swaps a link.
    runScript(
      `${name}-install`,
      host,
      "trust/certificate-install.sh",
      [`${owner}:${owner}`, host.name, CERTIFICATE_FILES.key, "server", "client"],
      {
        parent: this,
        dependsOn: opts?.dependsOn,
        input: pulumi.interpolate`${pulumi.secret(privateKeyPem)}${this.publicPem}`,
      },
    );

    this.registerOutputs({ publicPem: this.publicPem });
  }

  private issue(name: string, { host, authority, keyGeneration, days, renewDays }: HostCertificateArgs) {
    const key = createKey(generationName(name, keyGeneration, "key"), "ecdsa", this);
    const certificate = signFor(
      name,
      // Each host is server and client of the others.
      {
        key,
        subject: { commonName: host.name },
        server: host,
        authority,
        days,
        renewDays,
        uses: ["server_auth", "client_auth"],
      },
      this,
    );
    return { privateKeyPem: key.privateKeyPem, certificatePem: certificate.certPem };
  }
}
