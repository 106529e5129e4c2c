import { describeLayout } from "../support/layout-scenario";

describeLayout({
  shape: "el8",
  family: "el8",
  postgresqlVersion: 14,
  pgbackrestVersion: "2.45",
  standbys: 1,
  apacheFolder: "/etc/httpd/conf.d",
  configurationInData: true,
  facts: {
    "installs by dnf and rpm, from PGDG's and EPEL's repositories, what their keys have signed": [
      ["pg1-srv", "source /etc/os-release && echo $ID $VERSION_ID", "rocky 8.10"],
      ["pg1-srv", "type -P apt-get dpkg-query || echo none", "none"],
      [
        "pg1-srv",
        "dnf -q repolist | awk 'NR > 1 { print $1 }' | sort | xargs",
        "appstream baseos epel pgdg-common pgdg14",
      ],
      [
        "pg1-srv",
        "rpm -q postgresql14-server postgresql14-contrib pgbackrest libssh2 --qf '%{NAME} %{RSAHEADER:pgpsig}\\n' | cut -d ' ' -f 1,2",
        "postgresql14-server RSA/SHA512,\npostgresql14-contrib RSA/SHA512,\npgbackrest RSA/SHA512,\nlibssh2 RSA/SHA512,",
      ],
      ["pg1-srv", "dnf -q versionlock list", "pgbackrest-0:2.45-1PGDG.rhel8.*"],
      ["backup-srv", "rpm -q postgresql14-server || true", "package postgresql14-server is not installed"],
    ],
    "finds PGDG's server only because EL's own module is off": [
      ["backup-srv", "dnf -q -C repoquery postgresql14-server", "postgresql14-server-0:14.23-1PGDG.rhel8.x86_64"],
      ["backup-srv", "dnf -qy -C module reset postgresql && dnf -q -C repoquery postgresql14-server", ""],
      [
        "backup-srv",
        "dnf -qy -C module disable postgresql && dnf -q -C module list --disabled | grep -c postgresql",
        "1",
      ],
    ],
    "makes the cluster by postgresql-14-setup, and runs the packages' units with the lab's drop-in": [
      [
        "pg1-srv",
        "test -s /var/lib/pgsql/14/initdb.log && stat -c '%U %G %a' /var/lib/pgsql/14/data",
        "postgres postgres 700",
      ],
      [
        "pg2-srv",
        "test -e /var/lib/pgsql/14/initdb.log || stat -c '%U %G %a' /var/lib/pgsql/14/data",
        "postgres postgres 700",
      ],
      ["pg1-srv", "systemctl is-enabled postgresql-14 pgbackrest | xargs", "enabled enabled"],
      ["pg1-srv", "systemctl show -P FragmentPath postgresql-14", "/lib/systemd/system/postgresql-14.service"],
      ["backup-srv", "rpm -V --nomtime pgbackrest | grep service || echo as packaged", "as packaged"],
      [
        "backup-srv",
        "systemctl show -P User -P DropInPaths pgbackrest",
        "pgbackrest\n/etc/systemd/system/pgbackrest.service.d/lab.conf",
      ],
    ],
    "leaves pgBackRest's packaged configuration alone: its own goes before it": [
      [
        "pg1-srv",
        "rpm -Vf /etc/pgbackrest.conf && cat /etc/pgbackrest.conf",
        "[global]\nrepo1-path=/var/lib/pgbackrest",
      ],
      ["backup-srv", "ls -A /var/lib/pgbackrest; ls /backup_space", "archive\nbackup"],
      ["backup-srv", "stat -c '%U %a' /backup_space /var/log/pgbackrest | xargs", "pgbackrest 750 pgbackrest 770"],
      ["pg1-srv", "stat -c '%U %a' /var/log/pgbackrest /var/spool/pgbackrest | xargs", "postgres 700 postgres 700"],
      ["backup-srv", "grep ' su ' /etc/logrotate.d/pgbackrest | xargs", "su pgbackrest pgbackrest"],
    ],
    "has Apache in EL's places, without the package's own virtual host": [
      [
        "barman-srv",
        "grep -h 'Listen' /etc/httpd/conf/httpd.conf /etc/httpd/conf.d/ssl.conf; grep -c '^#<VirtualHost' /etc/httpd/conf.d/ssl.conf",
        "#Listen 80\nListen 443 https\n1",
      ],
      [
        "barman-srv",
        "stat -Lc '%U %G %a' /usr/local/lib/pgbapi/host.key; ps -o user= -C httpd | sort -u | xargs",
        "apache apache 600\napache root",
      ],
    ],
  },
});
