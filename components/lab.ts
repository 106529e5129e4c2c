import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { AddressPlan } from "../plan/address-plan";
import { BARMAN_HOST, POSTGRESQL_HOSTS } from "../config/host-names";
import { planAddresses, reservationOf } from "../plan/address-plan";
import { libvirtNameOf } from "../config/libvirt-names";
import type { Family } from "../config/families";
import { familyOf } from "../config/families";
import { CERTIFICATE_FILES, POSTGRESQL_ACCOUNT, REPLICATION_ROLE, REPOSITORY_ACCOUNT } from "../plan/layout";
import type { LabConfig } from "../config/schema";
import type { ManagedHost } from "../steps/inventory";
import { renderPostgreSqlHostConf, renderRepositoryHostConf, renderStandbysConf } from "../render/pgbackrest-conf";
import { renderPgHba, renderPostgreSqlConf } from "../render/postgresql-conf";
import type { Pki } from "../config/pki";
import { NO_PKI } from "../config/pki";
import type { ReachedRotation } from "../config/ca-stages";
import type { Roles } from "../plan/roles";
import type { Role } from "../plan/layout";
import { planRoles } from "../plan/roles";
import { supportWarnings } from "../config/support-dates";
import { Agreement } from "./backup-plane/agreement";
import { DataGuard } from "./backup-plane/data-guard";
import { CertificateAuthority } from "./trust/certificate-authority";
import type { ApiAccess } from "./backup-api/backup-api";
import { BackupApi } from "./backup-api/backup-api";
import { GeneratedPassword } from "./trust/generated-password";
import { Handshake } from "./backup-plane/handshake";
import { HostCertificate } from "./trust/host-certificate";
import { DEPLOYMENT_ACCOUNT, LabHost } from "./site/lab-host";
import { LabNetwork } from "./site/lab-network";
import { LabStorage } from "./site/lab-storage";
import { Packages } from "./backup-plane/packages";
import { PgBackRestServer } from "./backup-plane/pgbackrest-server";
import { PostgreSqlInstance } from "./cluster/postgresql-instance";
import { ReplicationRole } from "./cluster/replication-role";
import { Refusal } from "./backup-plane/refusal";
import { Repository } from "./backup-plane/repository";
import { Stanza } from "./backup-plane/stanza";
import { StandbyBackup } from "./backup-plane/standby-backup";
import { Streaming } from "./cluster/streaming";

/** How to reach the hosts. */
export interface SshAccess {
  readonly user: string;
  /** OpenSSH format. */
  readonly privateKey: string;
  /** Host's name to public key, OpenSSH format. */
  readonly hostKeys: Readonly<Record<string, string>>;
}

/** A host that speaks pgBackRest's protocol, ready to serve. */
interface BackupHost {
  readonly host: LabHost;
  readonly packages: Packages;
  readonly certificate: HostCertificate;
  readonly server: PgBackRestServer;
  readonly conf: string;
}

interface RepositoryHost extends BackupHost {
  readonly folder: Repository;
}

/**
 * The whole lab: the repository host, the primary and its standbys, each with its certificate, up to a verified stanza, streaming
 * standbys and a backup that a standby delivered.
 */
export class Lab extends pulumi.ComponentResource {
  public readonly hosts: readonly {
    readonly name: string;
    readonly role: Role;
    readonly address: string;
    readonly revoked?: true;
  }[];
  public readonly ssh: pulumi.Output<SshAccess>;
  /** The stage of the authority's rotation, and whether it is proven on every pair of hosts. */
  public readonly rotation: pulumi.Output<ReachedRotation>;
  /** What the program keeps on each host, by its name. */
  public readonly managed: pulumi.Output<Readonly<Record<string, ManagedHost>>>;
  /** How clients reach the backup API; undefined where there is none. */
  public readonly backupApi: pulumi.Output<ApiAccess> | undefined;

  private readonly roles: Roles;
  private readonly plan: AddressPlan;
  private readonly family: Family;
  private readonly storage: LabStorage;
  private readonly network: LabNetwork;
  private readonly deploymentKey: tls.PrivateKey;
  private readonly authority: CertificateAuthority;
  private readonly replicationPassword: GeneratedPassword;
  private readonly provider: libvirt.Provider;
  private readonly hostsByName: ReadonlyMap<string, LabHost>;
  private readonly guard: DataGuard;

