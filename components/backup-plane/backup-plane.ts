import * as pulumi from "@pulumi/pulumi";
import { hasHostMap } from "../../config/hosts";
import {
  cipherKeyOf,
  isPassphrase,
  optionOf,
  placeOf,
  type RepositorySecrets,
  secretsOf,
  slugOf,
} from "../../config/repositories";
import type { LabConfig } from "../../config/schema";
import { STANDBYS_CONF } from "../../plan/layout";
import { type HostPlan, hostsWith, type LabPlan, repositoryOf, trustedStandbysOf } from "../../plan/plan";
import { runScript } from "../../steps/remote";
import type { Site } from "../site/site";
import type { SiteHost } from "../site/site-host";
import type { Trust } from "../trust/trust";
import { GeneratedPassword } from "../trust/generated-password";
import { DataGuard } from "./data-guard";
import { HostRestarts } from "./host-restarts";
import { Handshake } from "./handshake";
import { Packages } from "./packages";
import { PgBackRestServer, type PgBackRestServerArgs } from "./pgbackrest-server";
import { Refusal } from "./refusal";
import { Repository } from "./repository";
import { Upgrade, UpgradeFetch } from "./upgrade";

/** A host with a running pgBackRest server. */
export interface BackupHost {
  readonly host: SiteHost;
  readonly packages: Packages;
  readonly server: PgBackRestServer;
}

/** The repository host. */
export interface RepositoryHost extends BackupHost {
  readonly folder: Repository;
}

/** A PostgreSQL host. */
export interface BackupMember extends BackupHost {
  /** Proof that it and the repository host accept each other, or, if it is revoked, that it is refused. */
  readonly proof: Handshake | Refusal;
}

export interface BackupPlaneArgs {
  config: LabConfig;
  plan: LabPlan;
  site: Site;
  trust: Trust;
  /**
   * Secrets of the repositories.
   * @default - their passphrases are generated
   */
  secrets?: RepositorySecrets;
}

/** pgBackRest on the repository host and every PostgreSQL host: packages, servers, and the proof that they authorize the right hosts only. */
export class BackupPlane extends pulumi.ComponentResource {
  public readonly repository: RepositoryHost;
  /** The primary first. */
  public readonly members: readonly BackupMember[];
  public readonly guard: DataGuard;
  /** Every other change of a host waits for it, and for the guard with it. */
  public readonly restarts: HostRestarts;
  private readonly upgrade: Upgrade;
  /** The passphrases of the encrypted repositories, by pgBackRest's option: secret. */
  public readonly passphrases: pulumi.Output<Readonly<Record<string, string>>>;
  /** Whether trust is proven between every member and the repository host, with their present certificates. */
  public readonly proven: pulumi.Output<boolean>;

  constructor(
    name: string,
    private readonly args: BackupPlaneArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("lab:backupplane:BackupPlane", name, {}, opts);
    const { config, plan, site } = args;
    const postgresql = hostsWith(plan, "primary", "standby");

    this.guard = new DataGuard(
      `${name}-guard`,
      {
        plan,
        config,
        repositoryHost: site.host(repositoryOf(plan).name),
        postgresqlHosts: postgresql.map((host) => site.host(host.name)),
      },
      { parent: this },
    );
    const upgrade = { config, plan, hostOf: (host: string) => site.host(host) };
    const fetched = new UpgradeFetch(`${name}-upgrade-fetch`, upgrade, { parent: this, dependsOn: [this.guard] });
    this.restarts = new HostRestarts(`${name}-restarts`, { config, plan, site, after: fetched }, { parent: this });
    this.upgrade = new Upgrade(`${name}-upgrade`, upgrade, { parent: this, dependsOn: [this.restarts] });
    const secrets = this.secrets(repositoryOf(plan).name);
    const passphrases = Object.entries(secrets).filter(([option]) => isPassphrase(option));
    this.passphrases = pulumi.secret(pulumi.all(Object.fromEntries(passphrases)));
    this.repository = this.createRepositoryHost(repositoryOf(plan), secrets);
    this.members = postgresql.map((host) => this.createMember(host));

    this.proven = pulumi
      .all(this.members.map(({ proof }) => proof.proven))
      .apply((all) => all.every((isProven) => isProven));
    this.registerOutputs({});
  }

