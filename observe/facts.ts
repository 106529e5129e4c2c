/** What is read of a host, by the fact's name. What could not be read is missing, with its reason in `unread`. */
export interface HostFacts {
  readonly certificates?: CertificateFacts;
  /** By the server's name. */
  readonly peers?: Readonly<Record<string, PeerFacts>>;
  /** Of a host that streams from the primary: how it gets on with PostgreSQL there. */
  readonly primary?: PeerFacts;
  readonly units?: Readonly<Record<string, UnitFacts>>;
  readonly stanza?: StanzaFacts;
  /** By the number. */
  readonly repositories?: Readonly<Record<number, RepositoryFacts>>;
  /** What the repository host runs by itself, by the kind. */
  readonly schedule?: Readonly<Record<string, ScheduleFacts>>;
  readonly postgresql?: PostgreSqlFacts;
  /** By the folder. */
  readonly disks?: Readonly<Record<string, DiskFacts>>;
  /** Folders that steps have moved aside, by their path. */
  readonly movedAside?: Readonly<Record<string, AsideFacts>>;
  /** By the path. */
  readonly files?: Readonly<Record<string, FileFacts>>;
  /** By the name. */
  readonly packages?: Readonly<Record<string, PackageFacts>>;
  /** What `pgbackrest verify` said of each repository, by its number. */
  readonly verified?: Readonly<Record<string, string>>;
  readonly backupApi?: BackupApiFacts;
  /** Of a machine that exists, before it is in a lab. */
  readonly machine?: MachineFacts;
  /** Of a cluster that is to be adopted; undefined of others. */
  readonly adoption?: AdoptionFacts;
}

/** What adopting a cluster means. */
export interface AdoptionFacts {
  /** Why it cannot be, with a hint each. */
  readonly refusals: readonly string[];
  readonly changes: readonly { name: string; from: string; to: string; restarts: boolean }[];
  /** Its own files that get the lab's lines. */
  readonly files: readonly string[];
}

export interface MachineFacts {
  /** os-release's ID and VERSION_ID, or VERSION_CODENAME, such as `debian 13`. */
  readonly system: string;
  /** Seconds by which its clock was behind this machine's when it told. */
  readonly behind: number;
  readonly memoryMiB: number;
  /** The stack that has it, `PROJECT/STACK`; empty when none does. */
  readonly owner: string;
  /** Files and folders with something in them, where the lab's would be, to their size in words. */
  readonly taken: Readonly<Record<string, string>>;
  /** The same, to MiB that are free there. */
  readonly freeMiB: Readonly<Record<string, number>>;
  /** The addresses and ports that something listens on, such as `0.0.0.0:22`. */
  readonly listening: readonly string[];
  /** ADDRESS:PORT of others to what is wrong with a connection; empty when nothing is. */
  readonly connections: Readonly<Record<string, string>>;
}

/** Facts, and what could not be read. */
export interface ReadHost {
  readonly facts: HostFacts;
  /** Why there is no session; undefined when there is one. */
  readonly unreachable?: string;
  /** A fact's name to the reason why it could not be read. */
  readonly unread: Readonly<Record<string, string>>;
}

export interface CertificateFacts {
  /** The host's clock, seconds since 1970. */
  readonly now: number;
  /** The texts of the files, whatever they hold; undefined where there is none. */
  readonly certificate?: string;
  readonly trusted?: string;
  /** Owner and mode of the key, such as `postgres 600`; empty when there is none; undefined when it was not looked at. */
  readonly key?: string;
  /** The key's public half, PEM; empty when there is none. */
  readonly publicKey?: string;
}

/** How a client gets on with a server. */
export interface PeerFacts {
  /** The IPv4 addresses of the server's name, one a line; empty when it is not resolved, undefined when it was not looked up. */
  readonly addresses?: string;
  /** What went wrong with the TCP connection; empty when nothing did, or it was not tried by itself. */
  readonly tcp: string;
  /** What `openssl s_client` said, up to the server's greeting; PostgreSQL has none. */
  readonly said: string;
  /** What pgBackRest, or of the primary psql, complained of; undefined when it was not asked. */
  readonly authorization?: string;
}

