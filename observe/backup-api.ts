/** What `scripts/observe/status-backup-api.sh` prints of the API's host. */
export interface BackupApiHostFacts {
  /** Barman's version. */
  readonly barman: string;
  /** systemd's word for each unit. */
  readonly units: Readonly<Record<string, string>>;
  /** End of the server's certificate on the host, in OpenSSL's words; empty when there is none. */
  readonly certificateEnd: string;
  /** End of the certificate that the web server shows; empty when it shows none. */
  readonly servedCertificateEnd: string;
  /** The lines of `barman check` that tell of a failure. */
  readonly failedChecks: readonly string[];
  /** Barman's backups that are done, the newest first. */
  readonly backups: readonly string[];
}

/** What was read of the backup API: on its host, and as a client. */
export interface BackupApiFacts extends BackupApiHostFacts {
  /** What went wrong when the first client asked for /status; empty when it was answered. */
  readonly problem: string;
  /** What a client without a certificate was answered; empty when it was refused. */
  readonly answerToStranger: string;
  /** Each client's common name to the end of its certificate, ISO 8601. */
  readonly clients: Readonly<Record<string, string>>;
}

/** The backup API in a report. */
export interface BackupApiReport {
  readonly host: string;
  readonly address: string;
  readonly barman: string;
  /** The newest of Barman's backups; null when there is none. */
  readonly backup: string | null;
  /** ISO 8601; null when there is none. */
  readonly certificateEnd: string | null;
  /** Each client's common name to the end of its certificate, ISO 8601. */
  readonly clients: Readonly<Record<string, string>>;
}

/**
 * What is wrong with the backup API.
 * @param now Milliseconds since 1970.
 */
export function backupApiFindings(facts: BackupApiFacts, now: number): string[] {
  const { units, certificateEnd, servedCertificateEnd, failedChecks, backups, problem, answerToStranger } = facts;
  return [
    ...Object.entries(units)
      .filter(([, state]) => state !== "active")
      .map(([unit, state]) => `unit ${unit} is ${state}`),
    ...failedChecks.map((line) => `barman check: ${line}`),
    ...(backups.length === 0 ? ["Barman has no backup"] : []),
    ...(servedCertificateEnd === certificateEnd
      ? []
      : [
          `its web server shows ${servedCertificateEnd === "" ? "no certificate" : `a certificate that ends ${servedCertificateEnd}`}, ` +
            `not the installed one, which ends ${certificateEnd}; hint: reload it`,
        ]),
    ...(problem === "" ? [] : [`the backup API does not answer: ${problem}`]),
    ...(answerToStranger === "" ? [] : [`the backup API answers a client without a certificate: ${answerToStranger}`]),
    ...Object.entries(facts.clients)
      .filter(([, end]) => Date.parse(end) < now)
      .map(([client, end]) => `the certificate of API client ${client} ended ${end}; hint: ./lab up`),
  ];
}
