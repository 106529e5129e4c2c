import * as pulumi from "@pulumi/pulumi";
import { keyFileOf } from "../../config/repositories";
import { PGBACKREST_FOLDER, PGBACKREST_UNIT } from "../../plan/layout";
import type { LabPlan } from "../../plan/plan";
import { renderSystemdIni } from "../../render/ini-dialects";
import { type PgBackRestConfig, renderSecretsConf, renderPgBackRestConf } from "../../render/pgbackrest-conf";
import { fingerprint } from "../../steps/fingerprint";
import { runScript } from "../../steps/remote";
import type { RemoteHost } from "../../steps/remote-host";
import { installCertificate } from "../trust/certificates";
import type { HostCertificate } from "../trust/host-certificate";

/** The secrets of the repositories, on their host alone. It had passphrases only, once. */
const SECRETS_FILE = `${PGBACKREST_FOLDER}/conf.d/cipher.conf`;

export interface PgBackRestServerArgs {
  host: RemoteHost;
  config: PgBackRestConfig;
  plan: LabPlan;
  /** The host's certificate, and the CAs that it trusts. */
  certificate: HostCertificate;
  /**
   * The secrets of the repositories of this host, by pgBackRest's option.
   * @default - there are none
   */
  secrets?: Readonly<Record<string, pulumi.Input<string>>>;
  /**
   * The server that must have its configuration before this one.
   * @default - none
   */
  startsAfter?: PgBackRestServer;
  /**
   * Steps of other servers that present the certificate.
   * @default []
   */
  alsoLoadedBy?: readonly string[];
}

/**
 * pgBackRest on a host: its certificate, its configuration and its TLS server. A changed configuration is tried beside the old one before it
 * replaces it. A running server is then reloaded, and must present the installed certificate.
 */
export class PgBackRestServer extends pulumi.ComponentResource {
  public readonly host: RemoteHost;
  /** The step that installs the certificate. */
  public readonly installed: pulumi.Resource;
  /** The step that puts its configuration in place. */
  public readonly started: pulumi.Resource;
  /** Certificate and trusted CAs, PEM. */
  public readonly publicPem: pulumi.Output<string>;
  /** Changes with the configuration and pgBackRest's version: on the repository host, that may mean another, empty repository. */
  public readonly configurationVersion: string;
  /** Changes with configuration, version or certificate: whatever was verified with other hosts must be verified again. */
  public readonly version: pulumi.Output<string>;

  constructor(name: string, args: PgBackRestServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:PgBackRestServer", name, {}, opts);
    const { host, config, plan, certificate, secrets = {}, startsAfter, alsoLoadedBy = [] } = args;
    const { account, role, certificate: files } = host.plan;
    const publicPem = pulumi.interpolate`${certificate.certificatePem}${certificate.bundlePem}`;

    const conf = renderPgBackRestConf(plan, host.plan, { ...config, cpus: host.plan.cpus });
    const dropIn = renderSystemdIni({
      Service: {
        User: account,
        Group: account,
        Restart: "always",
        RestartSec: 1,
        // With SIGINT a clean stop fails.
        KillSignal: "SIGTERM",
        // Debian's unit sleeps for 3 s.
        ExecStartPost: "",
      },
    });
    const start = `${name}-start`;
    const installed = installCertificate(
      `${name}-certificate`,
      host,
      {
        files,
        owner: account,
        group: account,
        certificate,
        uses: ["server", "client"],
        loadedBy: [start, ...alsoLoadedBy],
      },
      { parent: this, dependsOn: opts?.dependsOn },
    );
    const keyFiles = config.repositories
      .flatMap((repository, index) => keyFileOf(repository, index) ?? [])
      .filter(({ option }) => secrets[option] !== undefined);
    const inConf = Object.entries(secrets).filter(([option]) => keyFiles.every((file) => file.option !== option));
    const kind = role === "repository" ? "repository" : "postgresql";
    const folders = ["/var/log/pgbackrest", ...(kind === "postgresql" ? ["/var/spool/pgbackrest"] : [])];
    for (const path of folders) host.inventory.addFile({ path, owner: account, steps: [start] });
    this.started = runScript(
      start,
      host,
      "backup-plane/pgbackrest-server-start.sh",
      [account, kind, plan.stanza, files.folder, ...folders],
      {
        parent: this,
        dependsOn: [installed, ...(startsAfter === undefined ? [] : [startsAfter.started])],
        files: [
          {
            path: `${PGBACKREST_FOLDER}/pgbackrest.conf.next`,
            becomes: `${PGBACKREST_FOLDER}/pgbackrest.conf`,
            content: conf,
            owner: "root",
            mode: "0644",
          },
          ...keyFiles.map(({ option, path }) => ({
            ...{ path, content: pulumi.output(secrets[option] ?? "").apply((key) => `${key.trim()}\n`) },
            ...{ owner: account, mode: "0600", secret: true },
          })),
          ...(inConf.length === 0
            ? []
            : [
                {
                  path: `${SECRETS_FILE}.next`,
                  becomes: SECRETS_FILE,
                  content: pulumi.output(Object.fromEntries(inConf)).apply(renderSecretsConf),
                  ...{ owner: account, mode: "0600", secret: true },
                },
              ]),
          { path: `/etc/systemd/system/${PGBACKREST_UNIT}.d/lab.conf`, content: dropIn, owner: "root", mode: "0644" },
        ],
        rerunOn: [publicPem],
        keeps: { units: [PGBACKREST_UNIT] },
      },
    );

    this.host = host;
    this.installed = installed;
    this.publicPem = publicPem;
    this.configurationVersion = fingerprint(config.pgbackrestVersion, conf);
    this.version = publicPem.apply((pem) => fingerprint(config.pgbackrestVersion, conf, pem));
    this.registerOutputs({ version: this.version });
  }
}
