import * as pulumi from "@pulumi/pulumi";
import type { LabPlan } from "../../plan/plan";
import { runScript } from "../../steps/remote";
import type { PostgreSqlInstance } from "./postgresql-instance";

/** A standby, and the primary that it streams from. */
export interface StreamingPair {
  primary: PostgreSqlInstance;
  standby: PostgreSqlInstance;
  plan: LabPlan;
}

/** Proof that a standby streams: pg_stat_replication lists it, and a row written on the primary is read on the standby. */
export class Streaming extends pulumi.ComponentResource {
  constructor(name: string, args: StreamingPair, opts?: pulumi.ComponentResourceOptions) {
    super("lab:postgresql:Streaming", name, {}, opts);
    const { plan } = args;
    const [primary, standby] = [args.primary.host, args.standby.host];
    const { binaries, tls } = plan.postgresql;

    // Either host being recreated verifies it again.
    const rerunOn = [primary.identity, standby.identity];
    const written = runScript(
      `${name}-write`,
      primary,
      "cluster/streaming-write.sh",
      [binaries, standby.name, standby.plan.address, tls ? "streaming over TLS" : "streaming"],
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
