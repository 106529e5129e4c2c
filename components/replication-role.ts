import * as pulumi from "@pulumi/pulumi";
import type { Family } from "../lib/families";
import { REPLICATION_ROLE } from "../lib/families";
import type { RemoteHost } from "../lib/remote";
import { runScript } from "../lib/remote";

export interface ReplicationRoleArgs {
  /** The primary. */
  host: RemoteHost;
  family: Family;
  password: pulumi.Input<string>;
}

/** The role that standbys stream with. */
export class ReplicationRole extends pulumi.ComponentResource {
  constructor(name: string, args: ReplicationRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:postgresql:ReplicationRole", name, {}, opts);

    const { host, family, password } = args;
    runScript(`${name}-create`, host, "replication-role-create.sh", [family.binaries, REPLICATION_ROLE], {
      parent: this,
      dependsOn: opts?.dependsOn,
      input: password,
    });

    this.registerOutputs({});
  }
}
