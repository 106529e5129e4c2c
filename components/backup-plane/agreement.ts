import * as pulumi from "@pulumi/pulumi";
import { POSTGRESQL_ACCOUNT, REPOSITORY_ACCOUNT } from "../../plan/layout";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

export interface AgreementArgs {
  /** The stanza's name. */
  stanza: string;
  /** The host that keeps the repository. */
  repositoryHost: RemoteHost;
  /** The hosts that must see the same. */
  postgresqlHosts: readonly RemoteHost[];
  /** Texts whose change proves it again. */
  provenFor: pulumi.Input<string>[];
}

/** Proof that every host sees the same sound stanza, with the backups that the repository host sees. */
export class Agreement extends pulumi.ComponentResource {
  constructor(name: string, args: AgreementArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:Agreement", name, {}, opts);
    const { stanza, repositoryHost, postgresqlHosts, provenFor } = args;

    const seen = runScript(name, repositoryHost, "backup-plane/stanza-info.sh", [REPOSITORY_ACCOUNT, stanza], {
      parent: this,
      dependsOn: opts?.dependsOn,
      // A recreated host compares with what is there by then.
      rerunOn: [...provenFor, ...postgresqlHosts.map(({ identity }) => identity)],
    });
    for (const host of postgresqlHosts) {
      runScript(
        `${host.name}-agreement`,
        host,
        "backup-plane/stanza-info.sh",
        [POSTGRESQL_ACCOUNT, stanza, seen.stdout],
        {
          parent: this,
          dependsOn: [seen],
        },
      );
    }

    this.registerOutputs({});
  }
}
