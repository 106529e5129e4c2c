import * as pulumi from "@pulumi/pulumi";
import { REPOSITORY_ACCOUNT } from "../../plan/layout";
import type { Repository as RepositoryConfig } from "../../config/schema";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

export interface RepositoryArgs {
  /** The host that keeps it. */
  host: RemoteHost;
  repository: RepositoryConfig;
}

/** The repository's folder, and the account that owns it: not `postgres`, so that neither can write where the other does. */
export class Repository extends pulumi.ComponentResource {
  constructor(name: string, args: RepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:Repository", name, {}, opts);
    const { host, repository } = args;

    runScript(`${name}-create`, host, "backup-plane/repository-create.sh", [REPOSITORY_ACCOUNT, repository.path], {
      parent: this,
      dependsOn: opts?.dependsOn,
    });

    this.registerOutputs({});
  }
}
