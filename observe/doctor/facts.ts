import type { FileFacts, PackageFacts } from "./drift";
import type { StanzaInfo } from "../proofs";

/** What `scripts/observe/doctor-certificates.sh` prints. What could not be read is empty. */
export interface CertificateFacts {
  /** The host's clock, seconds since 1970. */
  readonly now: number;
  /** Path to owner and octal mode: `postgres 600`. */
  readonly files: Readonly<Record<string, string>>;
  /** PEM. */
  readonly certificate: string;
  /** The trusted authorities, PEM. */
  readonly trusted: string;
  /** The key's public half, PEM. */
  readonly publicKey: string;
  /** What the host's own server shows, PEM. */
  readonly served: string;
}

/** What `scripts/observe/doctor-peers.sh` prints of one server. */
export interface PeerFacts {
  /** What went wrong with the TCP connection; empty when nothing did. */
  readonly tcp: string;
  /** What `openssl s_client` said, up to the server's greeting. */
  readonly said: string;
  /** What pgBackRest complained of. */
  readonly authorisation: string;
}

/** What `scripts/observe/doctor-units.sh` prints of one unit. */
export interface UnitFacts {
  /** `ActiveState`. */
  readonly state: string;
  /** `SubState`. */
  readonly sub: string;
  /** How often systemd has started it again. */
  readonly restarts: number;
  /** `UnitFileState`. */
  readonly enabled: string;
  /** Since it became active. */
  readonly seconds: number;
  /** The last error in its log. */
  readonly error: string;
}

/** What `scripts/observe/doctor-disks.sh` prints of one folder's file system, in bytes. */
export interface DiskFacts {
  readonly size: number;
  readonly free: number;
}

/** What `scripts/observe/doctor-stanza.sh` prints. */
export interface StanzaFacts {
  /** pgBackRest's version. */
  readonly version: string;
  /** Whether `pgbackrest stop` holds it. */
  readonly stopped: boolean;
  /** The backups whose folders lie in the first repository, done or not; undefined where that is not looked at. */
  readonly labels?: readonly string[];
  /** null when `info` did not answer in time. */
  readonly info: readonly StanzaInfo[] | null;
}

/** What `scripts/observe/doctor-postgresql.sh` prints. */
export type PostgreSqlState =
  | { readonly answers: false }
  | {
      readonly answers: true;
      readonly version: string;
      readonly inRecovery: boolean;
      /** `pg_stat_wal_receiver.status`. */
      readonly receiver: string | null;
      /** The WAL segment that is written to; null in recovery. */
      readonly segment: string | null;
      /** Bytes. */
      readonly segmentSize: number;
      /** `pg_stat_archiver`; seconds since 1970. */
      readonly archiver: {
        readonly failedWal: string | null;
        readonly failed: number | null;
        readonly archived: number | null;
      };
      /** `pg_stat_replication`; `behind` in bytes. */
      readonly replication: readonly {
        readonly address: string | null;
        readonly state: string;
        readonly behind: number | null;
      }[];
      /** Whether postgresql.conf includes the lab's settings. */
      readonly included: boolean;
      /** Whether the lab's settings were changed after they were read. */
      readonly stale: boolean;
      /** The lab's settings that do not apply. */
      readonly overridden: readonly {
        readonly name: string;
        readonly wanted: string;
        readonly actual: string | null;
        /** What sets it instead: a file, or PostgreSQL's word. */
        readonly source: string | null;
        readonly pending: boolean | null;
        readonly error: string | null;
      }[];
    };

/** What the doctor read from one host. What is missing has a reason in `failures`. */
export interface HostCondition {
  readonly failures: readonly string[];
  readonly certificates?: CertificateFacts;
  /** By the server's name. */
  readonly peers?: Readonly<Record<string, PeerFacts>>;
  readonly units?: Readonly<Record<string, UnitFacts>>;
  readonly disks?: Readonly<Record<string, DiskFacts>>;
  readonly stanza?: StanzaFacts;
  /** What `pgbackrest verify` said of each repository, by number; undefined when it was not asked for. */
  readonly verified?: Readonly<Record<string, string>>;
  readonly postgresql?: PostgreSqlState;
  /** By path. */
  readonly files?: Readonly<Record<string, FileFacts>>;
  /** By name. */
  readonly packages?: Readonly<Record<string, PackageFacts>>;
}
