import * as pulumi from "@pulumi/pulumi";
import { replicationConnection } from "../../plan/replication";
import { runScript } from "../../steps/remote";
import type { StreamingPair } from "./streaming";

/** Proof that the primary lets a revoked standby stream no more. */
export class StreamingRefusal extends pulumi.ComponentResource {
  constructor(name: string, args: StreamingPair, opts?: pulumi.ComponentResourceOptions) {
    super("lab:postgresql:StreamingRefusal", name, {}, opts);
    const { plan } = args;
    const [primary, standby] = [args.primary.host, args.standby.host];

    runScript(
      `${name}-refused`,
      standby,
      "cluster/streaming-refused.sh",
      [plan.postgresql.binaries, replicationConnection(plan, standby)],
      { parent: this, dependsOn: opts?.dependsOn, rerunOn: [primary.identity, args.primary.version] },
    );

    this.registerOutputs({});
  }
}