  constructor(
    name: string,
    private readonly config: LabConfig,
    private readonly pki: Pki = NO_PKI,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("lab:index:Lab", name, {}, opts);
    for (const warning of supportWarnings(
      config.postgresqlVersion,
      config.pgbackrestVersion,
      new Date().toISOString().slice(0, 10),
    )) {
      void pulumi.log.warn(warning, this);
    }
    this.roles = planRoles(config.primary, config.standbys);
    this.plan = planAddresses(config.network);
    this.family = familyOf(config.family, config.postgresqlVersion);

    this.provider = new libvirt.Provider("libvirt", { uri: config.libvirtUri }, { parent: this });
    const onLibvirt = { parent: this, provider: this.provider };
    const libvirtName = libvirtNameOf(pulumi.getStack());
    this.network = new LabNetwork("network", { plan: this.plan, networkName: libvirtName }, onLibvirt);
    this.storage = new LabStorage("storage", { ...config, poolName: libvirtName }, onLibvirt);
    this.deploymentKey = new tls.PrivateKey("deployment-key", { algorithm: "ED25519" }, { parent: this });
    this.authority = new CertificateAuthority(
      "authority",
      { years: config.caYears, rotation: config, given: pki.authority, trustedPem: pki.trustedPem },
      { parent: this },
    );
    this.replicationPassword = new GeneratedPassword("replication-password", { parent: this });

    const members = [this.roles.primary, ...this.roles.standbys];
    this.hostsByName = new Map([this.roles.repository, ...members].map((host) => [host, this.createHost(host)]));
    this.guard = new DataGuard(
      "guard",
      {
        config,
        family: this.family,
        repositoryHost: this.hostOf(this.roles.repository),
        postgresqlHosts: members.map((member) => this.hostOf(member)),
      },
      { parent: this },
    );

    const repository = this.createRepositoryHost();
    const primary = this.createPostgreSqlHost(this.roles.primary);
    const standbys = this.roles.standbys.map((host) => this.createPostgreSqlHost(host));
    const proofs = [primary, ...standbys].map((member) => this.proveTrust(repository, member));

    // A stage of the authority's rotation is over when every pair of hosts is proven with what both have by then.
    const { caGeneration, caStage } = config;
    this.rotation = pulumi.all(proofs.map(({ proven }) => proven)).apply((all) => ({
      caGeneration,
      caStage,
      isProven: all.every((proven) => proven),
    }));

    const instance = this.createPrimary(primary, repository);
    const role = new ReplicationRole(
      `${this.roles.primary}-replication-role`,
      {
        host: primary.host,
        family: this.family,
        role: REPLICATION_ROLE,
        password: this.replicationPassword.value,
      },
      { parent: this, dependsOn: [instance] },
    );
    const stanza = new Stanza(
      `${this.roles.repository}-stanza`,
      {
        stanza: config.stanza,
        repositoryHost: repository.host,
        repositoryConf: repository.conf,
        newSince: this.guard.movedAt,
        primary: primary.host,
        checkedFor: [primary.conf, primary.certificate.publicPem],
      },
      { parent: this, dependsOn: [instance, ...proofs.slice(0, 1)] },
    );
    const streams = standbys.map((standby, index) =>
      this.createStandby(primary, standby, role, [stanza.backup, ...proofs.slice(index + 1, index + 2)]),
    );
    const trusted = standbys.filter(({ host }) => !this.isRevoked(host.name));
    const standbysConf = renderStandbysConf(
      config.stanza,
      this.roles.primary,
      trusted.map(({ host }) => this.member(host.name)),
    );
    const standbyBackup = new StandbyBackup(
      `${this.roles.repository}-standbys`,
      {
        stanza: config.stanza,
        repositoryHost: repository.host,
        repositoryConf: repository.conf,
        conf: standbysConf,
        standbys: trusted.length,
      },
      { parent: this, dependsOn: [stanza, ...streams] },
    );
    new Agreement(
      `${this.roles.repository}-agreement`,
      {
        stanza: config.stanza,
        repositoryHost: repository.host,
        postgresqlHosts: [primary, ...trusted].map(({ host }) => host),
        provenFor: [repository.conf, standbysConf],
      },
      { parent: this, dependsOn: [standbyBackup] },
    );

    const known = [repository, primary, ...standbys].map(({ host }) => host);
    const barman = config.backupApi ? this.findOrCreateHost(config.backupApiHost, known) : undefined;
    if (barman !== undefined) this.backupApi = this.createBackupApi(barman, repository, primary, standbys, [instance]);

    const all = barman === undefined || known.includes(barman) ? known : [...known, barman];
    this.hosts = all.map(({ name, address }) => ({
      name,
      role: this.roleOf(name),
      address,
      ...(this.isRevoked(name) ? { revoked: true as const } : {}),
    }));
    this.ssh = pulumi.secret({
      user: DEPLOYMENT_ACCOUNT,
      privateKey: this.deploymentKey.privateKeyOpenssh,
      hostKeys: Object.fromEntries(all.map((host) => [host.name, host.hostKey])),
    });
    this.managed = pulumi.secret(
      pulumi.all(Object.fromEntries(all.map((host) => [host.name, host.inventory.toOutput()]))),
    );
    this.registerOutputs({ hosts: this.hosts });
  }

