import * as pulumi from "@pulumi/pulumi";
import { REPLICATION_ROLE } from "../lib/families";
import type { RemoteHost } from "../lib/remote";
import { runScript } from "../lib/remote";

export interface ReplicationRoleArgs {
  /** The primary. */
  host: RemoteHost;
  password: pulumi.Input<string>;
}

/** The role that standbys stream with. */
export class ReplicationRole extends pulumi.ComponentResource {
  constructor(name: string, args: ReplicationRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:postgresql:ReplicationRole", name, {}, opts);

    runScript(`${name}-create`, args.host, "replication-role-create.sh", [REPLICATION_ROLE], {
      parent: this,
      dependsOn: opts?.dependsOn,
      stdin: args.password,
    });

    this.registerOutputs({});
  }
}
