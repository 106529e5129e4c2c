import type { ApiAccess } from "../../plan/access";
import * as pulumi from "@pulumi/pulumi";
import { apiSourceOf } from "../../config/api-source";
import { familyOf } from "../../config/families";
import type { LabConfig } from "../../config/schema";
import type { HostPlan, LabPlan } from "../../plan/plan";
import { BARMAN_FAMILIES, WEB_SERVERS } from "../../plan/backup-api-layout";
import type { RemoteHost } from "../../steps/remote-host";
import type { PostgreSqlInstance } from "../cluster/postgresql-instance";
import type { Trust } from "../trust/trust";
import { ApacheMutualTls } from "./apache-mutual-tls";
import { BackupApiAuthority } from "./authority";
import { BackupApiProof } from "./backup-api-proof";
import { BarmanPackages } from "./barman-packages";
import { BarmanServer } from "./barman-server";
import { BackupApiCertificate } from "./certificate";
import { PgBackupApi } from "./pg-backup-api";

export interface BackupApiArgs {
  config: LabConfig;
  plan: LabPlan;
  /** The host of Barman and the API. */
  host: RemoteHost;
  /** PostgreSQL on the primary. */
  primary: PostgreSqlInstance;
  /** Another host of the lab, which may reach port 443 only. */
  neighbour: RemoteHost;
  trust: Trust;
}

/** Barman beside pgBackRest, and its API behind mutual TLS (EDB, "Securing Postgres backup API"). Every manual check of the guide is a step. */
export class BackupApi extends pulumi.ComponentResource {
  /** A secret: it holds the clients' keys. */
  public readonly access: pulumi.Output<ApiAccess>;

  constructor(name: string, args: BackupApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupapi:BackupApi", name, {}, opts);
    const { config, plan, host, primary, neighbour, trust } = args;
    const { layout } = familyOf(config.family, config.postgresqlVersion);
    const [repository] = config.repositories;

    const style = {
      organization: config.backupApiOrganization,
      email: config.backupApiEmail,
      key: config.backupApiKey,
    };
    const ca = new BackupApiAuthority(
      `${name}-ca`,
      { hostName: host.name, style, years: config.caYears },
      { parent: this },
    );
    const sign = (what: string, commonName: string, server?: HostPlan): BackupApiCertificate =>
      new BackupApiCertificate(
        `${name}-${what}`,
        {
          commonName,
          server,
          ca,
          style,
          days: config.backupApiCertificateDays,
          renewDays: config.renewDays,
        },
        { parent: this },
      );
    const certificate = sign("server", host.name, host.plan);
    const clients = config.backupApiClients.map((client) => ({
      client,
      certificate: sign(`client-${client}`, client),
    }));

    const packages = new BarmanPackages(
      `${host.name}-barman-packages`,
      { host, config },
      { parent: this, dependsOn: opts?.dependsOn },
    );
    const barman = new BarmanServer(
      `${host.name}-barman`,
      {
        host,
        plan,
        cronService: BARMAN_FAMILIES[layout].cronService,
        primary,
        certificate: plan.postgresql.tls ? trust.certificateOf(host.name) : undefined,
        retentionFull: repository?.retentionFull ?? 1,
      },
      { parent: this, dependsOn: [packages] },
    );
    const api = new PgBackupApi(
      `${host.name}-api`,
      {
        host,
        family: BARMAN_FAMILIES[layout],
        source: apiSourceOf(config.backupApiSource, layout),
        version: config.backupApiVersion,
        tokenFile: config.backupApiTokenFile,
      },
      { parent: this, dependsOn: [packages] },
    );
    const apache = new ApacheMutualTls(
      `${host.name}-apache`,
      {
        host,
        webServer: WEB_SERVERS[layout],
        ca,
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
        ca,
        client: clients[0]?.certificate ?? certificate,
        provenFor: [certificate.certificatePem, apache.virtualHost, api.digest],
      },
      { parent: this, dependsOn: [barman, api, apache] },
    );

    this.access = pulumi.secret({
      host: host.name,
      address: host.plan.address,
      authority: ca.certificatePem,
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
