import * as pulumi from "@pulumi/pulumi";
import { placeOf } from "../../config/repositories";
import type { LabConfig } from "../../config/schema";
import { SEED_SLOTS, slotOf } from "../../config/replication-slots";
import { type LabPlan, primaryOf, trustedStandbysOf } from "../../plan/plan";
import { REPLICATION_ROLE } from "../../plan/layout";
import type { BackupMember, BackupPlane } from "../backup-plane/backup-plane";
import { Stanza } from "../backup-plane/stanza";
import { GeneratedPassword } from "../trust/generated-password";
import { PostgreSqlInstance, type PrimaryOrigin, type StandbyOrigin } from "./postgresql-instance";
import { ReplicationRole } from "./replication-role";
import { ReplicationSlots } from "./replication-slots";
import { raiseSettings } from "./settings-raise";
import { Streaming } from "./streaming";
import { StreamingRefusal } from "./streaming-refusal";

export interface ClusterArgs {
  config: LabConfig;
  plan: LabPlan;
  backupPlane: BackupPlane;
}

/** The PostgreSQL cluster: the primary, its stanza with a first backup, and the standbys, restored from it and streaming. */
export class Cluster extends pulumi.ComponentResource {
  public readonly primary: PostgreSqlInstance;

  private readonly replicationPassword: GeneratedPassword | undefined;

  constructor(
    name: string,
    private readonly args: ClusterArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("lab:postgresql:Cluster", name, {}, opts);
    const { config, plan, backupPlane } = args;
    const { repository, members } = backupPlane;
    const primary = backupPlane.member(primaryOf(plan).name);
    const standbys = members.filter((member) => member !== primary);

    if (!plan.postgresql.tls) {
      this.replicationPassword = new GeneratedPassword(`${name}-replication-password`, { parent: this });
    }
    this.primary = this.createInstance(primary, {
      role: "primary",
      repositoryHost: repository.host,
      askAfter: [repository.folder],
      restoreAfter: [primary.packages],
      setAfter: standbys.map(({ host }) =>
        raiseSettings(host, args, { parent: this, dependsOn: [backupPlane.restarts] }),
      ),
    });
    const role = new ReplicationRole(
      `${primary.host.name}-replication-role`,
      {
        host: primary.host,
        binaries: plan.postgresql.binaries,
        role: REPLICATION_ROLE,
        rewinds: true,
        password: this.replicationPassword?.value ?? "",
      },
      { parent: this, dependsOn: [this.primary] },
    );
    const slots = trustedStandbysOf(plan).map((host) => slotOf(host.name));
    const replicationSlots = new ReplicationSlots(
      `${primary.host.name}-replication-slots`,
      {
        host: primary.host,
        binaries: plan.postgresql.binaries,
        slots,
        others: SEED_SLOTS.filter((slot) => !slots.includes(slot)),
      },
      { parent: this, dependsOn: [this.primary] },
    );
    const stanza = new Stanza(
      `${repository.host.name}-stanza`,
      {
        stanza: plan.stanza,
        repository: repository.server,
        newSince: config.repositories.map((each) => backupPlane.guard.addedAt(placeOf(each))),
        primary: primary.server,
      },
      { parent: this, dependsOn: [this.primary, primary.proof] },
    );
    for (const standby of standbys) {
      const instance = this.createInstance(standby, {
        role: "standby",
        primary: primary.host,
        askAfter: [role, replicationSlots, standby.server.installed],
        restoreAfter: [...stanza.backups.slice(0, 1), standby.proof],
      });
      const proof = standby.host.plan.revoked ? StreamingRefusal : Streaming;
      new proof(
        `${standby.host.name}-streaming`,
        { primary: this.primary, standby: instance, plan },
        { parent: this, dependsOn: [instance, replicationSlots] },
      );
    }

    this.registerOutputs({});
  }

  private createInstance({ host, server }: BackupMember, origin: PrimaryOrigin | StandbyOrigin): PostgreSqlInstance {
    const { config, plan } = this.args;
    return new PostgreSqlInstance(
      `${host.name}-postgresql`,
      { host, config, plan, server, replicationPassword: this.replicationPassword?.value, origin },
      { parent: this },
    );
  }
}
