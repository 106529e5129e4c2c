import * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../../config/schema";
import { STANDBYS_CONF } from "../../plan/layout";
import { type LabPlan, trustedStandbysOf } from "../../plan/plan";
import { renderStandbysConf } from "../../render/pgbackrest-conf";
import { fingerprint } from "../../steps/fingerprint";
import { runScript } from "../../steps/remote";
import type { PgBackRestServer } from "./pgbackrest-server";
import { ofRepository } from "./stanza";

export interface StandbyBackupArgs {
  config: Pick<LabConfig, "pgbackrestVersion" | "repositories">;
  plan: LabPlan;
  /** The server of the host that keeps the repository. */
  repository: PgBackRestServer;
}

/** The standbys as members of the stanza, and a full backup from one of them in each repository. Without standbys there is no such backup. */
export class StandbyBackup extends pulumi.ComponentResource {
  /** Changes with the repository host's configuration, and with the members. */
  public readonly version: string;

  constructor(name: string, args: StandbyBackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:StandbyBackup", name, {}, opts);
    const { config, plan, repository } = args;
    const { host, configurationVersion } = repository;
    const { account } = host.plan;

    const content = renderStandbysConf(plan, config.pgbackrestVersion);
    // `check` asks every standby, the backup only one.
    const members = runScript(`${name}-conf`, host, "backup-plane/stanza-check.sh", [account, plan.stanza], {
      parent: this,
      dependsOn: opts?.dependsOn,
      rerunOn: [configurationVersion],
      files: [{ path: STANDBYS_CONF, content, owner: "root", mode: "0644" }],
    });
    if (trustedStandbysOf(plan).length > 0) {
      let earlier: pulumi.Resource = members;
      for (const index of config.repositories.keys()) {
        const args = [account, plan.stanza, String(index + 1), "standby"];
        earlier = runScript(ofRepository(`${name}-take`, index), host, "backup-plane/backup-full.sh", args, {
          parent: this,
          dependsOn: [earlier],
          rerunOn: [configurationVersion],
          timeout: "2h",
        });
      }
    }

    this.version = fingerprint(configurationVersion, content);
    this.registerOutputs({});
  }
}
