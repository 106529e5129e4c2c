import * as pulumi from "@pulumi/pulumi";
import { BARMAN_FAMILIES } from "../../plan/backup-api-layout";
import { apiSourceOf } from "../../config/api-source";
import { WEB_SERVERS } from "../../plan/backup-api-layout";
import type { Family } from "../../config/families";
import type { LabConfig } from "../../config/schema";
import type { RemoteHost } from "../../steps/remote-host";
import { ApacheMutualTls } from "./apache-mutual-tls";
import { BackupApiAuthority } from "./authority";
import { BackupApiProof } from "./backup-api-proof";
import { BarmanPackages } from "./barman-packages";
import { BarmanServer } from "./barman-server";
import { BackupApiCertificate } from "./certificate";
import { PgBackupApi } from "./pg-backup-api";

/** How clients reach the API. */
export interface ApiAccess {
  /** The host's name, which its certificate has. */
  readonly host: string;
  /** Its IPv4 address, which its certificate has too. */
  readonly address: string;
  /** Certificate of the API's authority, PEM. */
  readonly authority: string;
  /** Common name to key and certificate, PEM. */
  readonly clients: Readonly<Record<string, { readonly key: string; readonly certificate: string }>>;
}

export interface BackupApiArgs {
  config: LabConfig;
  family: Family;
  /** The host of Barman and the API. */
  host: RemoteHost;
  primary: RemoteHost;
  /** What must be done on the primary before it takes Barman's roles. */
  primaryReady: pulumi.Resource[];
  /** PostgreSQL's settings, whose change may restart the primary. */
  settings: string;
  /** Another host of the lab, from which nothing but port 443 may be reached. */
  neighbour: RemoteHost;
}

/**
 * Barman beside pgBackRest, and its API behind mutual TLS (EDB, "Securing Postgres backup API"): what the guide does and checks by hand is
 * done and proven here.
 */
export class BackupApi extends pulumi.ComponentResource {
  /** A secret: it holds the clients' keys. */
  public readonly access: pulumi.Output<ApiAccess>;

  constructor(name: string, args: BackupApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupapi:BackupApi", name, {}, opts);
    const { config, host, primary, primaryReady, neighbour } = args;
    const family = BARMAN_FAMILIES[args.family.layout];
    const [repository] = config.repositories;

    const style = {
      organization: config.backupApiOrganization,
      email: config.backupApiEmail,
      key: config.backupApiKey,
    };
    const authority = new BackupApiAuthority(
      `${name}-authority`,
      { hostName: host.name, style, years: config.caYears },
      { parent: this },
    );
    const sign = (what: string, commonName: string, server?: RemoteHost): BackupApiCertificate =>
      new BackupApiCertificate(
        `${name}-${what}`,
        {
          commonName,
          server,
          authority,
          style,
          days: config.backupApiCertificateDays,
          renewDays: config.renewDays,
        },
        { parent: this },
      );
    const certificate = sign("server", host.name, host);
    const clients = config.backupApiClients.map((client) => ({
      client,
      certificate: sign(`client-${client}`, client),
    }));

    const packages = new BarmanPackages(
      `${host.name}-barman-packages`,
      { host, family: args.family, config },
      { parent: this, dependsOn: opts?.dependsOn },
    );
    const barman = new BarmanServer(
      `${host.name}-barman`,
      {
        host,
        family: args.family,
        cronService: family.cronService,
        primary,
        primaryReady,
        server: config.stanza,
        checkedFor: [args.settings, primary.identity],
        retentionFull: repository?.retentionFull ?? 1,
      },
      { parent: this, dependsOn: [packages] },
    );
    const api = new PgBackupApi(
      `${host.name}-api`,
      {
        host,
        family,
        source: apiSourceOf(config.backupApiSource, args.family.layout),
        version: config.backupApiVersion,
        tokenFile: config.backupApiTokenFile,
      },
      { parent: this, dependsOn: [packages] },
    );
    const apache = new ApacheMutualTls(
      `${host.name}-apache`,
      {
        host,
        webServer: WEB_SERVERS[args.family.layout],
        authority,
        certificate,
        clients: config.backupApiClients,
        operations: config.backupApiOperations,
      },
      { parent: this, dependsOn: [packages] },
    );
    new BackupApiProof(
      `${host.name}-api-proof`,
      {
        host,
        neighbour,
        server: config.stanza,
        authority,
        client: clients[0]?.certificate ?? certificate,
        provenFor: [certificate.certificatePem, apache.virtualHost, api.digest],
      },
      { parent: this, dependsOn: [barman, api, apache] },
    );

    this.access = pulumi.secret({
      host: host.name,
      address: host.address,
      authority: authority.certificatePem,
      clients: Object.fromEntries(
        clients.map(({ client, certificate: { privateKeyPem, certificatePem } }) => [
          client,
          { key: privateKeyPem, certificate: certificatePem },
        ]),
      ),
    });
    this.registerOutputs({});
  }
}
