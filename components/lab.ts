import * as pulumi from "@pulumi/pulumi";
import type { RepositorySecrets } from "../config/repositories";
import type { LabConfig } from "../config/schema";
import { NO_PKI, type Pki } from "../config/pki";
import type { ReachedRotation } from "../config/ca-stages";
import { supportWarnings } from "../config/support-dates";
import type { LabPlan } from "../plan/plan";
import type { ManagedHost } from "../steps/inventory";
import type { ApiAccess } from "../plan/access";
import { BackupApi } from "./backup-api/backup-api";
import { BackupPlane } from "./backup-plane/backup-plane";
import { Proofs } from "./backup-plane/proofs";
import { Schedule } from "./backup-plane/schedule";
import { Cluster } from "./cluster/cluster";
import type { SshAccess } from "../plan/access";
import { Site } from "./site/site";
import { Trust } from "./trust/trust";

export interface LabArgs {
  config: LabConfig;
  /** Its plan. */
  plan: LabPlan;
  /**
   * Certificates and keys from outside.
   * @default - the lab's own CA signs a certificate for every host
   */
  pki?: Pki;
  /**
   * Secrets of the repositories.
   * @default - their passphrases are generated
   */
  repositorySecrets?: RepositorySecrets;
  /**
   * The key that existing machines authorize.
   * @default - an SSH agent has it
   */
  sshPrivateKey?: string;
}

/** The whole lab: hosts with certificates, pgBackRest on them, a PostgreSQL cluster that it backs up, and the proofs that it does. */
export class Lab extends pulumi.ComponentResource {
  /** How to reach the hosts. */
  public readonly ssh: pulumi.Output<SshAccess>;
  /** The stage of the CA's rotation, and whether it is proven on every pair of hosts. */
  public readonly rotation: pulumi.Output<ReachedRotation>;
  /** What the program keeps on each host, by its name. */
  public readonly managed: pulumi.Output<Readonly<Record<string, ManagedHost>>>;
  /** The passphrases of the encrypted repositories, by pgBackRest's option. */
  public readonly passphrases: pulumi.Output<Readonly<Record<string, string>>>;
  /** How clients reach the backup API; undefined where there is none. */
  public readonly backupApi: pulumi.Output<ApiAccess> | undefined;

  constructor(name: string, args: LabArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:index:Lab", name, {}, opts);
    const { config, plan, pki = NO_PKI, repositorySecrets: secrets, sshPrivateKey } = args;
    const parent = { parent: this };
    const today = new Date().toISOString().slice(0, 10);
    for (const warning of supportWarnings(config.postgresqlVersion, config.pgbackrestVersion, today)) {
      void pulumi.log.warn(warning, this);
    }

    const site = new Site(name, { config, plan, sshPrivateKey }, parent);
    const trust = new Trust(name, { config, plan, pki }, parent);
    const backupPlane = new BackupPlane(name, { config, plan, site, trust, secrets }, parent);
    const cluster = new Cluster(name, { config, plan, backupPlane }, parent);
    const { agreement } = new Proofs(name, { config, plan, backupPlane, cluster }, parent);
    // The first backups are taken by then.
    const { host: repositoryHost } = backupPlane.repository;
    const schedule = { config, plan, host: repositoryHost };
    new Schedule(`${repositoryHost.name}-schedule`, schedule, { parent: this, dependsOn: [agreement] });
    if (plan.backupApi !== null) {
      const host = site.host(plan.backupApi.host);
      const neighbour = host === cluster.primary.host ? backupPlane.repository.host : cluster.primary.host;
      this.backupApi = new BackupApi(
        `${name}-api`,
        { config, plan, host, neighbour, primary: cluster.primary, trust },
        { parent: this, dependsOn: [backupPlane.restarts, ...backupPlane.packagesOn(host)] },
      ).access;
    }

    const { caGeneration, caStage } = config;
    this.rotation = backupPlane.proven.apply((isProven) => ({ caGeneration, caStage, isProven }));
    this.ssh = site.ssh;
    this.passphrases = backupPlane.passphrases;
    this.managed = site.managed();
    this.registerOutputs({});
  }
}
