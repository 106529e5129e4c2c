import { describeLayout } from "../support/layout-scenario";

/** Reads PGDG's repository as if another key were to have signed it, and leaves the host's own sources alone. */
const updateByAnotherKey = [
  "mkdir -p /tmp/parts",
  "sed 's|^Signed-By: .*|Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg|' /etc/apt/sources.list.d/pgdg.sources >/tmp/parts/pgdg.sources",
  "apt-get update -o Dir::Etc::sourceparts=/tmp/parts 2>&1",
].join(" && ");

describeLayout({
  shape: "pgdg-apt",
  family: "debian12",
  postgresqlVersion: 14,
  pgbackrestVersion: "2.45",
  standbys: 1,
  configurationInData: false,
  facts: {
    "installs by apt from PGDG's repository, which its key has signed": [
      ["pg1-srv", "grep ^URIs /etc/apt/sources.list.d/pgdg.sources", "URIs: https://apt.postgresql.org/pub/repos/apt"],
      [
        "pg1-srv",
        "dpkg-query -W -f '${Package} ${Version}\\n' postgresql-14 pgbackrest",
        "pgbackrest 2.45-1.pgdg12+1\npostgresql-14 14.23-1.pgdg12+1",
      ],
      ["pg1-srv", "apt-mark showhold", "pgbackrest"],
      ["backup-srv", "dpkg-query -W -f '${Status}' postgresql-14 2>/dev/null || echo none", "none"],
      [
        "backup-srv",
        `${updateByAnotherKey} | grep -q "bookworm-pgdg InRelease.* NO_PUBKEY" && echo refused`,
        "refused",
      ],
    ],
    "makes the cluster by pg_createcluster, and only that": [
      ["pg1-srv", "pg_lsclusters -h | awk '{ print $1, $2, $4 }'", "14 main online"],
      ["pg2-srv", "pg_lsclusters -h | awk '{ print $1, $2, $4 }'", "14 main online,recovery"],
      ["pg1-srv", "stat -c '%U %a' /etc/postgresql/14/main/postgresql.conf", "postgres 644"],
      ["pg1-srv", "systemctl is-enabled postgresql@14-main pgbackrest | xargs", "enabled enabled"],
    ],
  },
});
