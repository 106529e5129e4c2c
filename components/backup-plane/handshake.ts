import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { CERTIFICATE_FILES, POSTGRESQL_ACCOUNT, REPOSITORY_ACCOUNT } from "../../plan/layout";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";

/** Whether steps ran: one that failed or was not begun has no output, whatever its type says. */
export function isProven(outputs: readonly (string | undefined)[]): boolean {
  return outputs.every((output) => output !== undefined);
}

export interface HandshakeArgs {
  /** The host that keeps the repository. */
  repositoryHost: RemoteHost;
  /** The PostgreSQL host that must talk to it, and it to the host. */
  postgresqlHost: RemoteHost;
  /** Texts whose change proves it again: the certificates and configurations of both. */
  provenFor: pulumi.Input<string>[];
}

/** Proof that two hosts speak TLS with each other, each as client and as server, each with its certificate accepted. */
export class Handshake extends pulumi.ComponentResource {
  /** Whether both directions are proven: a run that failed before has no word of them. */
  public readonly proven: pulumi.Output<boolean>;

  constructor(name: string, args: HandshakeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:Handshake", name, {}, opts);
    const { repositoryHost, postgresqlHost, provenFor } = args;
    const folder = path.posix.dirname(CERTIFICATE_FILES.certificate);
    const options = {
      parent: this,
      dependsOn: opts?.dependsOn,
      rerunOn: [...provenFor, repositoryHost.identity, postgresqlHost.identity],
    };

    const asClient = runScript(
      `${name}-as-client`,
      postgresqlHost,
      "backup-plane/handshake-prove.sh",
      [POSTGRESQL_ACCOUNT, folder, repositoryHost.name],
      options,
    );
    const asServer = runScript(
      `${name}-as-server`,
      repositoryHost,
      "backup-plane/handshake-prove.sh",
      [REPOSITORY_ACCOUNT, folder, postgresqlHost.name],
      options,
    );

    this.proven = pulumi.all([asClient.stdout, asServer.stdout]).apply(isProven);
    this.registerOutputs({});
  }
}
