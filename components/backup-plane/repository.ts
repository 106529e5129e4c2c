import * as pulumi from "@pulumi/pulumi";
import type { Repository as RepositoryConfig } from "../../config/schema";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

export interface RepositoryArgs {
  /** The host that keeps them. */
  host: RemoteHost;
  repositories: readonly RepositoryConfig[];
}

/** The folders of the repositories that are on the host, and the account that owns them: not `postgres`, so that neither can write the other's files. */
export class Repository extends pulumi.ComponentResource {
  constructor(name: string, args: RepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:Repository", name, {}, opts);
    const { host, repositories } = args;

    let dependsOn = opts?.dependsOn;
    for (const [index, { type, path }] of repositories.entries()) {
      const args = [host.plan.account, type === "posix" ? path : ""];
      // One after the other: the first creates the account.
      const created = runScript(`${name}-${index + 1}-create`, host, "backup-plane/repository-create.sh", args, {
        parent: this,
        dependsOn,
      });
      dependsOn = [created];
    }

    this.registerOutputs({});
  }
}
