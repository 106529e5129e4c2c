/** From which value on something is told: `warn`, and `fail` when it is about to be too late. */
export interface Threshold {
  readonly warn: number;
  readonly fail: number;
}

/** Days that a certificate is still valid: under these. */
export const CERTIFICATE_DAYS: Threshold = { warn: 30, fail: 7 };

/** Free space on a file system, percent: under these. */
export const FREE_PERCENT: Threshold = { warn: 20, fail: 5 };

/** WAL segments that are written and not archived: over these. One is always being written. */
export const UNARCHIVED_SEGMENTS: Threshold = { warn: 4, fail: 32 };

/** Bytes of WAL that a standby is behind: over these. */
export const STANDBY_BYTES: Threshold = { warn: 64 * 1024 ** 2, fail: 1024 ** 3 };

/** Days since the last full backup: over these. */
export const FULL_BACKUP_DAYS: Threshold = { warn: 8, fail: 30 };

/** A unit that systemd has started again, and that is younger than so many seconds, is in a loop. */
export const LOOP_SECONDS = 3;
