import type { Layout } from "../../config/families";

/** What differs between families in Apache HTTP Server. Scripts are told, they do not guess. */
export interface WebServer {
  /** Script that installs the packages, loads the modules, closes port 80 and takes the stock hosts away. */
  readonly prepareScript: string;
  /** Where the virtual host lies. */
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

/** The layouts whose Apache is known; the lab's own hosts are of the first two. */
export const WEB_SERVERS: Readonly<Record<Layout | "suse", WebServer>> = {
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

/** The files of the server's certificate; the folder is the one that EDB's guide names. */
export const API_CERTIFICATE_FILES = {
  ca: "/usr/local/lib/pgbapi/ca.crt",
  certificate: "/usr/local/lib/pgbapi/host.crt",
  key: "/usr/local/lib/pgbapi/host.key",
} as const;

/** Where pg-backup-api listens, and from where nobody but its own host reaches it. */
export const API_ADDRESS = "localhost:7480";
