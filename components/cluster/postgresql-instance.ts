import * as pulumi from "@pulumi/pulumi";
import { familyOf } from "../../config/families";
import type { LabConfig } from "../../config/schema";
import { POSTGRESQL_FILES, REPLICATION_ROLE } from "../../plan/layout";
import type { LabPlan } from "../../plan/plan";
import { renderPgHba, renderPgPass, renderPostgreSqlConf } from "../../render/postgresql-conf";
import { fingerprint } from "../../steps/fingerprint";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

export interface PostgreSqlInstanceArgs {
  host: RemoteHost;
  config: Pick<LabConfig, "family" | "postgresqlVersion" | "postgresql">;
  plan: LabPlan;
  /** Password of the replication role. */
  replicationPassword: pulumi.Input<string>;
  /** Where its data comes from. An existing cluster is left as it is. */
  origin: PrimaryOrigin | StandbyOrigin;
}

/** A primary's data: restored if the repository holds a backup, that is after the primary was lost; otherwise a new, empty cluster. */
export interface PrimaryOrigin {
  role: "primary";
  repositoryHost: RemoteHost;
  /** What must be done before the repository is read. */
  askAfter: pulumi.Resource[];
  /** What must be done before the data is restored, or a new cluster created. */
  restoreAfter: pulumi.Resource[];
}

/** A standby's data: restored from the repository. Data that cannot follow the primary is moved aside. */
export interface StandbyOrigin {
  role: "standby";
  primary: RemoteHost;
  /** What must be done before the primary is asked. */
  askAfter: pulumi.Resource[];
  /** What must be done before the data is restored. */
  restoreAfter: pulumi.Resource[];
}

/** PostgreSQL on a host. Primary and standbys differ only in the origin of their data. */
export class PostgreSqlInstance extends pulumi.ComponentResource {
  public readonly host: RemoteHost;
  /** Changes with the settings, whose change may restart it. */
  public readonly version: string;

  constructor(name: string, args: PostgreSqlInstanceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:postgresql:PostgreSqlInstance", name, {}, opts);
    const { host, config, plan, replicationPassword, origin } = args;
    const { service, binaries, dataFolder, settingsFile } = plan.postgresql;
    const { createScript, settingsFile: ownSettingsFile, home } = familyOf(config.family, config.postgresqlVersion);

    // `drift --fix` recreates a standby's missing data; a primary's it must not, as that would be a new cluster.
    const restored = origin.role === "standby" ? { units: [service] } : {};
    const data =
      origin.role === "primary" ? this.restorePrimary(name, args, origin) : this.restoreStandby(name, args, origin);
    const created = runScript(`${name}-create`, host, createScript, [String(config.postgresqlVersion)], {
      parent: this,
      dependsOn: [data],
      keeps: restored,
    });
    const settings = renderPostgreSqlConf(plan.stanza, config.postgresql);
    const owner = host.plan.account;
    runScript(
      `${name}-start`,
      host,
      "cluster/postgresql-start.sh",
      [binaries, service, ownSettingsFile, settingsFile, origin.role, dataFolder],
      {
        parent: this,
        dependsOn: [created],
        rerunOn: lineage(origin),
        // A restored primary replays the archive.
        timeout: "2h",
        files: [
          { path: settingsFile, content: settings, owner, mode: "0640" },
          { path: POSTGRESQL_FILES.access, content: renderPgHba(host.plan, plan), owner, mode: "0640" },
          {
            path: `${home}/.pgpass`,
            content: pulumi.output(replicationPassword).apply(renderPgPass),
            owner,
            mode: "0600",
            secret: true,
          },
        ],
        keeps: { units: [service], settings: settingsFile },
      },
    );

    this.host = host;
    this.version = fingerprint(settings);
    this.registerOutputs({});
  }

  private restorePrimary(
    name: string,
    { host, plan: { stanza, postgresql } }: PostgreSqlInstanceArgs,
    { repositoryHost, askAfter, restoreAfter }: PrimaryOrigin,
  ): pulumi.Resource {
    const held = runScript(
      `${name}-holds`,
      repositoryHost,
      "backup-plane/repository-holds.sh",
      [repositoryHost.plan.account, stanza],
      { parent: this, dependsOn: askAfter, rerunOn: [host.identity] },
    );
    return runScript(
      `${name}-restore`,
      host,
      "cluster/primary-restore.sh",
      [stanza, postgresql.dataFolder, held.stdout],
      {
        parent: this,
        dependsOn: [held, ...restoreAfter],
        timeout: "2h",
      },
    );
  }

  private restoreStandby(
    name: string,
    { host, plan: { stanza, postgresql } }: PostgreSqlInstanceArgs,
    origin: StandbyOrigin,
  ): pulumi.Resource {
    const followed = runScript(
      `${name}-follow`,
      host,
      "cluster/standby-follow.sh",
      [postgresql.binaries, postgresql.service, postgresql.dataFolder, origin.primary.name, REPLICATION_ROLE],
      { parent: this, dependsOn: origin.askAfter, rerunOn: lineage(origin) },
    );
    return runScript(
      `${name}-restore`,
      host,
      "cluster/standby-restore.sh",
      [stanza, postgresql.dataFolder, postgresql.binaries],
      {
        parent: this,
        dependsOn: [followed, ...origin.restoreAfter],
        rerunOn: lineage(origin),
        keeps: { units: [postgresql.service] },
        timeout: "2h",
      },
    );
  }
}

/** A recreated primary may be behind its standbys. */
function lineage(origin: PrimaryOrigin | StandbyOrigin): pulumi.Input<string>[] {
  return origin.role === "standby" ? [origin.primary.identity] : [];
}
