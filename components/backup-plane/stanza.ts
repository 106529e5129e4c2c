import * as pulumi from "@pulumi/pulumi";
import { runScript } from "../../steps/remote";
import type { PgBackRestServer } from "./pgbackrest-server";

export interface StanzaArgs {
  /** The stanza's name. */
  stanza: string;
  /** The server of the host that keeps the repository. */
  repository: PgBackRestServer;
  /** Of each repository the beginning of a backup label: older backups do not count. Empty: all count. */
  newSince: readonly pulumi.Input<string>[];
  /** The primary's server. */
  primary: PgBackRestServer;
}

/** The stanza, with its first full backup in each repository: created and checked from the repository host, checked from the primary. */
export class Stanza extends pulumi.ComponentResource {
  /** The first full backups: standbys are restored from that of the first repository. */
  public readonly backups: readonly pulumi.Resource[];

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
    let earlier: pulumi.Resource = created;
    this.backups = newSince.map((since, index) => {
      const [step, repository] = [ofRepository(`${name}-backup`, index), String(index + 1)];
      // One after the other: a stanza has one lock for all.
      earlier = runScript(step, host, "backup-plane/backup-full.sh", [account, stanza, repository, "any", since], {
        parent: this,
        dependsOn: [earlier],
        rerunOn: [configurationVersion],
        timeout: "2h",
      });
      return earlier;
    });
    runScript(`${name}-check`, primary.host, "backup-plane/stanza-check.sh", [primary.host.plan.account, stanza], {
      parent: this,
      dependsOn: [created],
      rerunOn,
    });

    this.registerOutputs({});
  }
}

/** The name of a step that is taken for each repository: the first has no number. */
export function ofRepository(name: string, index: number): string {
  return index === 0 ? name : `${name}-${index + 1}`;
}
