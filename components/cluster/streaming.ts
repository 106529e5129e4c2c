import * as pulumi from "@pulumi/pulumi";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

export interface StreamingArgs {
  primary: RemoteHost;
  standby: RemoteHost;
  /** Folder of PostgreSQL's own programs. */
  binaries: string;
}

/** Proof that a standby streams: pg_stat_replication lists it, and a row written on the primary is read on the standby. */
export class Streaming extends pulumi.ComponentResource {
  constructor(name: string, args: StreamingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:postgresql:Streaming", name, {}, opts);
    const { primary, standby, binaries } = args;

    // Either host being recreated verifies it again.
    const rerunOn = [primary.identity, standby.identity];
    const written = runScript(
      `${name}-write`,
      primary,
      "cluster/streaming-write.sh",
      [binaries, standby.name, standby.plan.address],
      {
        parent: this,
        dependsOn: opts?.dependsOn,
        rerunOn,
      },
    );
    runScript(`${name}-read`, standby, "cluster/streaming-read.sh", [binaries, standby.name, written.stdout], {
      parent: this,
      dependsOn: [written],
      rerunOn,
    });

    this.registerOutputs({});
  }
}
