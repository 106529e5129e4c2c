import * as pulumi from "@pulumi/pulumi";
import { familyOf } from "../../config/families";
import type { LabConfig } from "../../config/schema";
import { POSTGRESQL_FILES } from "../../plan/layout";
import { isAdopted } from "../../plan/machines";
import { clusterOf, type LabPlan } from "../../plan/plan";
import { replicationConnection } from "../../plan/replication";
import { renderPgHba, renderPgIdent, renderPgPass, renderPostgreSqlConf } from "../../render/postgresql-conf";
import { fingerprint } from "../../steps/fingerprint";
import type { RemoteHost } from "../../steps/remote-host";
import { type FileArgs, runScript } from "../../steps/remote";
import type { PgBackRestServer } from "../backup-plane/pgbackrest-server";

export interface PostgreSqlInstanceArgs {
  host: RemoteHost;
  config: Pick<LabConfig, "family" | "postgresqlVersion" | "locale" | "encoding" | "postgresql">;
  plan: LabPlan;
  /** pgBackRest's server on the host, which presents the same certificate. */
  server: PgBackRestServer;
  /**
   * Password of the replication role.
   * @default - none: standbys present their certificates
   */
  replicationPassword?: pulumi.Input<string>;
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
  /** What must be done before it has its settings. */
  setAfter: pulumi.Resource[];
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
    const { host, config, plan, server, origin } = args;
    const { binaries, settingsFile } = plan.postgresql;
    const { createScript, settingsFileOf } = familyOf(config.family, config.postgresqlVersion);
    const cluster = clusterOf(plan, host.plan);
    const { service, dataFolder, port } = cluster;

    // `drift --fix` recreates a standby's missing data; a primary's it must not, as that would be a new cluster.
    const restored = origin.role === "standby" ? { units: [service] } : {};
    const data =
      origin.role === "primary" ? this.restorePrimary(name, args, origin) : this.restoreStandby(name, args, origin);
    const shape = [
      ...[String(config.postgresqlVersion), config.locale, config.encoding],
      ...[dataFolder, service, String(port)],
    ];
    const created = runScript(`${name}-create`, host, createScript, shape, {
      parent: this,
      dependsOn: [data],
      keeps: restored,
    });
    const access = this.accessFiles(args);
    const adopted = isAdopted(host.plan)
      ? [
          runScript(
            `${name}-adopt`,
            host,
            "cluster/cluster-adopt.sh",
            [binaries, service, settingsFileOf(cluster), settingsFile, ...access.map((file) => file.path)],
            { parent: this, dependsOn: [created, server.installed], files: access },
          ),
        ]
      : [];
    const settings = renderPostgreSqlConf(plan, host.plan, config.postgresql);
    const certificate = plan.postgresql.tls ? [host.plan.certificate.folder] : [];
    runScript(
      `${name}-start`,
      host,
      "cluster/postgresql-start.sh",
      [binaries, service, settingsFileOf(cluster), settingsFile, origin.role, dataFolder, ...certificate],
      {
        parent: this,
        dependsOn: [created, ...adopted, server.installed, ...(origin.role === "primary" ? origin.setAfter : [])],
        rerunOn: [
          ...lineage(origin),
          ...(plan.postgresql.tls ? [server.publicPem] : []),
          ...(adopted.length > 0 ? access.map((file) => file.content) : []),
        ],
        // A restored primary replays the archive.
        timeout: "2h",
        files: [...this.settingsFiles(args, settings), ...(adopted.length > 0 ? [] : access)],
        keeps: {
          ...{ units: [service], settings: settingsFile },
          ...(origin.role === "standby" ? { standbyOf: origin.primary.name } : {}),
        },
      },
    );

    this.host = host;
    this.version = fingerprint(settings);
    this.registerOutputs({});
  }

  private settingsFiles({ host, plan }: PostgreSqlInstanceArgs, settings: string): FileArgs[] {
    const { settingsFile } = plan.postgresql;
    return [
      {
        path: `${settingsFile}.next`,
        becomes: settingsFile,
        content: settings,
        owner: host.plan.account,
        mode: "0640",
      },
    ];
  }

  private accessFiles({ host, plan }: PostgreSqlInstanceArgs): FileArgs[] {
    const [owner, mode] = [host.plan.account, "0640"];
    return [
      { path: POSTGRESQL_FILES.access, content: renderPgHba(host.plan, plan), owner, mode },
      { path: POSTGRESQL_FILES.identities, content: renderPgIdent(plan), owner, mode },
    ];
  }

  private restorePrimary(
    name: string,
    { host, plan }: PostgreSqlInstanceArgs,
    { repositoryHost, askAfter, restoreAfter }: PrimaryOrigin,
  ): pulumi.Resource {
    const { stanza } = plan;
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
      [stanza, clusterOf(plan, host.plan).dataFolder, held.stdout],
      {
        parent: this,
        dependsOn: [held, ...restoreAfter],
        timeout: "2h",
      },
    );
  }

  private restoreStandby(
    name: string,
    { host, config, plan, replicationPassword }: PostgreSqlInstanceArgs,
    origin: StandbyOrigin,
  ): pulumi.Resource {
    const { stanza, postgresql } = plan;
    const { binaries } = postgresql;
    const cluster = clusterOf(plan, host.plan);
    const { service, dataFolder } = cluster;
    const { settingsFileOf, home } = familyOf(config.family, config.postgresqlVersion);
    // With the first question to the primary.
    const password = replicationPassword && pulumi.output(replicationPassword).apply(renderPgPass);
    const files: FileArgs[] =
      password === undefined
        ? []
        : [{ path: `${home}/.pgpass`, content: password, owner: host.plan.account, mode: "0600", secret: true }];
    const rerunOn = lineage(origin);
    const keeps = { standbyOf: origin.primary.name };
    const asked = [binaries, service, dataFolder, origin.primary.name, replicationConnection(plan, host)];
    const follow = (): pulumi.Resource => {
      const rejoined = runScript(
        `${name}-rejoin`,
        host,
        "cluster/standby-rejoin.sh",
        [...asked, settingsFileOf(cluster)],
        {
          ...{ parent: this, dependsOn: origin.askAfter, rerunOn, keeps, files },
        },
      );
      return runScript(`${name}-follow`, host, "cluster/standby-follow.sh", [...asked, stanza], {
        ...{ parent: this, dependsOn: [rejoined], rerunOn, keeps: { units: [service], ...keeps } },
      });
    };
    return runScript(`${name}-restore`, host, "cluster/standby-restore.sh", [stanza, dataFolder, binaries], {
      parent: this,
      // Of a revoked host the primary answers no question.
      dependsOn: [...(host.plan.revoked ? [] : [follow()]), ...origin.restoreAfter],
      rerunOn,
      keeps: { units: [service], ...keeps },
      timeout: "2h",
    });
  }
}

/** A recreated primary may be behind its standbys. */
function lineage(origin: PrimaryOrigin | StandbyOrigin): pulumi.Input<string>[] {
  return origin.role === "standby" ? [origin.primary.identity] : [];
}
