import * as pulumi from "@pulumi/pulumi";
import { runScript } from "../../steps/remote";
import { isProven, type ServerPair } from "./handshake";

export interface RefusalArgs extends ServerPair {
  /** The stanza's name. */
  stanza: string;
}

/** Proof that the repository host denies a revoked host the stanza, although its certificate is valid. */
export class Refusal extends pulumi.ComponentResource {
  /** Whether it is proven. */
  public readonly proven: pulumi.Output<boolean>;

  constructor(name: string, args: RefusalArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:Refusal", name, {}, opts);
    const { stanza, repository, member } = args;

    const refused = runScript(name, member.host, "backup-plane/refusal-prove.sh", [member.host.plan.account, stanza], {
      parent: this,
      dependsOn: [repository, member],
      rerunOn: [repository.version, member.version, repository.host.identity, member.host.identity],
    });

    this.proven = pulumi.all([refused.stdout]).apply(isProven);
    this.registerOutputs({});
  }
}
