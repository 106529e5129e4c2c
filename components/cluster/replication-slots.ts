import * as pulumi from "@pulumi/pulumi";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

export interface ReplicationSlotsArgs {
  /** The primary. */
  host: RemoteHost;
  /** Folder of PostgreSQL's own programs. */
  binaries: string;
  /** The slots that standbys stream from. */
  slots: readonly string[];
  /** Slots of hosts that are no standbys, or not any more: they are dropped, and with them all others whose names begin with `lab_`. */
  others: readonly string[];
}

/** A replication slot for each standby, for which the primary keeps WAL while the standby is away. */
export class ReplicationSlots extends pulumi.ComponentResource {
  constructor(name: string, args: ReplicationSlotsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:postgresql:ReplicationSlots", name, {}, opts);

    const { host, binaries, slots, others } = args;
    runScript(
      `${name}-keep`,
      host,
      "cluster/replication-slots-keep.sh",
      [binaries, slots.join(","), others.join(",")],
      {
        parent: this,
        dependsOn: opts?.dependsOn,
        keeps: { replicationSlots: slots },
      },
    );

    this.registerOutputs({});
  }
}
