import * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../../config/schema";
import type { LabPlan } from "../../plan/plan";
import type { Cluster } from "../cluster/cluster";
import { Agreement } from "./agreement";
import type { BackupPlane } from "./backup-plane";
import { StandbyBackup } from "./standby-backup";

export interface ProofsArgs {
  config: Pick<LabConfig, "pgbackrestVersion" | "repositories">;
  plan: LabPlan;
  backupPlane: BackupPlane;
  cluster: Cluster;
}

/** Proof that the lab as a whole works: a backup is taken from a standby, and every host sees the same backups. */
export class Proofs extends pulumi.ComponentResource {
  /** The last of them. */
  public readonly agreement: Agreement;

  constructor(name: string, args: ProofsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupplane:Proofs", name, {}, opts);
    const { config, plan, backupPlane, cluster } = args;
    const { host, server } = backupPlane.repository;

    const standbyBackup = new StandbyBackup(
      `${host.name}-standbys`,
      { config, plan, repository: server },
      { parent: this, dependsOn: [cluster] },
    );
    this.agreement = new Agreement(
      `${host.name}-agreement`,
      {
        stanza: plan.stanza,
        repositoryHost: host,
        postgresqlHosts: backupPlane.members.map((member) => member.host).filter((member) => !member.plan.revoked),
        version: standbyBackup.version,
      },
      { parent: this, dependsOn: [standbyBackup] },
    );

    this.registerOutputs({});
  }
}
