import { type Fault, ofPart } from "./fault";

const REPOSITORY = "/backup_space";
const OVERRIDE = "/etc/systemd/system/pgbackrest.service.d/own.conf";

/** Perl that holds dpkg's lock for ten seconds, as dpkg does. */
const LOCK_PACKAGES =
  'use Fcntl; open(my $file, ">", "/var/lib/dpkg/lock") or die; fcntl($file, F_SETLK, pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0)) or die; sleep 10';

/** Shell that archives another segment under the name of the next that PostgreSQL will fill, and has PostgreSQL fill that; rows wait. */
const ARCHIVE_AS_ANOTHER = `cd /; systemctl stop row-writer
sql() { runuser -u postgres -- psql -XAtqc "$1"; }
data=$(sql 'SHOW data_directory') current=$(sql "SELECT pg_walfile_name(pg_create_restore_point('other'))")
next=$(sql 'SELECT pg_walfile_name(pg_current_wal_lsn() + 16777216)')
install -d -o postgres /run/other; install -o postgres "$data/pg_wal/$current" "/run/other/$next"
runuser -u postgres -- pgbackrest --stanza=demo --no-archive-async archive-push "/run/other/$next"
sql 'SELECT pg_switch_wal()'; sql "SELECT pg_create_restore_point('other')"; sql 'SELECT pg_switch_wal()'
until [[ $(sql 'SELECT last_failed_wal FROM pg_stat_archiver') == "$next" ]]; do sleep 0.2; done`;

