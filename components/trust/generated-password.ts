import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

/** A generated password, a secret in the state: the digest of a key that nothing else uses. It needs no further provider. */
export class GeneratedPassword extends pulumi.ComponentResource {
  public readonly value: pulumi.Output<string>;

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("lab:postgresql:GeneratedPassword", name, {}, opts);

    const source = new tls.PrivateKey(`${name}-source`, { algorithm: "ECDSA", ecdsaCurve: "P256" }, { parent: this });

    this.value = pulumi.secret(
      source.privateKeyPem.apply((pem) => createHash("sha256").update(pem).digest("base64url")),
    );
    this.registerOutputs({});
  }
}
