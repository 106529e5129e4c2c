import * as pulumi from "@pulumi/pulumi";
import { BARMAN_FAMILIES } from "../../plan/backup-api-layout";
import { familyOf } from "../../config/families";
import type { LabConfig } from "../../config/schema";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";
import { mirrorFiles } from "../backup-plane/packages";

export interface BarmanPackagesArgs {
  host: RemoteHost;
  config: LabConfig;
}

/** Packages of Barman, of the PostgreSQL programs that it calls, and of what pg-backup-api needs. */
export class BarmanPackages extends pulumi.ComponentResource {
  constructor(name: string, args: BarmanPackagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupapi:BarmanPackages", name, {}, opts);
    const { host, config } = args;
    const family = familyOf(config.family, config.postgresqlVersion);
    const { packagesScript, packages } = BARMAN_FAMILIES[family.layout];

    runScript(
      `${name}-install`,
      host,
      packagesScript,
      [config.packages, family.repositoryPackages.join(" "), ...family.serverPackages, ...packages],
      { parent: this, dependsOn: opts?.dependsOn, files: mirrorFiles(family, config), timeout: "30m" },
    );

    this.registerOutputs({});
  }
}
