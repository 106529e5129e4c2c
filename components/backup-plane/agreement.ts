import * as pulumi from "@pulumi/pulumi";
import { runScript } from "../../steps/remote";
import type { RemoteHost } from "../../steps/remote-host";

export interface AgreementArgs {
  /** The stanza's name. */
  stanza: string;
  /** The host that keeps the repository. */
  repositoryHost: RemoteHost;
  /** The hosts that must see the same backups. */
  postgresqlHosts: readonly RemoteHost[];
  /** Changes with the repository host's configuration: verified again then. */
  version: string;
}

/** Proof that every host sees the stanza with status ok, and the repository host's backups. */
export class Agreement extends pulumi.ComponentResource {
  constructor(name: string, args: AgreementArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:Agreement", name, {}, opts);
    const { stanza, repositoryHost, postgresqlHosts, version } = args;

    const seen = runScript(
      `${name}-seen`,
      repositoryHost,
      "backup-plane/stanza-info.sh",
      [repositoryHost.plan.account, stanza],
      {
        parent: this,
        dependsOn: opts?.dependsOn,
        // A recreated host compares with the newest backup.
        rerunOn: [version, ...postgresqlHosts.map(({ identity }) => identity)],
      },
    );
    for (const host of postgresqlHosts) {
      runScript(`${name}-${host.name}`, host, "backup-plane/stanza-info.sh", [host.plan.account, stanza, seen.stdout], {
        parent: this,
        dependsOn: [seen],
      });
    }

    this.registerOutputs({});
  }
}
