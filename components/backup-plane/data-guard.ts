import * as pulumi from "@pulumi/pulumi";
import type { Family } from "../../config/families";
import type { LabConfig } from "../../config/schema";
import { PGBACKREST_FOLDER, REPOSITORY_ACCOUNT } from "../../plan/layout";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

export interface DataGuardArgs {
  config: Pick<LabConfig, "stanza" | "postgresqlVersion" | "primary" | "repositories">;
  family: Family;
  /** The host that keeps the repository. */
  repositoryHost: RemoteHost;
  postgresqlHosts: readonly RemoteHost[];
}

/**
 * What the hosts hold already, looked at before anything on any of them is changed: a configuration that would harm it is refused, so that
 * every other step must wait for this component.
 */
export class DataGuard extends pulumi.ComponentResource {
  /** When the repository moved to another folder, as the beginning of a backup's label: older backups miss WAL. Empty when it never did. */
  public readonly movedAt: pulumi.Output<string>;

  constructor(name: string, args: DataGuardArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:DataGuard", name, {}, opts);
    const { config, family, repositoryHost, postgresqlHosts } = args;
    const { stanza, primary } = config;
    const conf = `${PGBACKREST_FOLDER}/pgbackrest.conf`;
    const version = String(config.postgresqlVersion);

    const looked = runScript(
      `${repositoryHost.name}-guard`,
      repositoryHost,
      "backup-plane/repository-guard.sh",
      [conf, REPOSITORY_ACCOUNT, stanza, version, ...config.repositories.map(({ path }) => path)],
      { parent: this },
    );
    for (const host of postgresqlHosts) {
      const role = host.name === primary ? "primary" : "standby";
      runScript(
        `${host.name}-guard`,
        host,
        "cluster/data-guard.sh",
        [conf, stanza, version, family.dataFolder, family.binaries, role, primary],
        { parent: this },
      );
    }

    this.movedAt = looked.stdout;
    this.registerOutputs({});
  }
}
