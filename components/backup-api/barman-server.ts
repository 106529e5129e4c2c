import * as pulumi from "@pulumi/pulumi";
import { barmanConfFile, renderBarmanPgPass, renderBarmanServer } from "../../render/backup-api/barman";
import { BARMAN_ACCOUNT, BARMAN_CERTIFICATE_FILES, BARMAN_HOME, BARMAN_ROLES } from "../../plan/backup-api-layout";
import type { LabPlan } from "../../plan/plan";
import { barmanConnections } from "../../plan/replication";
import { barmanSlotOf } from "../../config/replication-slots";
import type { RemoteHost } from "../../steps/remote-host";
import { type FileArgs, runScript } from "../../steps/remote";
import { installCertificate } from "../trust/certificates";
import { GeneratedPassword } from "../trust/generated-password";
import type { HostCertificate } from "../trust/host-certificate";
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
  /**
   * The host's certificate, which Barman presents to PostgreSQL.
   * @default - it connects with passwords
   */
  certificate: HostCertificate | undefined;
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
    const { host, plan, cronService, certificate, retentionFull } = args;
    const { host: primary, version } = args.primary;
    const { binaries } = plan.postgresql;
    const server = plan.stanza;
    const connections = barmanConnections(plan);
    const check = `${name}-check`;

    const passwords = certificate ? undefined : this.createPasswords(name);
    const given = pulumi.output(opts?.dependsOn ?? []);
    const afterPrimary = given.apply((others) => [args.primary, others].flat());
    const roles = [
      runScript(`${name}-role-create`, primary, "backup-api/barman-role-create.sh", [binaries, BARMAN_ROLES.asking], {
        parent: this,
        dependsOn: afterPrimary,
        input: passwords?.asking ?? "",
      }),
      new ReplicationRole(
        `${name}-streaming-role`,
        { host: primary, binaries, role: BARMAN_ROLES.streaming, rewinds: false, password: passwords?.streaming ?? "" },
        { parent: this, dependsOn: afterPrimary },
      ),
    ];
    const installed =
      certificate &&
      installCertificate(
        `${name}-certificate`,
        host,
        {
          ...{ files: BARMAN_CERTIFICATE_FILES, owner: BARMAN_ACCOUNT, group: BARMAN_ACCOUNT, certificate },
          ...{ uses: ["client"], loadedBy: [check] },
        },
        { parent: this, dependsOn: opts?.dependsOn },
      );

    const conf = renderBarmanServer({ host: host.name, server, connections, binFolder: binaries, retentionFull });
    const owner = BARMAN_ACCOUNT;
    const files: FileArgs[] = [{ path: barmanConfFile(server), content: conf, owner, mode: "0644" }];
    if (passwords) {
      const content = pulumi.output(passwords).apply((known) => renderBarmanPgPass(primary.name, known));
      files.push({ path: `${BARMAN_HOME}/.pgpass`, content, owner, mode: "0600", secret: true });
    }
    const asked = [server, connections.asking, cronService, barmanSlotOf(host.name)];
    const checked = runScript(check, host, "backup-api/barman-check.sh", asked, {
      parent: this,
      dependsOn: given.apply((others) => [others, roles, installed ?? []].flat()),
      files,
      keeps: { units: [`${cronService}.service`], barman: server },
      rerunOn: [version, primary.identity, ...(certificate ? [certificate.certificatePem, certificate.bundlePem] : [])],
    });
    const backup = runScript(`${name}-backup`, host, "backup-api/barman-backup.sh", [server], {
      parent: this,
      dependsOn: [checked],
      // Where Barman had to begin anew, as after a restore of the primary, another backup is needed.
      keeps: { barman: server },
      rerunOn: [primary.identity],
      timeout: "2h",
    });
    runScript(`${name}-restore`, host, "backup-api/barman-restore-prove.sh", [server, connections.asking, binaries], {
      parent: this,
      dependsOn: [backup],
      timeout: "2h",
    });

    this.registerOutputs({});
  }

  private createPasswords(name: string): Record<keyof typeof BARMAN_ROLES, pulumi.Output<string>> {
    return {
      asking: new GeneratedPassword(`${name}-password`, { parent: this }).value,
      streaming: new GeneratedPassword(`${name}-streaming-password`, { parent: this }).value,
    };
  }
}
