import { DEBIAN_RELEASES, type DebianReleaseName } from "./debian-releases";

/** What differs between families, for one major version of PostgreSQL. Scripts get it as arguments, they do not guess. */
export interface Family {
  /** Packages, paths and accounts that families share. */
  readonly layout: Layout;
  /** Its systems, in words. */
  readonly title: string;
  /** The systems' os-release: `ID`s, and the beginning of `VERSION_ID`, or of `VERSION_CODENAME` where there is none. */
  readonly system: { readonly ids: readonly string[]; readonly version: string };
  /** Possible sources of PostgreSQL and pgBackRest. */
  readonly sources: readonly PackageSource[];
  /** The major version of the distribution's own PostgreSQL; undefined where its paths differ from PGDG's. */
  readonly distributionVersion?: number;
  /** Script that installs pgBackRest and the packages below. */
  readonly packagesScript: string;
  /** Script that fetches another version of pgBackRest, and installs nothing; it takes the same arguments. */
  readonly packagesFetchScript: string;
  /** Script that prints which packages wait for an update. */
  readonly updatesReadScript: string;
  /** Script that updates PostgreSQL's packages and restarts it. */
  readonly postgresqlUpdateScript: string;
  /** Packages that add PGDG's repositories and those that they need: names or URLs. On SLES, the URL of their key goes first. */
  readonly repositoryPackages: readonly string[];
  /** The packages of a PostgreSQL server. */
  readonly serverPackages: readonly string[];
  /** The file that makes a mirror one of the package manager's sources. */
  readonly repositoryFile: string;
  /** Script that sets up SELinux and the firewall for the lab, where the family has them. */
  readonly guardsScript?: string;
  /** Script that creates the cluster, or takes over restored data. */
  readonly createScript: string;
  /** The cluster's data folder, pgBackRest's `pg1-path`. */
  readonly dataFolder: string;
  /** The postgresql.conf of a cluster with this unit and data folder. */
  readonly settingsFileOf: (cluster: { readonly service: string; readonly dataFolder: string }) => string;
  /** The cluster's systemd unit. */
  readonly service: string;
  /** The units that its clusters may have. */
  readonly services: { readonly pattern: RegExp; readonly words: string };
  /** Folder of PostgreSQL's own programs. */
  readonly binaries: string;
  /** The account `postgres`'s home. */
  readonly home: string;
}

/** Layouts that families share. */
export type Layout = "debian" | "el" | "suse";

/** Where packages come from. */
type PackageSource = "pgdg" | "distribution" | "mirror";

/** A row of the table: the family, once PostgreSQL's major version is known. */
type Row = (version: number) => Family;

/** What a package manager's own scripts do. */
function packageScripts(layout: Layout) {
  return {
    layout,
    packagesScript: `backup-plane/packages-install-${layout}.sh`,
    packagesFetchScript: `backup-plane/packages-fetch-${layout}.sh`,
    updatesReadScript: `updates/updates-read-${layout}.sh`,
    postgresqlUpdateScript: `updates/postgresql-update-${layout}.sh`,
  };
}

/** Debian's layout, which Ubuntu and PGDG's apt repository share: `pg_createcluster`, configuration under /etc/postgresql. */
function debianLike(title: string, id: string, release: string, distributionVersion: number): Row {
  return (version) => ({
    title,
    ...packageScripts("debian"),
    system: { ids: [id], version: release },
    sources: ["pgdg", "distribution", "mirror"],
    distributionVersion,
    // It brings the script that adds the repository, with its key.
    repositoryPackages: ["postgresql-common"],
    serverPackages: [`postgresql-${version}`],
    repositoryFile: "/etc/apt/sources.list.d/lab.list",
    createScript: "cluster/postgresql-create-debian.sh",
    dataFolder: `/var/lib/postgresql/${version}/main`,
    settingsFileOf: ({ service }) => `/etc/postgresql/${version}/${clusterName(service)}/postgresql.conf`,
    service: `postgresql@${version}-main.service`,
    services: {
      pattern: new RegExp(`^postgresql@${version}-[a-z][\\w-]*\\.service$`),
      words: `postgresql@${version}-NAME.service, with the cluster's NAME`,
    },
    binaries: `/usr/lib/postgresql/${version}/bin`,
    home: "/var/lib/postgresql",
  });
}

