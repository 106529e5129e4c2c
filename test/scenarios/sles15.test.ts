import { testDepth } from "../../cli/test-depth";
import { DEBIAN_RELEASES } from "../../config/debian-releases";
import { describeLayout } from "../support/layout-scenario";

describeLayout({
  shape: "sles15",
  family: "sles15",
  postgresqlVersion: 17,
  pgbackrestVersion: DEBIAN_RELEASES.debian13.pgbackrest,
  standbys: 1,
  apacheFolder: "/etc/apache2/conf.d",
  // Scenario el8 tries the same, which takes a further standby.
  configurationInData: testDepth() === "full",
  facts: {
    "installs by zypper and rpm, from PGDG's repositories, what their key has signed": [
      ["pg1-srv", "source /etc/os-release && echo $ID $VERSION_ID", "sles 15.6"],
      ["pg1-srv", "type -P apt-get dpkg-query || echo none", "none"],
      [
        "pg1-srv",
        "zypper -q lr --priority | awk -F ' *[|] *' '/pgdg|sle/ { print $2, $4, $7 }' | sort",
        "pgdg-17 Yes 90\npgdg-common Yes 90\nsle-updates Yes 99",
      ],
      [
        "pg1-srv",
        "rpm -q postgresql17-server pgbackrest --qf '%{NAME} %{RELEASE} %{RSAHEADER:pgpsig}\\n' | cut -d ' ' -f 1-3",
        "postgresql17-server 1PGDG.sles15 RSA/SHA512,\npgbackrest 1PGDG.sles15 RSA/SHA512,",
      ],
      ["backup-srv", "rpm -q postgresql17-server || true", "package postgresql17-server is not installed"],
    ],
    "takes PGDG's server, though SUSE's of the same name is newer": [
      [
        "pg1-srv",
        "zypper -q se -s --match-exact postgresql17-server | awk -F ' *[|] *' '/17[.]99/ { print $4, $6 }'",
        "17.99-150600.1 SLES updates",
      ],
      [
        "pg1-srv",
        "rpm -q --qf '%{VERSION}' postgresql17-server | cut -d . -f 1; zypper -q lu | grep -c 17.99 || true",
        "17\n0",
      ],
    ],
    "holds pgBackRest by a lock": [
      ["pg1-srv", "zypper -q locks | awk -F ' *[|] *' '/pgbackrest/ { print $2, $3 }'", "pgbackrest package"],
      ["pg1-srv", "zypper -nq remove pgbackrest >/dev/null 2>&1 || echo refused", "refused"],
    ],
    "makes the cluster by postgresql-17-setup, and runs the packages' units with the lab's drop-in": [
      [
        "pg1-srv",
        "test -s /var/lib/pgsql/17/initdb.log && stat -c '%U %G %a' /var/lib/pgsql/17/data",
        "postgres postgres 700",
      ],
      ["pg1-srv", "systemctl is-enabled postgresql-17 pgbackrest | xargs", "enabled enabled"],
      [
        "backup-srv",
        "systemctl show -P User -P DropInPaths pgbackrest",
        "pgbackrest\n/etc/systemd/system/pgbackrest.service.d/lab.conf",
      ],
    ],
    "has Apache in SLES's places, and pg-backup-api under the Python of Barman": [
      [
        "barman-srv",
        "sed -n 's/^Listen/&/p' /etc/apache2/listen.conf; grep -c proxy_http /etc/sysconfig/apache2",
        "Listen 443\n1",
      ],
      ["barman-srv", "ls /etc/apache2/vhosts.d", "pgbapi.conf"],
      [
        "barman-srv",
        "stat -Lc '%U %G %a' /usr/local/lib/pgbapi/host.key; ps -o user= -C httpd-prefork | sort -u | xargs",
        "wwwrun www 600\nroot wwwrun",
      ],
      ["barman-srv", "type -P python3 || readlink /usr/local/lib/pg-backup-api/bin/python3", "python3.11"],
    ],
  },
});
