import { PORTS } from "../config/ports";
import { familyOf } from "../config/families";
import type { LabConfig } from "../config/schema";
import {
  apiHostOf,
  type ClusterField,
  type Host,
  hostsOf,
  placesOf,
  possibleMembers,
  type Role,
} from "../config/hosts";
import { macOf } from "../config/ipv4";
import { placeOf } from "../config/repositories";
import { type Scheduled, scheduledIn } from "../config/schedule";
import { diskNameOf } from "../config/libvirt-names";
import { type AddressPlan, planAddresses } from "./address-plan";
import { API_CERTIFICATE_FILES, BARMAN_ACCOUNT, BARMAN_FAMILIES, BARMAN_HOME, WEB_SERVERS } from "./backup-api-layout";
import {
  CERTIFICATE_FILES,
  type CertificateFiles,
  PGBACKREST_UNIT,
  POSTGRESQL_ACCOUNT,
  POSTGRESQL_FILES,
  REPOSITORY_ACCOUNT,
} from "./layout";

/** What a host's role decides. */
interface OfRole {
  /** The account that runs pgBackRest, or Barman on a host of its own. */
  readonly account: string;
  /** The systemd units that must run. */
  readonly units: readonly string[];
  /** The host's certificate, and the CAs that it trusts. */
  readonly certificate: CertificateFiles;
  /** The folders that fill its disk. */
  readonly folders: readonly string[];
  /** The hosts with the pgBackRest servers that it talks to. */
  readonly peers: readonly string[];
}

/** A host: its role, its address, its size, and what runs and lies on it. */
export interface HostPlan extends Host, OfRole {
  readonly mac: string;
  /** Whether its certificate is to be refused. */
  readonly revoked: boolean;
  /** File names in the pool. */
  readonly volumes: { readonly disk: string };
  /** Whether no run deletes its disk, or gives it back where it is a machine that exists. */
  readonly protected: boolean;
  /** Names of the resources that commands look for in a preview. */
  readonly resources: { readonly disk: string; readonly certificate: string };
}

/** PostgreSQL, the same on every host that has it, but for what `clusterOf` says. */
export interface PostgreSqlPlan {
  readonly version: number;
  readonly dataFolder: string;
  /** The systemd unit. */
  readonly service: string;
  /** Folder of PostgreSQL's own programs. */
  readonly binaries: string;
  /** The settings that postgresql.conf includes. */
  readonly settingsFile: string;
  /** IPv4 addresses reserved for present and possible PostgreSQL hosts. */
  readonly addresses: readonly string[];
  /** Whether standbys and Barman connect by mutual TLS, and not with passwords. */
  readonly tls: boolean;
}

/** PostgreSQL's cluster on a host. */
export interface ClusterPlan {
  readonly dataFolder: string;
  readonly port: number;
  /** The systemd unit. */
  readonly service: string;
}

/** Barman and its API. */
export interface BackupApiPlan {
  /** The host that both run on. */
  readonly host: string;
  /** The systemd units that must run, beside the host's own. */
  readonly units: readonly string[];
  /** What the API presents. */
  readonly certificate: CertificateFiles;
}

/**
 * A lab: which hosts there are, and what each is for. Plain data, so that it can be a stack output: commands work from the plan that was
 * deployed, whatever the configuration says by then.
 */
export interface LabPlan {
  /** pgBackRest's name for the cluster, and Barman's. */
  readonly stanza: string;
  /** The repository host, the primary, the standbys by their index, and Barman's own host, if it has one. */
  readonly hosts: readonly HostPlan[];
  readonly ports: { readonly pgbackrest: number; readonly postgresql: number };
  readonly postgresql: PostgreSqlPlan;
  /** Null where there is none. */
  readonly backupApi: BackupApiPlan | null;
  readonly network: AddressPlan;
  /** Undefined in the plan of a lab that is older than they are: it has one, in the first of its host's folders. */
  readonly repositories?: readonly RepositoryPlan[];
  /** What the repository host runs by itself. Undefined in the plan of a lab that is older than schedules. */
  readonly schedule?: readonly Scheduled[];
}

/** A repository of pgBackRest. */
export interface RepositoryPlan {
  /** pgBackRest's number: 2 of `repo2`. */
  readonly number: number;
  /** Its folder on the repository host, or in its store. */
  readonly path: string;
  /** Where its store is, such as `s3://backups/demo`; undefined for a folder on the repository host. */
  readonly store?: string;
}