export interface UnitFacts {
  /** `ActiveState`. */
  readonly state: string;
  /** `SubState`. */
  readonly sub: string;
  /** How often systemd has restarted it. */
  readonly restarts: number;
  /** `UnitFileState`. */
  readonly enabled: string;
  /** Since it became active. */
  readonly seconds: number;
  /** The last error in its log. */
  readonly error: string;
}

/** A stanza in `pgbackrest info --output=json`, as far as it is read here. */
export interface StanzaInfo {
  readonly name: string;
  /** The exit status of `info` says nothing: it is 0 on expired certificates and denied access too. */
  readonly status: {
    readonly code: number;
    readonly message: string;
    /** Whether a backup is running. */
    readonly lock?: { readonly backup: { readonly held: boolean } };
  };
  /** What each repository answered; it says more than the status above when a repository could not be asked. */
  readonly repo?: readonly {
    /** The repository's number. */
    readonly key?: number;
    readonly status: { readonly code: number; readonly message: string };
  }[];
  /** The archived WAL, a range a cluster, the present one last; `max` is the last segment's name. */
  readonly archive?: readonly {
    readonly id: string;
    readonly database: { readonly id: number; readonly "repo-key"?: number };
    readonly max: string | null;
  }[];
  readonly backup: readonly BackupInfo[];
}

export interface BackupInfo {
  readonly label: string;
  readonly type: string;
  readonly error: boolean | null;
  /** The first and the last WAL segment that it needs to be consistent. */
  readonly archive: { readonly start: string; readonly stop: string };
  /** The cluster's number in the stanza, and the repository's. */
  readonly database: { readonly id: number; readonly "repo-key"?: number };
  /** Where it began and ended, such as `0/5000060`. */
  readonly lsn: { readonly start: string; readonly stop: string };
  /** Seconds since 1970. */
  readonly timestamp: { readonly start: number; readonly stop: number };
}

export interface StanzaFacts {
  /** pgBackRest's version. */
  readonly version: string;
  /** The stanzas for which pgBackRest was stopped on this host; `all` for every one. */
  readonly stopped: readonly string[];
  /** null when `info` did not answer in time. */
  readonly info: readonly StanzaInfo[] | null;
  /** The backups whose folders lie in a repository, complete or not, by its number; undefined where that is not looked at. */
  readonly labels?: Readonly<Record<number, readonly string[]>>;
}

/** A unit of the schedule. */
export interface ScheduleUnitFacts {
  /** `LoadState`. */
  readonly load: string;
  /** `ActiveState`. */
  readonly state: string;
  /** `UnitFileState`. */
  readonly enabled: string;
  /** `DropInPaths`. */
  readonly dropIns: string;
}

/** A kind of the schedule. */
export interface ScheduleFacts {
  readonly timer: ScheduleUnitFacts;
  readonly service: ScheduleUnitFacts;
  /** When it runs next, its delay included, seconds since 1970; null while it runs, and when it will not. */
  readonly next: number | null;
  /** The longest time between two of its next moments, in seconds; undefined where systemd is too old to tell. */
  readonly interval?: number;
  /** How the last run ended; null before the first one. */
  readonly last: {
    /** Seconds since 1970. */
    readonly time: number;
    /** systemd's word: `success`, `exit-code`, `timeout`. */
    readonly result: string;
    /** What pgBackRest complained of; why a repository was left out of a success. */
    readonly words: string;
  } | null;
}

/** What lies in a repository. */
export interface RepositoryFacts {
  /** A backup's label to whether a standby delivered its files. */
  readonly fromStandby: Readonly<Record<string, boolean>>;
  /** What the repository's account cannot read and write: `PATH OWNER MODE`; undefined where that is not looked at. */
  readonly unusable?: readonly { readonly path: string; readonly owner: string; readonly mode: string }[];
  /** Its WAL, by the name of a cluster's archive, such as `15-1`; why it cannot be listed, as text. */
  readonly wal: Readonly<Record<string, WalArchive>> | string;
}

