import * as pulumi from "@pulumi/pulumi";
import type { Family } from "../../config/families";
import { POSTGRESQL_ACCOUNT, POSTGRESQL_FILES, REPLICATION_ROLE, REPOSITORY_ACCOUNT } from "../../plan/layout";
import { renderPgPass } from "../../render/postgresql-conf";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

export interface PostgreSqlInstanceArgs {
  host: RemoteHost;
  family: Family;
  /** PostgreSQL's major version. */
  version: number;
  /** The settings that postgresql.conf includes. */
  settings: string;
  /** The content of pg_hba.conf. */
  access: string;
  /** Password of the replication role. */
  replicationPassword: pulumi.Input<string>;
  /** The stanza that the data comes from, when it does. A cluster that is there is left as it is. */
  stanza: string;
  origin: PrimaryOrigin | StandbyOrigin;
}

/** A primary's data: from the repository when that holds a backup, which it does when the primary was lost; else a new, empty cluster. */
export interface PrimaryOrigin {
  role: "primary";
  repositoryHost: RemoteHost;
  /** What must be done before the repository is asked. */
  askAfter: pulumi.Resource[];
  /** What must be done before the data is restored, or a new cluster made. */
  restoreAfter: pulumi.Resource[];
}

/** A standby's data: from the repository. What cannot follow the primary is moved aside. */
export interface StandbyOrigin {
  role: "standby";
  primary: RemoteHost;
  /** What must be done before the primary is asked. */
  askAfter: pulumi.Resource[];
  /** What must be done before the data is restored. */
  restoreAfter: pulumi.Resource[];
}

/** PostgreSQL on a host. Primary and standbys have the same files; where their data comes from is the only difference. */
export class PostgreSqlInstance extends pulumi.ComponentResource {
  constructor(name: string, args: PostgreSqlInstanceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:postgresql:PostgreSqlInstance", name, {}, opts);
    const { host, family, version, settings, access, replicationPassword, origin } = args;

    const data =
      origin.role === "primary" ? this.restorePrimary(name, args, origin) : this.restoreStandby(name, args, origin);
    const created = runScript(`${name}-create`, host, family.createScript, [String(version)], {
      parent: this,
      dependsOn: [data],
    });
    const owner = POSTGRESQL_ACCOUNT;
    runScript(
      `${name}-start`,
      host,
      "cluster/postgresql-start.sh",
      [family.binaries, family.service, family.settingsFile, POSTGRESQL_FILES.settings, origin.role, family.dataFolder],
      {
        parent: this,
        dependsOn: [created],
        rerunOn: lineage(origin),
        // A primary that was restored replays the archive.
        timeout: "2h",
        files: [
          { path: POSTGRESQL_FILES.settings, content: settings, owner, mode: "0640" },
          { path: POSTGRESQL_FILES.access, content: access, owner, mode: "0640" },
          {
            path: `${family.home}/.pgpass`,
            content: pulumi.output(replicationPassword).apply(renderPgPass),
            owner,
            mode: "0600",
            secret: true,
          },
        ],
        keeps: { units: [family.service], settings: POSTGRESQL_FILES.settings },
      },
    );

    this.registerOutputs({});
  }

  private restorePrimary(
    name: string,
    { host, family, stanza }: PostgreSqlInstanceArgs,
    { repositoryHost, askAfter, restoreAfter }: PrimaryOrigin,
  ): pulumi.Resource {
    const held = runScript(
      `${repositoryHost.name}-holds`,
      repositoryHost,
      "backup-plane/repository-holds.sh",
      [REPOSITORY_ACCOUNT, stanza],
      { parent: this, dependsOn: askAfter, rerunOn: [host.identity] },
    );
    return runScript(`${name}-restore`, host, "cluster/primary-restore.sh", [stanza, family.dataFolder, held.stdout], {
      parent: this,
      dependsOn: [held, ...restoreAfter],
      timeout: "2h",
    });
  }

  private restoreStandby(
    name: string,
    { host, family, stanza }: PostgreSqlInstanceArgs,
    origin: StandbyOrigin,
  ): pulumi.Resource {
    const followed = runScript(
      `${name}-follow`,
      host,
      "cluster/standby-follow.sh",
      [family.binaries, family.service, family.dataFolder, origin.primary.name, REPLICATION_ROLE],
      { parent: this, dependsOn: origin.askAfter, rerunOn: lineage(origin) },
    );
    return runScript(`${name}-restore`, host, "cluster/standby-restore.sh", [stanza, family.dataFolder], {
      parent: this,
      dependsOn: [followed, ...origin.restoreAfter],
      rerunOn: lineage(origin),
      timeout: "2h",
    });
  }
}

/** A recreated primary may have come back with less than its standbys have. */
function lineage(origin: PrimaryOrigin | StandbyOrigin): pulumi.Input<string>[] {
  return origin.role === "standby" ? [origin.primary.identity] : [];
}
