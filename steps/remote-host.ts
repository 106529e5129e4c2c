import type * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import type { HostPlan } from "../plan/plan";
import type { Inventory } from "./inventory";

/** A host that steps run on. */
export interface RemoteHost {
  readonly name: string;
  /** What it is for, and what runs and lies on it. */
  readonly plan: HostPlan;
  /** How to reach it; its host key is checked. */
  readonly connection: pulumi.Input<command.types.input.remote.ConnectionArgs>;
  /** Changes when the host is recreated: every step runs again then. */
  readonly identity: pulumi.Input<string>;
  /** What every step on the host waits for. */
  readonly ready?: pulumi.Resource;
  /** What its steps keep on it. */
  readonly inventory: Inventory;
}