  /** This component's packages on a host: further packages wait for them, as package managers hold a lock. */
  packagesOn(host: SiteHost): Packages[] {
    return [this.repository, ...this.members].filter((one) => one.host === host).map(({ packages }) => packages);
  }

  /** The member of this name. */
  member(name: string): BackupMember {
    const found = this.members.find(({ host }) => host.name === name);
    if (found === undefined) throw new RangeError(`host "${name}" runs no PostgreSQL`);
    return found;
  }

  private createRepositoryHost({ name }: HostPlan, secrets: Record<string, pulumi.Input<string>>): RepositoryHost {
    const { config, site } = this.args;
    const host = site.host(name);
    const packages = this.installPackages(host);
    const folder = new Repository(
      `${name}-repository`,
      { host, repositories: config.repositories },
      { parent: this, dependsOn: [packages] },
    );
    const before = [packages, folder, ...this.forgetStandbys(host, packages)];
    return { host, packages, folder, server: this.serve(host, before, { secrets }) };
  }

  /** Hosts of any name may have left, and their names with them: the seed's names are known for good. */
  private forgetStandbys(host: SiteHost, packages: Packages): pulumi.Resource[] {
    const { config, plan } = this.args;
    if (!hasHostMap(config)) return [];
    const names = trustedStandbysOf(plan).map(({ name }) => name);
    const step = `${host.name}-standbys-forget`;
    return [
      runScript(step, host, "backup-plane/standbys-forget.sh", [STANDBYS_CONF, ...names], {
        parent: this,
        dependsOn: [packages],
      }),
    ];
  }

  /** The secrets of the repositories, by pgBackRest's option: given, or a generated passphrase, which goes with the place. */
  private secrets(host: string): Record<string, pulumi.Input<string>> {
    const { config, secrets = {} } = this.args;
    const own = config.repositories.flatMap((repository, index) => {
      const passphrase = optionOf(index + 1, "cipherPass");
      return secretsOf(config, index).allowed.flatMap((option): [string, pulumi.Input<string>][] => {
        const given = secrets[option];
        if (given !== undefined) return [[option, pulumi.secret(given)]];
        if (option !== passphrase) return [];
        const isShort = cipherKeyOf(config, index) === "lab:repositoryCipher";
        const name = `${host}-cipher${isShort ? "" : slugOf(placeOf(repository))}`;
        return [[option, new GeneratedPassword(name, { parent: this }).value]];
      });
    });
    return Object.fromEntries(own);
  }

  private createMember({ name, revoked }: HostPlan): BackupMember {
    const host = this.args.site.host(name);
    const packages = this.installPackages(host);
    const server = this.serve(host, [packages], {
      alsoLoadedBy: [`${name}-postgresql-start`],
      // A repository that gets another number would miss WAL that is archived by the new numbers while its host has the old ones.
      startsAfter: this.repository.server,
    });
    const pair = { repository: this.repository.server, member: server };
    const proof = revoked
      ? new Refusal(`${name}-refusal`, { ...pair, stanza: this.args.plan.stanza }, { parent: this })
      : new Handshake(`${name}-handshake`, pair, { parent: this });
    return { host, packages, server, proof };
  }

  private installPackages(host: SiteHost): Packages {
    return new Packages(
      `${host.name}-packages`,
      { host, config: this.args.config },
      { parent: this, dependsOn: [this.upgrade] },
    );
  }

  private serve(
    host: SiteHost,
    dependsOn: pulumi.Resource[],
    own: Pick<PgBackRestServerArgs, "secrets" | "startsAfter" | "alsoLoadedBy">,
  ): PgBackRestServer {
    const { config, plan, trust } = this.args;
    return new PgBackRestServer(
      `${host.name}-pgbackrest`,
      { host, config, plan, certificate: trust.certificateOf(host.name), ...own },
      { parent: this, dependsOn },
    );
  }
}
