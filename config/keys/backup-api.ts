import { flag, type Key, live, oneOf, rebuild, reload, restart, text, textAs, texts, whole } from "../key";
import { absoluteFile } from "./site";

const REISSUED = "the API's CA and certificates are replaced: fetch the clients' again (`./lab api credentials`)";

/** Barman and the backup API. */
export const BACKUP_API_KEYS = {
  backupApi: {
    ...flag,
    default: false,
    description: "Whether Barman also backs up the cluster, with pg-backup-api behind mutual TLS",
    ...live(
      "Barman and its API are added; without them their host and Barman's backups are destroyed (`--yes-replace barman-srv`)",
    ),
  },
  backupApiHost: {
    ...text(/^/, ""),
    default: "barman-srv",
    description: "The host of Barman and the backup API: barman-srv, a host of their own, or another host of the lab",
    ...rebuild(
      "Barman starts again on the other host; its backups stay on the old one, or are destroyed with barman-srv",
    ),
  },
  backupApiSource: {
    ...textAs(/^/, "", (source) => (source === "edb" ? source : absoluteFile(source))),
    default: "",
    description:
      "The source of pg-backup-api: edb, a package file, a source folder or archive, or the https URL of a package index",
    ...restart("pg-backup-api is installed again and restarted"),
  },
  backupApiVersion: {
    ...text(/^\d+(\.\d+)+$/, "an exact version such as 2.2.0"),
    default: "2.2.0",
    description: "pg-backup-api's exact version, from a source that has several",
    ...restart("pg-backup-api is installed again and restarted"),
  },
  backupApiTokenFile: {
    ...textAs(/^/, "", absoluteFile),
    default: "",
    description: "A file with the token of your EDB account, for `backupApiSource = edb`",
    ...live("EDB's package repository is set up with it"),
  },
  backupApiClients: {
    ...texts(
      /^[a-z\d][\w.-]{0,62}$/i,
      'a common name of letters, digits, ".", "_" and "-"',
      "a list of at least one common name, each once",
      1,
    ),
    default: ["admin"],
    description: "Common names of the API's authorized clients; each gets a certificate",
    ...reload("Apache reloads, and refuses removed names"),
  },
  backupApiOrganization: {
    ...text(/^[^\p{Cc}]{1,64}$/u, "a name of 1 to 64 characters"),
    default: "lab",
    description: "Organization (O) in the API's certificates",
    ...reload(REISSUED),
  },
  backupApiEmail: {
    ...text(/^[^\s@]+@[^\s@]+$/, "an e-mail address"),
    default: "root@localhost",
    description: "E-mail address in the API's certificates",
    ...reload(REISSUED),
  },
  backupApiCertificateDays: {
    ...whole(1, 3650),
    default: 90,
    description: "Days that the API's server and client certificates are valid",
    ...reload("the API's certificates are replaced: fetch the clients' again (`./lab api credentials`)"),
  },
  backupApiKey: {
    ...oneOf(["ecdsa", "rsa"]),
    default: "ecdsa",
    description: "Keys of the API's certificates: ecdsa (P-256) or rsa (2048 bits)",
    ...reload(REISSUED),
  },
  backupApiOperations: {
    ...flag,
    default: false,
    description:
      "Whether clients may POST, which can start a recovery with a command of their choice as account barman",
    ...reload("Apache reloads"),
  },
} as const satisfies Record<string, Key>;