/** A cluster's WAL in a repository. */
export interface WalArchive {
  /** A segment's name to when it was archived, seconds since 1970. */
  readonly segments: Readonly<Record<string, number>>;
  /** A timeline, 8 hexadecimal digits, to the text of its `.history`. */
  readonly histories: Readonly<Record<string, string>>;
}

/** null when PostgreSQL does not answer. */
export type PostgreSqlFacts = {
  readonly version: string;
  readonly inRecovery: boolean;
  /** `pg_stat_wal_receiver.status`. */
  readonly receiver: string | null;
  /** `pg_is_wal_replay_paused()`; null on a primary. */
  readonly replayPaused?: boolean | null;
  /** What the primary answers a standby without a WAL receiver; empty when it lets it stream. */
  readonly refusal?: string;
  /** What a standby that was promoted has committed since: null when its WAL does not tell, undefined when it was not. */
  readonly promoted?: {
    readonly commits: number;
    /** As `pg_waldump` writes it. */
    readonly last: string;
  } | null;
  /** The system identifier, which tells clusters apart. */
  readonly system: string;
  /** The position that is written to; null in recovery. */
  readonly position: string | null;
  /** When a transaction last committed; null in recovery, and where track_commit_timestamp is off. */
  readonly lastCommit: string | null;
  /** The WAL segment that is written to; null in recovery. */
  readonly segment: string | null;
  /** Bytes. */
  readonly segmentSize: number;
  /** `pg_stat_archiver`; seconds since 1970. */
  readonly archiver: {
    readonly failedWal: string | null;
    readonly failed: number | null;
    /** A segment; also a timeline's history, or a backup's file, whose name begins with a segment's. */
    readonly archivedWal: string | null;
    readonly archived: number | null;
  };
  /** `pg_stat_replication`; `behind` in bytes. */
  readonly replication: readonly {
    readonly address: string | null;
    readonly state: string;
    readonly behind: number | null;
  }[];
  /**
   * Replication slots; `status` is `pg_replication_slots.wal_status`, null before PostgreSQL 13, and `lost` for a slot that was given up, also
   * while somebody streams from it: PostgreSQL 16 and 17 allow that, and keep no WAL for it. `keeps` in bytes of WAL.
   */
  readonly slots: readonly {
    readonly name: string;
    readonly active: boolean;
    readonly status: string | null;
    readonly keeps: number | null;
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
} | null;

/** A folder's file system, in bytes. */
export interface AsideFacts {
  /** As in its name: 20261127T030000Z. */
  readonly date: string;
  readonly bytes: number;
}

export interface DiskFacts {
  /** Tells file systems apart. */
  readonly device: string;
  readonly size: number;
  readonly free: number;
}

export interface FileFacts {
  readonly owner: string;
  /** Octal, without a leading zero. */
  readonly mode: string;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
  /** Base64; empty for a secret. */
  readonly content: string;
}

export interface PackageFacts {
  /** Empty when it is not installed. */
  readonly version: string;
  readonly held: boolean;
}

/** The backup API, seen on its host and by its clients. */
export interface BackupApiFacts {
  /** Barman's version. */
  readonly barman: string;
  /** The certificate on the host, and the one that the web server presents, PEM; empty when there is none. */
  readonly certificate: string;
  readonly served: string;
  /** The lines of `barman check` that tell of a failure. */
  readonly failedChecks: readonly string[];
  /** Barman's complete backups, the newest first. */
  readonly backups: readonly string[];
  /** What went wrong when the first client asked for /status; empty when it was answered. */
  readonly problem?: string;
  /** What a client without a certificate was answered; empty when it was refused. */
  readonly answerToStranger?: string;
  /** Each client's common name to the expiry of its certificate, ISO 8601. */
  readonly clients?: Readonly<Record<string, string>>;
}
