import * as pulumi from "@pulumi/pulumi";
import { renderVirtualHost } from "../../render/backup-api/virtual-host";
import { API_CERTIFICATE_FILES, type WebServer } from "../../plan/backup-api-layout";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";
import { installCertificate } from "../trust/certificates";
import type { BackupApiAuthority } from "./authority";
import type { BackupApiCertificate } from "./certificate";

export interface ApacheMutualTlsArgs {
  host: RemoteHost;
  webServer: WebServer;
  ca: BackupApiAuthority;
  /** The server's certificate. */
  certificate: BackupApiCertificate;
  /** Common names of the certificates that are authorized. */
  clients: readonly string[];
  /** Whether they may start operations. */
  operations: boolean;
}

/**
 * Apache HTTP Server on port 443 in front of pg-backup-api: it terminates TLS, requires a certificate of the API's own CA, and
 * authorizes a list of clients. A changed virtual host is tested before it replaces the old one.
 */
export class ApacheMutualTls extends pulumi.ComponentResource {
  /** The virtual host. If it changes, it must be verified again. */
  public readonly virtualHost: string;

  constructor(name: string, args: ApacheMutualTlsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupapi:ApacheMutualTls", name, {}, opts);
    const { host, webServer, ca, certificate, clients, operations } = args;
    const { privateKeyPem, certificatePem } = certificate;
    const { account, group, virtualHostFile, service, control, logFolder } = webServer;

    const virtualHost = renderVirtualHost({ serverName: host.name, clients, operations, logFolder });
    // The package creates the account that owns the certificate.
    const prepared = runScript(`${name}-prepare`, host, webServer.prepareScript, [virtualHostFile], {
      parent: this,
      dependsOn: opts?.dependsOn,
      timeout: "30m",
    });
    const start = `${name}-start`;
    const installed = installCertificate(
      `${name}-certificate`,
      host,
      {
        files: API_CERTIFICATE_FILES,
        owner: account,
        group,
        certificate: { privateKeyPem, certificatePem, bundlePem: ca.certificatePem },
        uses: ["server"],
        loadedBy: [start],
      },
      { parent: this, dependsOn: [prepared] },
    );
    runScript(
      start,
      host,
      "backup-api/apache-host-install.sh",
      [service, control, virtualHostFile, API_CERTIFICATE_FILES.folder],
      {
        parent: this,
        dependsOn: [installed],
        files: [
          {
            path: `${virtualHostFile}.next`,
            becomes: virtualHostFile,
            content: virtualHost,
            owner: "root",
            mode: "0644",
          },
        ],
        rerunOn: [certificatePem],
        keeps: { units: [`${service}.service`] },
      },
    );

    this.virtualHost = virtualHost;
    this.registerOutputs({});
  }
}
