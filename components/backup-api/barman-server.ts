import * as pulumi from "@pulumi/pulumi";
import {
  barmanConfFile,
  barmanConnection,
  renderBarmanPgPass,
  renderBarmanServer,
} from "../../render/backup-api/barman";
import { BARMAN_ACCOUNT, BARMAN_HOME, BARMAN_ROLES } from "../../plan/backup-api-layout";
import type { Family } from "../../config/families";
import type { FileArgs } from "../../steps/remote";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";
import { GeneratedPassword } from "../trust/generated-password";
import { ReplicationRole } from "../cluster/replication-role";

export interface BarmanServerArgs {
  /** The host that Barman runs on; it has Barman's packages. */
  host: RemoteHost;
  family: Family;
  /** The unit that runs Barman's maintenance. */
  cronService: string;
  primary: RemoteHost;
  /** What must be done on the primary before it takes roles. */
  primaryReady: pulumi.Resource[];
  /** Barman's name for the cluster. */
  server: string;
  /** Texts whose change checks it again: what restarts the primary ends Barman's stream. */
  checkedFor: pulumi.Input<string>[];
  /** Backups to keep. */
  retentionFull: number;
}

/**
 * Barman on a host: it streams the primary's WAL and backups over PostgreSQL's own protocol, with two roles and a replication slot,
 * up to a first backup that was restored into a scratch folder, where it started.
 */
export class BarmanServer extends pulumi.ComponentResource {
  constructor(name: string, args: BarmanServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupapi:BarmanServer", name, {}, opts);
    const { host, family, primary, primaryReady, cronService, server, checkedFor, retentionFull } = args;
    const { binaries } = family;
    const connection = barmanConnection(primary.name);

    const asking = new GeneratedPassword("barman-password", { parent: this });
    const streaming = new GeneratedPassword("streaming-barman-password", { parent: this });
    const roles = [
      runScript(
        `${primary.name}-barman-role-create`,
        primary,
        "backup-api/barman-role-create.sh",
        [binaries, BARMAN_ROLES.asking],
        {
          parent: this,
          dependsOn: primaryReady,
          input: asking.value,
        },
      ),
      new ReplicationRole(
        `${primary.name}-streaming-barman-role`,
        { host: primary, family, role: BARMAN_ROLES.streaming, password: streaming.value },
        { parent: this, dependsOn: primaryReady },
      ),
    ];

    const conf = renderBarmanServer({
      host: host.name,
      server,
      primary: primary.name,
      binFolder: binaries,
      retentionFull,
    });
    const owner = BARMAN_ACCOUNT;
    const files: FileArgs[] = [
      { path: barmanConfFile(server), content: conf, owner, mode: "0644" },
      {
        path: `${BARMAN_HOME}/.pgpass`,
        content: pulumi
          .all([asking.value, streaming.value])
          .apply(([asking, streaming]) => renderBarmanPgPass(primary.name, { asking, streaming })),
        owner,
        mode: "0600",
        secret: true,
      },
    ];
    const checked = runScript(`${name}-check`, host, "backup-api/barman-check.sh", [server, connection, cronService], {
      parent: this,
      dependsOn: pulumi.output(opts?.dependsOn ?? []).apply((others) => [others, roles].flat()),
      files,
      rerunOn: checkedFor,
    });
    const backup = runScript(`${name}-backup`, host, "backup-api/barman-backup.sh", [server], {
      parent: this,
      dependsOn: [checked],
      timeout: "2h",
    });
    runScript(`${name}-restore`, host, "backup-api/barman-restore-prove.sh", [server, connection, binaries], {
      parent: this,
      dependsOn: [backup],
      timeout: "2h",
    });

    this.registerOutputs({});
  }
}