/** The name that a unit of Debian's has its cluster's. */
function clusterName(service: string): string {
  return service.replace(/^postgresql@\d+-(.*)\.service$/, "$1");
}

function debian(name: DebianReleaseName): Row {
  const { title, version, postgresql } = DEBIAN_RELEASES[name];
  return debianLike(title, "debian", version, postgresql);
}

/** PGDG's layout on EL and SLES: `postgresql-14-setup`, configuration in the data folder. Their own packages are laid out otherwise. */
function pgdgRpm(version: number) {
  return {
    sources: ["pgdg", "mirror"] as const,
    serverPackages: [`postgresql${version}-server`, `postgresql${version}-contrib`],
    guardsScript: "backup-plane/guards-open-rpm.sh",
    createScript: "cluster/postgresql-create-rpm.sh",
    dataFolder: `/var/lib/pgsql/${version}/data`,
    settingsFileOf: ({ dataFolder }: { dataFolder: string }) => `${dataFolder}/postgresql.conf`,
    service: `postgresql-${version}.service`,
    services: {
      pattern: new RegExp(`^postgresql-${version}(-[a-z][\\w-]*)?\\.service$`),
      words: `postgresql-${version}.service or postgresql-${version}-NAME.service`,
    },
    binaries: `/usr/pgsql-${version}/bin`,
    home: "/var/lib/pgsql",
  };
}

function el(release: number): Row {
  return (version) => ({
    title: `Rocky Linux ${release}, AlmaLinux ${release}, RHEL ${release}`,
    ...packageScripts("el"),
    ...pgdgRpm(version),
    system: { ids: ["rocky", "almalinux", "rhel"], version: String(release) },
    repositoryPackages: [
      `https://download.postgresql.org/pub/repos/yum/reporpms/EL-${release}-x86_64/pgdg-redhat-repo-latest.noarch.rpm`,
      // PGDG's pgBackRest needs libssh2 from there. By URL, since RHEL does not know the package by name.
      `https://dl.fedoraproject.org/pub/epel/epel-release-latest-${release}.noarch.rpm`,
    ],
    repositoryFile: "/etc/yum.repos.d/lab.repo",
  });
}

function sles(release: number): Row {
  return (version) => ({
    title: `SUSE Linux Enterprise Server ${release}`,
    ...packageScripts("suse"),
    ...pgdgRpm(version),
    system: { ids: ["sles"], version: String(release) },
    repositoryPackages: [
      `https://download.postgresql.org/pub/repos/zypp/keys/PGDG-RPM-GPG-KEY-SLES${release}`,
      `https://download.postgresql.org/pub/repos/zypp/reporpms/SLES-${release}-x86_64/pgdg-suse-repo-latest.noarch.rpm`,
    ],
    repositoryFile: "/etc/zypp/repos.d/lab.repo",
  });
}

/** The table. docs/families.md adds a row by example. */
const FAMILIES = {
  el8: el(8),
  el9: el(9),
  sles15: sles(15),
  debian12: debian("debian12"),
  debian13: debian("debian13"),
  debian14: debian("debian14"),
  "ubuntu22.04": debianLike("Ubuntu 22.04", "ubuntu", "22.04", 14),
  "ubuntu24.04": debianLike("Ubuntu 24.04", "ubuntu", "24.04", 16),
} as const satisfies Readonly<Record<string, Row>>;

/** Operating systems with the same packages, paths and services. */
export type FamilyName = keyof typeof FAMILIES;

/** The families' names, for checks and messages. */
export const FAMILY_NAMES = Object.keys(FAMILIES) as FamilyName[];

/** The family, for a major version of PostgreSQL. */
export function familyOf(name: FamilyName, postgresqlVersion: number): Family {
  return FAMILIES[name](postgresqlVersion);
}
