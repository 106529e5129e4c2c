import type * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import type { HostPlan } from "../plan/plan";
import type { Inventory } from "./inventory";

/** A host that steps run on. */
export interface RemoteHost {
  readonly name: string;
  /** Its part of the plan. */
  readonly plan: HostPlan;
  /** How to reach it; its host key is checked. */
  readonly connection: pulumi.Input<command.types.input.remote.ConnectionArgs>;
  /** Changes when the host is recreated: every step runs again then. */
  readonly identity: pulumi.Input<string>;
  /** Every step on the host waits for it. */
  readonly ready?: pulumi.Resource;
  /** What its steps keep on it. */
  readonly inventory: Inventory;
}
