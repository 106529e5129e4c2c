import * as pulumi from "@pulumi/pulumi";
import { familyOf } from "../../config/families";
import { ON_CHANGE } from "../../plan/layout";
import { type LabPlan, repositoryOf, upgradeOrder } from "../../plan/plan";
import { runScript } from "../../steps/remote";
import type { RemoteHost } from "../../steps/remote-host";
import { type PackagesConfig, runOnPackages } from "./packages";

export interface UpgradeArgs {
  config: PackagesConfig;
  plan: LabPlan;
  hostOf: (name: string) => RemoteHost;
}

/**
 * What comes before another version of pgBackRest: archiving works, and every host has fetched the packages. Nothing is changed where one
 * host cannot get them. On a new host there is nothing to do.
 */
export class UpgradeFetch extends pulumi.ComponentResource {
  constructor(name: string, args: UpgradeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupplane:UpgradeFetch", name, {}, opts);
    const { config, plan, hostOf } = args;
    const { packagesFetchScript } = familyOf(config.family, config.postgresqlVersion);
    const options = { parent: this, dependsOn: opts?.dependsOn, onlyOnChange: true };

    const repository = hostOf(repositoryOf(plan).name);
    runScript(
      `${repository.name}-${ON_CHANGE.archiving}`,
      repository,
      "backup-plane/archiving-prove.sh",
      [repository.plan.account, plan.stanza],
      { ...options, rerunOn: [config.pgbackrestVersion] },
    );
    for (const { name: host } of upgradeOrder(plan)) {
      runOnPackages(`${host}-${ON_CHANGE.fetch}`, hostOf(host), packagesFetchScript, config, options);
    }

    this.registerOutputs({});
  }
}

/**
 * Another version of pgBackRest on one host after the other. Versions refuse to talk to each other: PostgreSQL keeps the WAL until the
 * repository host and the primary have the same one. An interrupted run is resumed with the next host. A new host has its version.
 */
export class Upgrade extends pulumi.ComponentResource {
  constructor(name: string, args: UpgradeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupplane:Upgrade", name, {}, opts);
    const { config, plan, hostOf } = args;
    const { packagesScript } = familyOf(config.family, config.postgresqlVersion);

    let dependsOn = opts?.dependsOn;
    for (const { name: host } of upgradeOrder(plan)) {
      const upgraded = runOnPackages(`${host}-${ON_CHANGE.upgrade}`, hostOf(host), packagesScript, config, {
        ...{ parent: this, dependsOn, onlyOnChange: true },
      });
      dependsOn = [upgraded];
    }

    this.registerOutputs({});
  }
}
