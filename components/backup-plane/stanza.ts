import * as pulumi from "@pulumi/pulumi";
import { POSTGRESQL_ACCOUNT, REPOSITORY_ACCOUNT } from "../../plan/layout";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

export interface StanzaArgs {
  /** The stanza's name. */
  stanza: string;
  /** The host that keeps the repository. */
  repositoryHost: RemoteHost;
  /** The repository host's configuration: a change may have led to a repository that holds nothing yet. */
  repositoryConf: string;
  /** Begin of a backup's label: older ones do not count. Empty: all count. */
  newSince: pulumi.Input<string>;
  primary: RemoteHost;
  /** Further texts whose change checks it again. */
  checkedFor: pulumi.Input<string>[];
}

/** The stanza, with its first full backup: created and checked from the repository host, checked from the primary. */
export class Stanza extends pulumi.ComponentResource {
  /** The first full backup: what a standby is restored from. */
  public readonly backup: pulumi.Resource;

  constructor(name: string, args: StanzaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:Stanza", name, {}, opts);
    const { stanza, repositoryHost, repositoryConf, newSince, primary } = args;
    const checkedFor = [repositoryConf, ...args.checkedFor, primary.identity];

    const created = runScript(
      `${name}-create`,
      repositoryHost,
      "backup-plane/stanza-create.sh",
      [REPOSITORY_ACCOUNT, stanza],
      {
        parent: this,
        dependsOn: opts?.dependsOn,
        rerunOn: checkedFor,
      },
    );
    this.backup = runScript(
      `${name}-backup`,
      repositoryHost,
      "backup-plane/backup-full.sh",
      [REPOSITORY_ACCOUNT, stanza, "any", newSince],
      {
        parent: this,
        dependsOn: [created],
        rerunOn: [repositoryConf],
        timeout: "2h",
      },
    );
    runScript(`${name}-check`, primary, "backup-plane/stanza-check.sh", [POSTGRESQL_ACCOUNT, stanza], {
      parent: this,
      dependsOn: [created],
      rerunOn: checkedFor,
    });

    this.registerOutputs({});
  }
}
