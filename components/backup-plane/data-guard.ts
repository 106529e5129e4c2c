import * as pulumi from "@pulumi/pulumi";
import { cipherKeyOf, isEncrypted, placeOf } from "../../config/repositories";
import { CALENDAR_ALLOWED, CALENDAR_HINT } from "../../config/schedule";
import type { LabConfig } from "../../config/schema";
import { PGBACKREST_FOLDER } from "../../plan/layout";
import { clusterOf, type LabPlan, primaryOf } from "../../plan/plan";
import { scheduleOf } from "../../plan/schedule";
import { runScript } from "../../steps/remote";
import type { RemoteHost } from "../../steps/remote-host";

export interface DataGuardArgs {
  plan: LabPlan;
  config: Pick<LabConfig, "repositories" | "repositoryCipher">;
  /** The host that keeps the repository. */
  repositoryHost: RemoteHost;
  postgresqlHosts: readonly RemoteHost[];
}

/**
 * Refuses a configuration that would harm data already on the hosts, before any host is changed. So every other step must wait for this
 * component.
 */
export class DataGuard extends pulumi.ComponentResource {
  private readonly looked: pulumi.Output<string>;

  constructor(name: string, args: DataGuardArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:DataGuard", name, {}, opts);
    const { plan, config, repositoryHost, postgresqlHosts } = args;
    const { binaries } = plan.postgresql;
    const conf = `${PGBACKREST_FOLDER}/pgbackrest.conf`;
    const version = String(plan.postgresql.version);

    const looked = runScript(
      `${name}-${repositoryHost.name}`,
      repositoryHost,
      "backup-plane/repository-guard.sh",
      [
        ...[conf, repositoryHost.plan.account, plan.stanza, version],
        ...config.repositories.flatMap((repository, index) => [
          ...[placeOf(repository), String(isEncrypted(config, index)), cipherKeyOf(config, index)],
        ]),
      ],
      { parent: this },
    );
    const calendars = scheduleOf(plan).flatMap(({ kind, calendar }) => [kind, calendar]);
    if (calendars.length > 0) {
      const args = [CALENDAR_ALLOWED, CALENDAR_HINT, ...calendars];
      runScript(`${name}-schedule`, repositoryHost, "backup-plane/schedule-check.sh", args, { parent: this });
    }
    for (const host of postgresqlHosts) {
      const { dataFolder } = clusterOf(plan, host.plan);
      runScript(
        `${name}-${host.name}`,
        host,
        "cluster/data-guard.sh",
        [conf, plan.stanza, version, dataFolder, binaries, host.plan.role, primaryOf(plan).name],
        { parent: this },
      );
    }

    this.looked = looked.stdout;
    this.registerOutputs({});
  }

  /**
   * When a repository was added to those of a lab that lives, or moved there, as a backup label begins; empty if it never was. Older backups
   * in it lack later WAL.
   */
  addedAt(place: string): pulumi.Output<string> {
    return this.looked.apply((lines) => {
      const line = lines.split("\n").find((each) => each.startsWith(`${place} `));
      return line?.slice(place.length + 1) ?? "";
    });
  }
}
