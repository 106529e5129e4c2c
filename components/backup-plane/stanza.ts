import * as pulumi from "@pulumi/pulumi";
import { runScript } from "../../steps/remote";
import type { PgBackRestServer } from "./pgbackrest-server";

export interface StanzaArgs {
  /** The stanza's name. */
  stanza: string;
  /** The server of the host that keeps the repository. */
  repository: PgBackRestServer;
  /** Beginning of a backup label: older backups do not count. Empty: all count. */
  newSince: pulumi.Input<string>;
  /** The primary's server. */
  primary: PgBackRestServer;
}

/** The stanza, with its first full backup: created and checked from the repository host, checked from the primary. */
export class Stanza extends pulumi.ComponentResource {
  /** The first full backup, from which standbys are restored. */
  public readonly backup: pulumi.Resource;

  constructor(name: string, args: StanzaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:Stanza", name, {}, opts);
    const { stanza, repository, newSince, primary } = args;
    const rerunOn = [repository.version, primary.version, primary.host.identity];
    const { host, configurationVersion } = repository;
    const { account } = host.plan;

    const created = runScript(`${name}-create`, host, "backup-plane/stanza-create.sh", [account, stanza], {
      parent: this,
      dependsOn: opts?.dependsOn,
      rerunOn,
      keeps: { stanza },
    });
    this.backup = runScript(`${name}-backup`, host, "backup-plane/backup-full.sh", [account, stanza, "any", newSince], {
      parent: this,
      dependsOn: [created],
      rerunOn: [configurationVersion],
      timeout: "2h",
    });
    runScript(`${name}-check`, primary.host, "backup-plane/stanza-check.sh", [primary.host.plan.account, stanza], {
      parent: this,
      dependsOn: [created],
      rerunOn,
    });

    this.registerOutputs({});
  }
}
