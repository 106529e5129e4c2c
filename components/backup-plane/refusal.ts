import * as pulumi from "@pulumi/pulumi";
import { POSTGRESQL_ACCOUNT } from "../../plan/layout";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";
import { isProven } from "./handshake";

export interface RefusalArgs {
  /** The stanza's name. */
  stanza: string;
  /** The host that keeps the repository. */
  repositoryHost: RemoteHost;
  /** The revoked host. */
  postgresqlHost: RemoteHost;
  /** Texts whose change proves it again: the certificates and configurations of both. */
  provenFor: pulumi.Input<string>[];
}

/** Proof that the repository host denies a revoked host the stanza, though its certificate is sound. */
export class Refusal extends pulumi.ComponentResource {
  /** Whether it is proven. */
  public readonly proven: pulumi.Output<boolean>;

  constructor(name: string, args: RefusalArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:Refusal", name, {}, opts);
    const { stanza, repositoryHost, postgresqlHost, provenFor } = args;

    const refused = runScript(name, postgresqlHost, "backup-plane/refusal-prove.sh", [POSTGRESQL_ACCOUNT, stanza], {
      parent: this,
      dependsOn: opts?.dependsOn,
      rerunOn: [...provenFor, repositoryHost.identity, postgresqlHost.identity],
    });

    this.proven = pulumi.all([refused.stdout]).apply(isProven);
    this.registerOutputs({});
  }
}