/** The plan of a configuration: what hosts there are says `hostsOf`. */
export function planLab(config: LabConfig): LabPlan {
  const family = familyOf(config.family, config.postgresqlVersion);
  const network = planAddresses(config.network, placesOf(config));
  const configured = hostsOf(config);
  const namesWith = (...roles: Role[]): string[] =>
    configured.flatMap(({ name, role }) => (roles.includes(role) ? [name] : []));
  const trusted = namesWith("primary", "standby").filter((name) => !config.revoked.includes(name));
  const possible = possibleMembers(config);
  const { dataFolder, service, binaries } = family;
  const apiUnits = [WEB_SERVERS[family.layout].service, "pg-backup-api", BARMAN_FAMILIES[family.layout].cronService];
  const backupApi: BackupApiPlan | null = config.backupApi
    ? {
        host: apiHostOf(config),
        units: apiUnits.map((unit) => `${unit}.service`),
        certificate: API_CERTIFICATE_FILES,
      }
    : null;

  const onPostgreSqlHost = (host: Host): OfRole => ({
    account: POSTGRESQL_ACCOUNT,
    units: [PGBACKREST_UNIT, host.service ?? service],
    certificate: CERTIFICATE_FILES,
    folders: [host.dataFolder ?? dataFolder, "/var/log"],
    peers: trusted.includes(host.name) ? namesWith("repository") : [],
  });
  const ofRole: Readonly<Record<Role, (host: Host) => OfRole>> = {
    repository: () => ({
      account: REPOSITORY_ACCOUNT,
      units: [PGBACKREST_UNIT],
      certificate: CERTIFICATE_FILES,
      folders: [...config.repositories.flatMap(({ type, path }) => (type === "posix" ? [path] : [])), "/var/log"],
      peers: trusted,
    }),
    primary: onPostgreSqlHost,
    standby: onPostgreSqlHost,
    barman: () => ({
      account: BARMAN_ACCOUNT,
      units: backupApi?.units ?? [],
      certificate: API_CERTIFICATE_FILES,
      folders: [BARMAN_HOME, "/var/log"],
      peers: [],
    }),
  };
  const hosts = configured.map((host: Host): HostPlan => ({
    ...host,
    mac: macOf(host.address),
    revoked: config.revoked.includes(host.name),
    ...ofRole[host.role](host),
    volumes: { disk: diskNameOf(host.name, config.hypervisor) },
    // A standby is restored from the repository, and Barman's backups are a second set.
    protected: config.protect && (host.role === "repository" || host.role === "primary"),
    resources: { disk: `${host.name}-disk`, certificate: `${host.name}-certificate` },
  }));

  return {
    stanza: config.stanza,
    hosts,
    ports: PORTS,
    postgresql: {
      version: config.postgresqlVersion,
      ...{ dataFolder, service, binaries },
      settingsFile: POSTGRESQL_FILES.settings,
      addresses: network.reservations.filter(({ name }) => possible.includes(name)).map(({ address }) => address),
      tls: config.replicationTls,
    },
    backupApi,
    network,
    repositories: config.repositories.map((repository, index) => ({
      ...{ number: index + 1, path: repository.path },
      ...(repository.type === "posix" ? {} : { store: placeOf(repository) }),
    })),
    schedule: scheduledIn(config),
  };
}

/**
 * A host of a plan.
 * @throws RangeError when it has none of that name.
 */
export function hostOf({ hosts }: LabPlan, name: string): HostPlan {
  const found = hosts.find((host) => host.name === name);
  if (found === undefined) {
    throw new RangeError(`there is no host "${name}"; there are ${hosts.map((host) => host.name).join(", ")}`);
  }
  return found;
}

/** The hosts of a plan that have one of these roles. */
export function hostsWith({ hosts }: LabPlan, ...roles: Role[]): HostPlan[] {
  return hosts.filter(({ role }) => roles.includes(role));
}

/**
 * The hosts in the order in which they restart: first those whose absence nobody notices, last the primary. A repository host that does
 * not come back so leaves a primary that serves, and keeps its WAL; and a primary that shuts down can archive its last WAL.
 */
export function restartOrder(plan: LabPlan): HostPlan[] {
  return (["standby", "barman", "repository", "primary"] as const).flatMap((role) => hostsWith(plan, role));
}

/** The hosts in the order in which pgBackRest is upgraded: the two that archiving needs first, right after each other. */
export function upgradeOrder(plan: LabPlan): HostPlan[] {
  return (["repository", "primary", "standby"] as const).flatMap((role) => hostsWith(plan, role));
}

/** The host that keeps the repository. */
export function repositoryOf(plan: LabPlan): HostPlan {
  return only(plan, "repository");
}

/** The repositories, the first one first. */
export function repositoriesOf(plan: LabPlan): readonly RepositoryPlan[] {
  return plan.repositories ?? [{ number: 1, path: repositoryOf(plan).folders[0] ?? "" }];
}

/** The primary. */
export function primaryOf(plan: LabPlan): HostPlan {
  return only(plan, "primary");
}

/** The address and port of the host that a host works with. */
export function partnerOf(plan: LabPlan, { role }: HostPlan): [address: string, port: string] {
  const primary = primaryOf(plan);
  const { address } = role === "primary" ? repositoryOf(plan) : primary;
  return [address, String(role === "standby" ? clusterOf(plan, primary).port : plan.ports.pgbackrest)];
}

/** The cluster of a host: what it has of its own, and of the rest what its family has. */
export function clusterOf(
  { postgresql, ports }: Pick<LabPlan, "postgresql" | "ports">,
  { dataFolder, postgresqlPort, service }: Pick<Host, ClusterField>,
): ClusterPlan {
  return {
    dataFolder: dataFolder ?? postgresql.dataFolder,
    port: postgresqlPort ?? ports.postgresql,
    service: service ?? postgresql.service,
  };
}

/** The standbys that are not revoked. */
export function trustedStandbysOf(plan: LabPlan): HostPlan[] {
  return hostsWith(plan, "standby").filter(({ revoked }) => !revoked);
}

function only(plan: LabPlan, role: Role): HostPlan {
  const [host] = hostsWith(plan, role);
  if (host === undefined) throw new RangeError(`the plan has no ${role}`);
  return host;
}