  private roleOf(name: string): Role {
    if (name === this.roles.repository) return "repository";
    if (name === BARMAN_HOST) return "barman";
    return name === this.roles.primary ? "primary" : "standby";
  }

  private isRevoked(name: string): boolean {
    return this.config.revoked.includes(name);
  }

  private member(name: string): { name: string; dataFolder: string } {
    return { name, dataFolder: this.family.dataFolder };
  }

  private createHost(name: string): LabHost {
    const { plan, config, network, storage, deploymentKey } = this;
    return new LabHost(
      name,
      { plan, config, network, storage, deploymentKey },
      { parent: this, provider: this.provider },
    );
  }

  private hostOf(name: string): LabHost {
    const host = this.hostsByName.get(name);
    if (host === undefined) throw new RangeError(`there is no host "${name}"`);
    return host;
  }

  private findOrCreateHost(name: string, known: readonly LabHost[]): LabHost {
    return known.find((host) => host.name === name) ?? this.createHost(name);
  }

  private createBackupApi(
    host: LabHost,
    repository: BackupHost,
    primary: BackupHost,
    standbys: readonly BackupHost[],
    primaryReady: pulumi.Resource[],
  ): pulumi.Output<ApiAccess> {
    const { config, family } = this;
    // Two runs of a package manager on one host stand in each other's way.
    const packages = [repository, primary, ...standbys]
      .filter((member) => member.host === host)
      .map((member) => member.packages);
    return new BackupApi(
      "backup-api",
      {
        config,
        family,
        host,
        primary: primary.host,
        primaryReady,
        settings: this.instanceArgs(primary).settings,
        neighbour: host === primary.host ? repository.host : primary.host,
      },
      { parent: this, dependsOn: [this.guard, ...packages] },
    ).access;
  }

  private createRepositoryHost(): RepositoryHost {
    const { config, roles } = this;
    const name = roles.repository;
    const [repository] = config.repositories;
    if (repository === undefined) throw new RangeError("there is no repository in the configuration");
    const host = this.hostOf(name);
    const packages = this.installPackages(host, false);
    const folder = new Repository(`${name}-repository`, { host, repository }, { parent: this, dependsOn: [packages] });
    const conf = renderRepositoryHostConf({
      stanza: config.stanza,
      repository,
      primary: this.member(roles.primary),
      clients: [roles.primary, ...roles.standbys].filter((client) => !this.isRevoked(client)),
      options: config.pgbackrest,
    });
    return { ...this.serve(host, packages, "repository", conf, [packages, folder]), folder };
  }

  private createPostgreSqlHost(name: string): BackupHost {
    const { config, roles, family } = this;
    const host = this.hostOf(name);
    const packages = this.installPackages(host, true);
    const conf = renderPostgreSqlHostConf({
      stanza: config.stanza,
      dataFolder: family.dataFolder,
      primaryConnection: `host=${roles.primary} user=${REPLICATION_ROLE} application_name=${name}`,
      options: config.pgbackrest,
    });
    return this.serve(host, packages, "postgresql", conf, [packages]);
  }

