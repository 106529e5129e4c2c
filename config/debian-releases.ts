/** A release of Debian, and what it carries. */
export interface DebianRelease {
  readonly title: string;
  /** The beginning of `VERSION_ID` in its os-release, or its `VERSION_CODENAME` while it has no number. */
  readonly version: string;
  /** Its name in the archive. */
  readonly codename: string;
  /** Whether the archive has suites of its updates and security updates. */
  readonly hasUpdates: boolean;
  /** The package of the kernel of virtual machines. */
  readonly kernel: string;
  /** PostgreSQL's major version. */
  readonly postgresql: number;
  readonly pgbackrest: string;
  readonly barman: string;
}

/** The releases that guests are built from; each is a family of its name. */
export const DEBIAN_RELEASES = {
  debian12: {
    ...{ title: "Debian 12", version: "12", codename: "bookworm", hasUpdates: true },
    ...{ kernel: "linux-image-cloud-amd64", postgresql: 15, pgbackrest: "2.45", barman: "3.4.0" },
  },
  debian13: {
    ...{ title: "Debian 13", version: "13", codename: "trixie", hasUpdates: true },
    ...{ kernel: "linux-image-cloud-amd64", postgresql: 17, pgbackrest: "2.55.1", barman: "3.13.3" },
  },
  // Before its release it is sid.
  debian14: {
    ...{ title: "Debian 14", version: "forky", codename: "sid", hasUpdates: false },
    ...{ kernel: "linux-image-cloud-amd64", postgresql: 18, pgbackrest: "2.60.0", barman: "3.20.1" },
  },
} as const satisfies Readonly<Record<string, DebianRelease>>;

/** A release's name: that of its images and of its family. */
export type DebianReleaseName = keyof typeof DEBIAN_RELEASES;

/** The releases' names, oldest first. */
export const DEBIAN_RELEASE_NAMES = Object.keys(DEBIAN_RELEASES) as DebianReleaseName[];
