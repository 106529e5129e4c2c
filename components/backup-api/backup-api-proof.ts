import * as pulumi from "@pulumi/pulumi";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";
import type { BackupApiAuthority } from "./authority";
import type { BackupApiCertificate } from "./certificate";

export interface BackupApiProofArgs {
  /** The API's host. */
  host: RemoteHost;
  /** Another host of the lab. */
  neighbour: RemoteHost;
  /** Barman's name for the cluster. */
  server: string;
  ca: BackupApiAuthority;
  /** A client that the API authorizes. */
  client: BackupApiCertificate;
  /** Texts whose change runs it again. */
  provenFor: pulumi.Input<string>[];
}

/** Proof that a client with a certificate is answered, one without is refused, and only Apache's port is open. */
export class BackupApiProof extends pulumi.ComponentResource {
  constructor(name: string, args: BackupApiProofArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupapi:BackupApiProof", name, {}, opts);
    const { host, neighbour, server, ca, client, provenFor } = args;
    const options = { parent: this, dependsOn: opts?.dependsOn, rerunOn: provenFor };

    runScript(`${name}-answers`, host, "backup-api/backup-api-prove.sh", [host.name, server], {
      ...options,
      input: pulumi.interpolate`${client.privateKeyPem}${client.certificatePem}${ca.certificatePem}`,
    });
    runScript(`${name}-ports`, neighbour, "backup-api/ports-prove.sh", [host.name, "443", "80", "7480"], options);

    this.registerOutputs({});
  }
}
