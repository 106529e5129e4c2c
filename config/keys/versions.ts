import { FAMILY_NAMES, familyOf } from "../families";
import { anyText, type Key, live, oneOf, refused, restart, text, whole } from "../key";
import { POSTGRESQL_VERSIONS } from "../version-support";

const [OLDEST = 0] = POSTGRESQL_VERSIONS;

const SYSTEMS = FAMILY_NAMES.map((name) => `${name} (${familyOf(name, OLDEST).title})`);

/** The operating system, PostgreSQL and pgBackRest. */
export const VERSION_KEYS = {
  family: {
    ...oneOf(FAMILY_NAMES),
    default: "el8",
    description: `The image's operating system: ${SYSTEMS.join("; ")}`,
    ...refused("existing hosts keep their operating system", "bring up another stack with it, and move the data there"),
  },
  packages: {
    ...oneOf(["pgdg", "distribution", "mirror"]),
    default: "pgdg",
    description:
      "The source of PostgreSQL and pgBackRest: pgdg, distribution (not on EL and SLES), or mirror (see mirrorUrl)",
    ...live("installed packages stay; the next one comes from there"),
  },
  mirrorUrl: {
    ...anyText,
    default: "",
    description: "The package repository that `packages = mirror` installs from",
    ...live("installed packages stay; the next one comes from there"),
  },
  postgresqlVersion: {
    ...whole(OLDEST, POSTGRESQL_VERSIONS.at(-1) ?? 0),
    default: 14,
    description: "PostgreSQL's major version",
    ...refused(
      "a second cluster would start beside the first, whose archiving would stop",
      "docs/major-upgrade.md, or another stack with it, and pg_dump",
    ),
  },
  pgbackrestVersion: {
    ...text(/^\d+\.\d+(\.\d+)?$/, "an exact version such as 2.60.0"),
    default: "2.60.0",
    description: "pgBackRest's exact version, the same on every host: other versions refuse to talk to each other",
    ...restart(
      "every host fetches it, then the repository host, the primary and the standbys get it in turn; WAL waits meanwhile, and arrives; an older one is refused",
    ),
  },
} as const satisfies Record<string, Key>;
