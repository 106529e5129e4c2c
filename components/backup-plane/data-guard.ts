import * as pulumi from "@pulumi/pulumi";
import { PGBACKREST_FOLDER } from "../../plan/layout";
import { type LabPlan, primaryOf } from "../../plan/plan";
import { runScript } from "../../steps/remote";
import type { RemoteHost } from "../../steps/remote-host";

export interface DataGuardArgs {
  plan: LabPlan;
  /** The repositories' folders. */
  folders: readonly string[];
  /** Whether the repository is encrypted. */
  isEncrypted: boolean;
  /** The host that keeps the repository. */
  repositoryHost: RemoteHost;
  postgresqlHosts: readonly RemoteHost[];
}

/**
 * Refuses a configuration that would harm data already on the hosts, before any host is changed. So every other step must wait for this
 * component.
 */
export class DataGuard extends pulumi.ComponentResource {
  /** When the repository moved to another folder, as a backup label begins; empty if it never did. Older backups lack later WAL. */
  public readonly movedAt: pulumi.Output<string>;

  constructor(name: string, args: DataGuardArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:DataGuard", name, {}, opts);
    const { plan, folders, isEncrypted, repositoryHost, postgresqlHosts } = args;
    const { dataFolder, binaries } = plan.postgresql;
    const conf = `${PGBACKREST_FOLDER}/pgbackrest.conf`;
    const version = String(plan.postgresql.version);

    const looked = runScript(
      `${name}-${repositoryHost.name}`,
      repositoryHost,
      "backup-plane/repository-guard.sh",
      [conf, repositoryHost.plan.account, plan.stanza, version, String(isEncrypted), ...folders],
      { parent: this },
    );
    for (const host of postgresqlHosts) {
      runScript(
        `${name}-${host.name}`,
        host,
        "cluster/data-guard.sh",
        [conf, plan.stanza, version, dataFolder, binaries, host.plan.role, primaryOf(plan).name],
        { parent: this },
      );
    }

    this.movedAt = looked.stdout;
    this.registerOutputs({});
  }
}
