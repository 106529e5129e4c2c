import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ExistingMachine } from "../../config/hosts";
import { namesOf, type Reservation } from "../../plan/address-plan";
import { HOST_TYPE } from "../../plan/layout";
import { type AdoptionConfig, adoptionArgs } from "../../plan/adoption";
import { isAdopted, machineOwner, ownPlaces } from "../../plan/machines";
import { clusterOf, type HostPlan, type LabPlan } from "../../plan/plan";
import { SCHEDULE_UNITS } from "../../plan/schedule";
import { Inventory } from "../../steps/inventory";
import { runScript, runScriptOnDelete } from "../../steps/remote";
import type { SiteHost } from "./site-host";

export interface ExistingHostArgs {
  host: HostPlan & { readonly existing: ExistingMachine };
  plan: LabPlan;
  config: AdoptionConfig;
  /** The key that the machine authorizes, a secret; empty where an SSH agent has it. */
  privateKey: string;
}

/** A host on a machine that exists: nothing of it is changed before every machine has passed, and nothing that is there is touched. */
export class ExistingHost extends pulumi.ComponentResource implements SiteHost {
  public readonly name: string;
  public readonly plan: HostPlan;
  public readonly connection: pulumi.Output<command.types.input.remote.ConnectionArgs>;
  /** A machine that was installed anew has another host key. */
  public readonly identity: pulumi.Output<string>;
  public readonly hostKey: string;
  public readonly inventory = new Inventory();
  /** Set once every machine has passed. */
  public ready!: pulumi.Resource;
  /** The step that gives it back when it is deleted. */
  public released!: pulumi.Resource;
  /** The step that finds nothing of somebody else's in the way. */
  public readonly passed: pulumi.Resource;

  constructor(name: string, args: ExistingHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super(HOST_TYPE, name, {}, opts);
    const { host, plan, config, privateKey } = args;
    const { user, port, hostKey, jump } = host.existing;
    this.name = name;
    this.plan = host;
    this.hostKey = hostKey;
    this.identity = pulumi.output(hostKey);
    const owner = machineOwner(pulumi.getStack());
    const key = privateKey === "" ? {} : { privateKey };
    const server = { dialErrorLimit: 3, ...key };
    const proxy = jump && { host: jump.address, port: jump.port, user: jump.user, hostKey: jump.hostKey, ...server };
    this.connection = pulumi.secret({ host: host.address, port, user, hostKey, ...server, ...(proxy && { proxy }) });
    const adoptable: pulumi.Resource[] = [];
    if (isAdopted(host)) {
      const { dataFolder } = clusterOf(plan, host);
      const warning = `the cluster in ${dataFolder} on ${name} is adopted: its settings change, and PostgreSQL restarts once; ./lab preflight tells which`;
      if (pulumi.runtime.isDryRun()) void pulumi.log.warn(warning, this);
      adoptable.push(
        runScript(`${name}-adoptable`, this, "site/adoption-pass.sh", [owner, ...adoptionArgs(plan, host, config)], {
          parent: this,
        }),
      );
    }
    this.passed = runScript(`${name}-passed`, this, "site/machine-pass.sh", [owner, ...ownPlaces(plan, host)], {
      ...{ parent: this, dependsOn: adoptable },
    });
    this.registerOutputs({ address: host.address });
  }

  /**
   * Has the host resolve the others, once all have passed.
   * @param later What is given back or deleted after it.
   */
  join(
    passed: readonly pulumi.Resource[],
    later: readonly pulumi.Resource[],
    reservations: readonly Reservation[],
  ): void {
    const parent = { parent: this };
    const { protected: protect } = this.plan;
    const units = [...(this.plan.role === "repository" ? SCHEDULE_UNITS : []), ...this.plan.units];
    const owner = machineOwner(pulumi.getStack());
    const lines = reservations.map((each) => `${namesOf(each).join(" ")}=${each.address}`);
    this.released = runScriptOnDelete(`${this.name}-released`, this, "site/machine-release.sh", [owner, ...units], {
      ...{ ...parent, protect },
      dependsOn: [...passed, ...later],
    });
    const named = runScript(`${this.name}-names`, this, "site/host-names.sh", lines, {
      ...parent,
      dependsOn: [this.released],
    });
    const names = reservations.map(({ name, address }) => `${name}=${address}`);
    this.ready = runScript(`${this.name}-ready`, this, "site/host-ready.sh", names, { ...parent, dependsOn: [named] });
  }
}