/** pgBackRest's servers, configuration and repository. */
export const PGBACKREST_FAULTS: readonly Fault[] = ofPart("pgbackrest", [
  {
    name: "the server on the repository host is stopped",
    host: "backup-srv",
    inject: "systemctl stop pgbackrest",
    told: ["fail LAB-PGBACKREST-DOWN backup-srv: pgbackrest.service is inactive"],
    healedBy: "up",
    alone: true,
  },
  {
    name: "the server on a PostgreSQL host is stopped",
    host: "pg1-srv",
    inject: "systemctl stop pgbackrest",
    told: ["fail LAB-PGBACKREST-DOWN pg1-srv: pgbackrest.service is inactive"],
    healedBy: "up",
  },
  {
    name: "the server will not start after a reboot",
    host: "pg2-srv",
    local: true,
    inject: "systemctl disable --quiet pgbackrest",
    told: ["warn LAB-UNIT-DISABLED pg2-srv: pgbackrest.service runs, but is disabled: it will not after a reboot"],
    healedBy: "up",
  },
  {
    name: "the server ends as soon as it is started",
    host: "pg2-srv",
    inject:
      "sed -i '/^.global.$/a tls-server-port=nonsense' /etc/pgbackrest/pgbackrest.conf; systemctl restart pgbackrest || true; sleep 4",
    told: ["fail LAB-FILE-CONTENT pg2-srv: the file is not what the program wrote"],
    healedBy: "up",
  },
  {
    name: "its configuration was edited",
    host: "pg3-srv",
    local: true,
    inject: "sed -i 's/^process-max=.*/process-max=1/' /etc/pgbackrest/pgbackrest.conf",
    told: ["fail LAB-FILE-CONTENT pg3-srv: the file is not what the program wrote"],
    healedBy: "up",
  },
  {
    name: "its configuration is missing",
    host: "pg3-srv",
    inject: "rm /etc/pgbackrest/pgbackrest.conf",
    told: ["fail LAB-FILE-MISSING pg3-srv: the file is missing"],
    healedBy: "up",
  },
  {
    name: "its spool folder is missing",
    host: "pg3-srv",
    local: true,
    inject: "rm -r /var/spool/pgbackrest",
    told: ["fail LAB-FOLDER-MISSING pg3-srv: the folder is missing"],
    healedBy: "up",
  },
  {
    name: "its log folder is missing",
    host: "pg1-srv",
    inject: "rm -r /var/log/pgbackrest",
    told: ["fail LAB-FOLDER-MISSING pg1-srv: the folder is missing"],
    healedBy: "up",
  },
  {
    name: "pgBackRest was stopped with a stop file",
    host: "backup-srv",
    inject: "runuser -u pgbackrest -- pgbackrest stop",
    told: ["fail LAB-STANZA-STOPPED backup-srv: pgBackRest was stopped on this host: no backup, no archiving [62]"],
    healedBy: "remedy",
    alone: true,
  },
  {
    name: "pgBackRest was stopped with a stop file on the primary",
    host: "pg1-srv",
    inject: "runuser -u postgres -- pgbackrest --stanza=demo stop",
    told: ["fail LAB-STANZA-STOPPED pg1-srv: pgBackRest was stopped on this host: no backup, no archiving [62]"],
    healedBy: "remedy",
    alone: true,
  },
  {
    name: "files of the repository belong to root",
    host: "backup-srv",
    inject: `chown root: ${REPOSITORY}/backup/demo/backup.info ${REPOSITORY}/backup/demo/backup.info.copy`,
    told: [/^fail LAB-REPOSITORY-OWNER backup-srv: files belong to root, pgbackrest cannot use them \[041\]: /],
    healedBy: "remedy",
    alone: true,
  },
  {
    name: "the repository's account may not write",
    host: "backup-srv",
    inject: `chmod 0500 ${REPOSITORY}/archive/demo`,
    told: [/^fail LAB-REPOSITORY-MODE backup-srv: pgbackrest may not read and write its own files \[041\]: /],
    healedBy: "remedy",
    alone: true,
  },
  {
    name: "the stanza is missing",
    host: "backup-srv",
    inject: `mkdir /run/lost; mv ${REPOSITORY}/backup/demo /run/lost/backup; mv ${REPOSITORY}/archive/demo /run/lost/archive`,
    told: ["fail LAB-STANZA-MISSING backup-srv: the repository has no stanza demo: its backups and WAL are lost"],
    healedBy: "up",
    alone: true,
  },
  {
    name: "backup.info is damaged",
    host: "backup-srv",
    inject: `truncate -s 100 ${REPOSITORY}/backup/demo/backup.info ${REPOSITORY}/backup/demo/backup.info.copy`,
    told: [
      `fail LAB-REPOSITORY-INFO backup-srv: pgBackRest cannot read ${REPOSITORY}/backup/demo/backup.info and ${REPOSITORY}/backup/demo/backup.info.copy: they are damaged`,
    ],
    healedBy: {
      person: `mkdir /run/damaged; mv ${REPOSITORY}/backup/demo /run/damaged/backup; mv ${REPOSITORY}/archive/demo /run/damaged/archive`,
      then: "up",
    },
    alone: true,
  },
  {
    name: "a WAL segment is missing",
    host: "backup-srv",
    // The last that the newest backup needs to be consistent.
    inject: `stop=$(runuser -u pgbackrest -- pgbackrest --stanza=demo --output=json info | grep -o '"stop":"[0-9A-F]*"' | tail -1 | cut -d '"' -f 4)
find ${REPOSITORY}/archive/demo -name "$stop-*" | xargs rm`,
    told: [
      /^fail LAB-WAL-HOLE backup-srv: no backup restores to the newest moment: WAL is missing: ([0-9A-F]{24}); (\S+ restores to (\S+Z at most, the end of [0-9A-F]{24}|no moment: WAL that makes it consistent is missing)(; |$))+$/,
    ],
    healedBy: "up",
    alone: true,
  },
  {
    name: "the folder of the newest backup is gone",
    host: "backup-srv",
    inject: `cd ${REPOSITORY}/backup/demo; rm -r "$(ls -d [0-9]* | tail -1)"`,
    told: [/^fail LAB-BACKUP-LOST backup-srv: backup \S+ is in backup\.info, but its folder is missing$/],
    healedBy: "up",
    alone: true,
  },
  {
    name: "the package may be upgraded",
    host: "pg3-srv",
    local: true,
    inject: "apt-mark unhold pgbackrest",
    told: ["warn LAB-PACKAGE-NOT-HELD pg3-srv: package pgbackrest is not held: an upgrade of the host would change it"],
    healedBy: "up",
  },
  {
    name: "the package may be upgraded, while another program works on packages",
    host: "pg2-srv",
    local: true,
    inject: `apt-mark unhold pgbackrest; (setsid perl -e '${LOCK_PACKAGES}' >/dev/null 2>&1 &); sleep 1`,
    told: ["warn LAB-PACKAGE-NOT-HELD pg2-srv: package pgbackrest is not held: an upgrade of the host would change it"],
    healedBy: "up",
  },
  {
    name: "systemd's settings of the lab are gone",
    host: "backup-srv",
    inject:
      "rm -r /etc/systemd/system/pgbackrest.service.d; systemctl daemon-reload; systemctl restart pgbackrest || true; sleep 3",
    told: ["fail LAB-FILE-MISSING backup-srv: the file is missing"],
    healedBy: "up",
    alone: true,
  },
  {
    name: "systemd's settings of the lab are gone on a standby",
    host: "pg3-srv",
    inject:
      "rm -r /etc/systemd/system/pgbackrest.service.d; systemctl daemon-reload; systemctl restart pgbackrest || true; sleep 3",
    told: ["fail LAB-FILE-MISSING pg3-srv: the file is missing"],
    healedBy: "up",
  },
  {
    name: "the unit was overridden by hand, and ends as soon as it is started",
    host: "pg2-srv",
    inject: `printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\nRestart=always\\nRestartSec=1\\nStartLimitInterval=0\\n' >${OVERRIDE}; systemctl daemon-reload; systemctl restart pgbackrest || true; sleep 5`,
    told: [
      /^fail LAB-UNIT-LOOP pg2-srv: pgbackrest\.service ends as soon as it is started; systemd has restarted it \d+ times$/,
    ],
    healedBy: { person: `rm ${OVERRIDE}; systemctl daemon-reload; systemctl stop pgbackrest`, then: "up" },
  },
  {
    name: "the repository's disk is full",
    host: "backup-srv",
    inject: `fallocate -l $(($(df --output=avail -B1 ${REPOSITORY} | tail -1) - 8388608)) ${REPOSITORY}/filler; runuser -u pgbackrest -- bash -c 'cat /dev/zero >${REPOSITORY}/filler-too' 2>&1 | grep 'No space left on device'`,
    told: [`fail LAB-DISK-FULL backup-srv: the file system of ${REPOSITORY} has 0 % free (0 MiB)`],
    healedBy: { person: `rm ${REPOSITORY}/filler ${REPOSITORY}/filler-too` },
    alone: true,
  },
  {
    name: "the disk of the logs is full",
    host: "pg3-srv",
    local: true,
    inject:
      "mount -t tmpfs -o size=64k none /var/log; install -d -o postgres /var/log/pgbackrest /var/log/postgresql; " +
      "cat /dev/zero 2>/dev/null >/var/log/filler || true",
    told: ["fail LAB-DISK-FULL pg3-srv: the file system of /var/log has 0 % free (0 MiB)"],
    healedBy: { person: "umount -l /var/log" },
  },
  {
    name: "another cluster archived the next WAL segment",
    host: "pg1-srv",
    inject: ARCHIVE_AS_ANOTHER,
    told: [
      /^fail LAB-ARCHIVE-TAKEN pg1-srv: WAL segment [0-9A-F]{24} was not archived: the repository holds another segment of that name$/,
    ],
    healedBy: {
      person: `if cd ${REPOSITORY}/archive/demo; then find . -name '0*-*' | sort | tail -1 | xargs rm; else systemctl start row-writer; fi`,
      on: ["backup-srv", "pg1-srv"],
    },
    alone: true,
  },
]);
