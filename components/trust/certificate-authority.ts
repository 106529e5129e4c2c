import * as pulumi from "@pulumi/pulumi";
import type { Pair } from "../../config/pki";
import type { Rotation } from "../../config/ca-stages";
import { planTrust } from "../../plan/rotation";
import { createKey, signOwn } from "./certificates";

export interface CertificateAuthorityArgs {
  /** Years until its certificate expires. An existing CA keeps its own; the next one gets these. */
  years: number;
  /** The present CA and the stage of its rotation: until the last stage, hosts trust two. */
  rotation: Rotation;
  /**
   * A CA from outside, in place of the lab's own; without its key it signs nothing.
   * @default - the lab's own
   */
  given?: Partial<Pair> & Pick<Pair, "certificatePem">;
  /**
   * Further CAs that hosts trust, PEM.
   * @default - none
   */
  trustedPem?: string;
}

/**
 * The lab's own CA. It is not renewed before it expires: that would change what every host trusts, all at once. Another one replaces it in
 * stages; in each, every host trusts every other.
 */
export class CertificateAuthority extends pulumi.ComponentResource {
  /** PEM; signs the hosts' certificates. */
  public readonly privateKeyPem: pulumi.Output<string>;
  /** PEM. */
  public readonly certificatePem: pulumi.Output<string>;
  /** The CAs that hosts trust, PEM, the newest first. */
  public readonly bundlePem: pulumi.Output<string>;

  constructor(name: string, args: CertificateAuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:tls:CertificateAuthority", name, {}, opts);
    const { given, trustedPem = "" } = args;
    const { signing, all } = given ? fromOutside(given) : this.create(name, args);
    this.privateKeyPem = signing.privateKeyPem;
    this.certificatePem = signing.certificatePem;
    this.bundlePem = pulumi
      .all(all.map(({ certificatePem }) => certificatePem))
      .apply((certificates) => [...certificates, trustedPem].join(""));
    this.registerOutputs({ certificatePem: this.certificatePem });
  }

  private create(name: string, { years, rotation }: CertificateAuthorityArgs): { signing: Signer; all: Signer[] } {
    const { signer, trusted } = planTrust(rotation);
    const create = (generation: number) => {
      const key = createKey(`${name}-${generation}-key`, "ecdsa", this);
      const certificate = signOwn(
        `${name}-${generation}-certificate`,
        { key, subject: { commonName: generation === 1 ? "root-ca" : `root-ca-${generation}` }, years },
        // A new certificate of a trusted CA would be a rotation without stages.
        { parent: this, ignoreChanges: ["validityPeriodHours"] },
      );
      return { generation, privateKeyPem: key.privateKeyPem, certificatePem: certificate.certPem };
    };
    const all = trusted.map(create);
    const signing = all.find(({ generation }) => generation === signer);
    if (signing === undefined) throw new RangeError(`CA ${signer} signs, but is not trusted`);
    return { signing, all };
  }
}

interface Signer {
  readonly privateKeyPem: pulumi.Output<string>;
  readonly certificatePem: pulumi.Output<string>;
}

function fromOutside({ certificatePem, privateKeyPem = "" }: Partial<Pair> & Pick<Pair, "certificatePem">) {
  const signing = { privateKeyPem: pulumi.secret(privateKeyPem), certificatePem: pulumi.output(certificatePem) };
  return { signing, all: [signing] };
}
