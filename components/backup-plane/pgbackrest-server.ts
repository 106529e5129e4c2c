import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { CERTIFICATE_FILES, PGBACKREST_FOLDER } from "../../plan/layout";
import { renderSystemdIni } from "../../render/ini-dialects";
import type { RemoteHost } from "../../steps/remote-host";
import { runScript } from "../../steps/remote";
import type { HostCertificate } from "../trust/host-certificate";

export interface PgBackRestServerArgs {
  host: RemoteHost;
  /** The account that the server runs as; it owns what pgBackRest keeps. */
  account: string;
  /** What the host does, which decides the options that it reads. */
  kind: "repository" | "postgresql";
  /** The stanza's name. */
  stanza: string;
  /** The content of pgbackrest.conf. */
  conf: string;
  certificate: HostCertificate;
}

/**
 * pgBackRest on a host: its configuration and its TLS server. A changed configuration is tried beside the old one before it takes
 * its place; a server that runs is then reloaded, and must show the certificate that is installed.
 */
export class PgBackRestServer extends pulumi.ComponentResource {
  constructor(name: string, args: PgBackRestServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:PgBackRestServer", name, {}, opts);
    const { host, account, kind, stanza, conf, certificate } = args;

    const certificates = path.posix.dirname(CERTIFICATE_FILES.certificate);
    const dropIn = renderSystemdIni({
      Service: {
        User: account,
        Group: account,
        Restart: "always",
        RestartSec: 1,
        // The seed's SIGINT makes a clean stop fail.
        KillSignal: "SIGTERM",
        // Debian's unit sleeps for 3 s here.
        ExecStartPost: "",
      },
    });
    runScript(`${name}-start`, host, "backup-plane/pgbackrest-server-start.sh", [account, kind, stanza, certificates], {
      parent: this,
      dependsOn: certificate,
      files: [
        {
          path: `${PGBACKREST_FOLDER}/pgbackrest.conf.next`,
          becomes: `${PGBACKREST_FOLDER}/pgbackrest.conf`,
          content: conf,
          owner: "root",
          mode: "0644",
        },
        { path: "/etc/systemd/system/pgbackrest.service.d/lab.conf", content: dropIn, owner: "root", mode: "0644" },
      ],
      rerunOn: [certificate.publicPem],
      keeps: { units: ["pgbackrest.service"] },
    });

    this.registerOutputs({});
  }
}
