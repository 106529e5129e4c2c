import * as pulumi from "@pulumi/pulumi";
import {
  barmanConfFile,
  barmanConnection,
  renderBarmanPgPass,
  renderBarmanServer,
} from "../../render/backup-api/barman";
import { BARMAN_ACCOUNT, BARMAN_HOME, BARMAN_ROLES } from "../../plan/backup-api-layout";
import type { LabPlan } from "../../plan/plan";
import type { RemoteHost } from "../../steps/remote-host";
import { type FileArgs, runScript } from "../../steps/remote";
import { GeneratedPassword } from "../trust/generated-password";
import type { PostgreSqlInstance } from "../cluster/postgresql-instance";
import { ReplicationRole } from "../cluster/replication-role";

export interface BarmanServerArgs {
  /** Barman's host, with Barman's packages. */
  host: RemoteHost;
  plan: LabPlan;
  /** The unit that runs Barman's maintenance. */
  cronService: string;
  /** PostgreSQL on the primary. Its restart ends Barman's stream, which is then checked again. */
  primary: PostgreSqlInstance;
  /** Backups to keep. */
  retentionFull: number;
}

/**
 * Barman on a host: it streams the primary's WAL and backups over PostgreSQL's own protocol, with two roles and a replication slot.
 * A first backup is taken, restored into a scratch folder, and started there.
 */
export class BarmanServer extends pulumi.ComponentResource {
  constructor(name: string, args: BarmanServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupapi:BarmanServer", name, {}, opts);
    const { host, plan, cronService, retentionFull } = args;
    const { host: primary, version } = args.primary;
    const { binaries } = plan.postgresql;
    const server = plan.stanza;
    const connection = barmanConnection(primary.name);

    const asking = new GeneratedPassword(`${name}-password`, { parent: this });
    const streaming = new GeneratedPassword(`${name}-streaming-password`, { parent: this });
    const roles = [
      runScript(`${name}-role-create`, primary, "backup-api/barman-role-create.sh", [binaries, BARMAN_ROLES.asking], {
        parent: this,
        dependsOn: [args.primary],
        input: asking.value,
      }),
      new ReplicationRole(
        `${name}-streaming-role`,
        { host: primary, binaries, role: BARMAN_ROLES.streaming, password: streaming.value },
        { parent: this, dependsOn: [args.primary] },
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
      rerunOn: [version, primary.identity],
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