  private installPackages(host: LabHost, postgresql: boolean): Packages {
    const { family, config } = this;
    return new Packages(
      `${host.name}-packages`,
      { host, family, config, postgresql },
      { parent: this, dependsOn: [this.guard] },
    );
  }

  /** Gives a host its certificate and starts pgBackRest's server on it. */
  private serve(
    host: LabHost,
    packages: Packages,
    kind: "repository" | "postgresql",
    conf: string,
    dependsOn: pulumi.Resource[],
  ): BackupHost {
    const { authority, config } = this;
    const account = kind === "repository" ? REPOSITORY_ACCOUNT : POSTGRESQL_ACCOUNT;
    const certificate = new HostCertificate(
      `${host.name}-certificate`,
      {
        host,
        authority,
        given: this.pki.hosts[host.name],
        owner: account,
        keyGeneration: config.keyGeneration,
        days: config.hostCertificateDays,
        renewDays: config.renewDays,
      },
      { parent: this, dependsOn },
    );
    const files = [
      { path: CERTIFICATE_FILES.ca, mode: "0644", content: authority.bundlePem },
      { path: CERTIFICATE_FILES.certificate, mode: "0644", content: certificate.certificatePem },
      { path: CERTIFICATE_FILES.key, mode: "0600" },
    ];
    // The server reads them when it is reloaded.
    const steps = [`${host.name}-certificate-install`, `${host.name}-pgbackrest-start`];
    for (const file of files) host.inventory.addFile({ ...file, owner: account, steps });
    const server = new PgBackRestServer(
      `${host.name}-pgbackrest`,
      { host, account, kind, stanza: config.stanza, conf, certificate },
      { parent: this, dependsOn },
    );
    return { host, packages, certificate, server, conf };
  }

  /** Proves that a host and the repository host accept each other; that a revoked one is refused. */
  private proveTrust(repository: BackupHost, member: BackupHost): Handshake | Refusal {
    const provenFor = [repository, member].flatMap(({ certificate, conf }) => [certificate.publicPem, conf]);
    const hosts = { repositoryHost: repository.host, postgresqlHost: member.host, provenFor };
    const options = { parent: this, dependsOn: [repository.server, member.server] };
    const { name } = member.host;
    return this.isRevoked(name)
      ? new Refusal(`${name}-refusal`, { ...hosts, stanza: this.config.stanza }, options)
      : new Handshake(`${name}-handshake`, hosts, options);
  }

  private instanceArgs({ host }: BackupHost) {
    const { config, family, plan } = this;
    const barman = config.backupApi ? reservationOf(plan, config.backupApiHost).address : undefined;
    return {
      host,
      family,
      version: config.postgresqlVersion,
      stanza: config.stanza,
      settings: renderPostgreSqlConf(config.stanza, config.postgresql),
      access: renderPgHba(
        POSTGRESQL_HOSTS.filter((other) => other !== host.name).map((other) => reservationOf(plan, other).address),
        barman,
      ),
      replicationPassword: this.replicationPassword.value,
    };
  }

  private createPrimary(primary: BackupHost, repository: RepositoryHost): PostgreSqlInstance {
    return new PostgreSqlInstance(
      `${primary.host.name}-postgresql`,
      {
        ...this.instanceArgs(primary),
        origin: {
          role: "primary",
          repositoryHost: repository.host,
          askAfter: [repository.folder],
          restoreAfter: [primary.packages],
        },
      },
      { parent: this },
    );
  }

  private createStandby(
    primary: BackupHost,
    standby: BackupHost,
    role: ReplicationRole,
    restoreAfter: pulumi.Resource[],
  ): Streaming {
    const askAfter = [role, standby.packages];
    const instance = new PostgreSqlInstance(
      `${standby.host.name}-postgresql`,
      { ...this.instanceArgs(standby), origin: { role: "standby", primary: primary.host, askAfter, restoreAfter } },
      { parent: this },
    );
    return new Streaming(
      `${standby.host.name}-streaming`,
      { primary: primary.host, standby: standby.host, family: this.family },
      { parent: this, dependsOn: [instance] },
    );
  }
}
