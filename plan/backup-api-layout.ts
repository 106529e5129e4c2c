import type { Layout } from "../config/families";
import { certificateFilesIn } from "./layout";

/** The account that runs Barman and pg-backup-api. */
export const BARMAN_ACCOUNT = "barman";

/** Barman's roles for queries and for streaming. */
export const BARMAN_ROLES = { asking: "barman", streaming: "streaming_barman" } as const;

/** The account's home. */
export const BARMAN_HOME = "/var/lib/barman";

/** Where Barman writes the WAL that it receives of a server. */
export function barmanStreaming(server: string): string {
  return `${BARMAN_HOME}/${server}/streaming`;
}

/** What differs between families in Barman's packages. */
export interface BarmanFamily {
  /** Script that installs the packages. */
  readonly packagesScript: string;
  /** Barman, and what pg-backup-api and the proofs need, without PostgreSQL's programs. */
  readonly packages: readonly string[];
  /** The format of packages. */
  readonly packageFormat: "deb" | "rpm";
  /** The unit that runs Barman's maintenance every minute, from the package's own file in /etc/cron.d. */
  readonly cronService: string;
}

export const BARMAN_FAMILIES: Readonly<Record<Layout, BarmanFamily>> = {
  debian: {
    packagesScript: "backup-api/barman-packages-debian.sh",
    packages: [
      ...["barman", "cron", "curl", "jq", "openssl"],
      ...["python3-venv", "python3-setuptools", "python3-wheel", "python3-gunicorn"],
      // What pg-backup-api requires, as an isolated host has no package index.
      ...["python3-flask", "python3-requests"],
    ],
    packageFormat: "deb",
    cronService: "cron",
  },
  el: {
    packagesScript: "backup-api/barman-packages-el.sh",
    packages: [
      ...["barman", "cronie", "curl", "jq", "openssl"],
      ...["python3-pip", "python3-setuptools", "python3-wheel", "python3-gunicorn"],
      ...["python3-flask", "python3-requests"],
    ],
    packageFormat: "rpm",
    cronService: "crond",
  },
  suse: {
    packagesScript: "backup-api/barman-packages-suse.sh",
    packages: [
      ...["barman", "cronie", "curl", "jq", "openssl"],
      // PGDG's Barman runs under Python 3.11 there (barman.spec).
      ...["python311-pip", "python311-setuptools", "python311-wheel", "python311-gunicorn"],
      ...["python311-Flask", "python311-requests"],
    ],
    packageFormat: "rpm",
    cronService: "cron",
  },
};

/** What differs between families in Apache HTTP Server: scripts get it as arguments. */
export interface WebServer {
  /** Script that installs the packages, loads the modules, closes port 80 and disables the package's virtual hosts. */
  readonly prepareScript: string;
  /** The virtual host's file. */
  readonly virtualHostFile: string;
  /** The systemd unit, without its suffix. */
  readonly service: string;
  /** The program that tests a configuration. */
  readonly control: string;
  /** Account and group that own the certificate's files. */
  readonly account: string;
  readonly group: string;
  /** Where its logs are. */
  readonly logFolder: string;
}

export const WEB_SERVERS: Readonly<Record<Layout, WebServer>> = {
  debian: {
    prepareScript: "backup-api/apache-prepare-debian.sh",
    virtualHostFile: "/etc/apache2/sites-available/pgbapi.conf",
    service: "apache2",
    control: "apache2ctl",
    account: "www-data",
    group: "www-data",
    logFolder: "/var/log/apache2",
  },
  el: {
    prepareScript: "backup-api/apache-prepare-el.sh",
    virtualHostFile: "/etc/httpd/conf.d/pgbapi.conf",
    service: "httpd",
    control: "apachectl",
    account: "apache",
    group: "apache",
    logFolder: "/var/log/httpd",
  },
  suse: {
    prepareScript: "backup-api/apache-prepare-suse.sh",
    virtualHostFile: "/etc/apache2/vhosts.d/pgbapi.conf",
    service: "apache2",
    control: "apachectl",
    account: "wwwrun",
    group: "www",
    logFolder: "/var/log/apache2",
  },
};

/** The files of the server's certificate, in the folder of EDB's guide. */
export const API_CERTIFICATE_FILES = certificateFilesIn("/usr/local/lib/pgbapi");

/** What Barman presents to PostgreSQL. */
export const BARMAN_CERTIFICATE_FILES = certificateFilesIn("/etc/barman/cert");

/** Where pg-backup-api listens: only its own host reaches it. */
export const API_ADDRESS = "localhost:7480";
