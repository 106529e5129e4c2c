import * as pulumi from "@pulumi/pulumi";
import { runScript } from "../../steps/remote";
import type { PgBackRestServer } from "./pgbackrest-server";

/** Whether steps succeeded: one that failed or did not run has no output, whatever its type says. */
export function isProven(outputs: readonly (string | undefined)[]): boolean {
  return outputs.every((output) => output !== undefined);
}

/** The repository host's server, and a PostgreSQL host's. */
export interface ServerPair {
  repository: PgBackRestServer;
  member: PgBackRestServer;
}

/** Proof that a PostgreSQL host and the repository host accept each other's certificates, each as client and as server. */
export class Handshake extends pulumi.ComponentResource {
  /** Whether both directions are proven; not if the run failed before. */
  public readonly proven: pulumi.Output<boolean>;

  constructor(name: string, { repository, member }: ServerPair, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:Handshake", name, {}, opts);

    const prove = (suffix: string, client: PgBackRestServer, server: PgBackRestServer) =>
      runScript(
        `${name}-${suffix}`,
        client.host,
        "backup-plane/handshake-prove.sh",
        [client.host.plan.account, client.host.plan.certificate.folder, server.host.name],
        {
          parent: this,
          dependsOn: [repository, member],
          rerunOn: [repository.version, member.version, repository.host.identity, member.host.identity],
        },
      );
    const directions = [prove("as-client", member, repository), prove("as-server", repository, member)];

    this.proven = pulumi.all(directions.map(({ stdout }) => stdout)).apply(isProven);
    this.registerOutputs({});
  }
}
