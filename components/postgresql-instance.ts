import * as pulumi from "@pulumi/pulumi";
import type { Family } from "../lib/families";
import { POSTGRESQL_ACCOUNT, POSTGRESQL_FILES } from "../lib/families";
import { renderPgPass } from "../lib/postgresql-conf";
import type { RemoteHost } from "../lib/remote";
import { runScript } from "../lib/remote";

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
  /**
   * The stanza whose backup the data comes from, for a standby. A cluster that is there is left as it is.
   * @default - a new, empty cluster: the primary
   */
  restoreFrom?: string;
  /**
   * What must be done before the data is restored.
   * @default []
   */
  restoreAfter?: pulumi.Resource[];
}

/** PostgreSQL on a host. Primary and standbys have the same files; where their data comes from is the only difference. */
export class PostgreSqlInstance extends pulumi.ComponentResource {
  constructor(name: string, args: PostgreSqlInstanceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:postgresql:PostgreSqlInstance", name, {}, opts);
    const { host, family, version, settings, access, replicationPassword, restoreFrom, restoreAfter = [] } = args;

    const data =
      restoreFrom === undefined
        ? opts?.dependsOn
        : [
            runScript(`${name}-restore`, host, "standby-restore.sh", [restoreFrom, family.dataFolder], {
              parent: this,
              dependsOn: restoreAfter,
              timeout: "2h",
            }),
          ];
    const created = runScript(`${name}-create`, host, family.createScript, [String(version)], {
      parent: this,
      dependsOn: data,
    });
    const owner = POSTGRESQL_ACCOUNT;
    runScript(
      `${name}-start`,
      host,
      "postgresql-start.sh",
      [
        family.binaries,
        family.service,
        family.settingsFile,
        POSTGRESQL_FILES.settings,
        restoreFrom === undefined ? "primary" : "standby",
      ],
      {
        parent: this,
        dependsOn: [created],
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
      },
    );

    this.registerOutputs({});
  }
}
