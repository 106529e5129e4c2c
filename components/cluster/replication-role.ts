import * as pulumi from "@pulumi/pulumi";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

export interface ReplicationRoleArgs {
  /** The primary. */
  host: RemoteHost;
  /** Folder of PostgreSQL's own programs. */
  binaries: string;
  /** The role's name. */
  role: string;
  /** Whether it also reads what pg_rewind reads: a standby's does. */
  rewinds: boolean;
  /** Empty for none: who has a certificate needs none. */
  password: pulumi.Input<string>;
}

/** A role that may only stream: the standbys', and Barman's. */
export class ReplicationRole extends pulumi.ComponentResource {
  constructor(name: string, args: ReplicationRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:postgresql:ReplicationRole", name, {}, opts);

    const { host, binaries, role, rewinds, password } = args;
    runScript(`${name}-create`, host, "cluster/replication-role-create.sh", [binaries, role, String(rewinds)], {
      parent: this,
      dependsOn: opts?.dependsOn,
      input: password,
      keeps: { replicationRole: role },
    });

    this.registerOutputs({});
  }
}
