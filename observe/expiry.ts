/** When the certificates of a host end, in OpenSSL's words; empty where there is none. */
export interface CertificateEnds {
  /** Of the certificate that the host's TLS server shows. */
  readonly served: string;
  /** Of the newest authority that the host trusts. */
  readonly authority: string;
}

/** What the next run does about what ends soon. */
export interface Renewals {
  /** Hosts that get a new certificate. */
  readonly hosts: readonly string[];
  /** Whether another authority is on its way. */
  readonly authority: boolean;
}

/** What a look at the ends of certificates found, a sentence each. */
export interface ExpiryFindings {
  /** Ends soon, but this run sees to it. */
  readonly mentions: readonly string[];
  readonly warnings: readonly string[];
  readonly failures: readonly string[];
}

const WARN_DAYS = 30;
const FAIL_DAYS = 7;
const DAY = 24 * 3600 * 1000;

/**
 * Judges when certificates end: under 30 days is a warning, under 7 a failure. A host's certificate that is renewed later than that is
 * looked at when its renewal is due; with `renewDays` 0 none is renewed.
 * @param now Milliseconds since 1970.
 */
export function judgeExpiry(
  ends: ReadonlyMap<string, CertificateEnds>,
  renewals: Renewals,
  renewDays: number,
  now: number,
): ExpiryFindings {
  const found = { mentions: [] as string[], warnings: [] as string[], failures: [] as string[] };
  const look = (what: string, end: string, latest: number, isRenewed: boolean, hint: string): void => {
    const left = (Date.parse(end) - now) / DAY;
    if (!(left < Math.min(WARN_DAYS, latest))) return;
    const when = left < 0 ? "has ended" : `ends in ${Math.floor(left)} days`;
    const told = `${what} ${when} (${new Date(end).toISOString().slice(0, 10)})`;
    if (isRenewed) found.mentions.push(`${told}; this run renews it`);
    else if (left < FAIL_DAYS) found.failures.push(`${told}; hint: ${hint}`);
    else found.warnings.push(`${told}; hint: ${hint}`);
  };
  for (const [host, { served }] of ends) {
    const hint = `lab:renewDays is ${renewDays}; a higher lab:keyGeneration renews it now`;
    look(`${host}: its certificate`, served, renewDays || WARN_DAYS, renewals.hosts.includes(host), hint);
  }
  // They trust the same: the first to end is told.
  const authorities = [...ends.values()]
    .map(({ authority }) => authority)
    .filter((end) => !Number.isNaN(Date.parse(end)));
  const [first] = authorities.sort((one, other) => Date.parse(one) - Date.parse(other));
  if (first !== undefined) look("the certificate authority", first, WARN_DAYS, renewals.authority, "./lab rotate-ca");
  return found;
}

/** Whether anything ends so soon that it is worth to ask what the next run renews. */
export function isEndingSoon({ mentions, warnings, failures }: ExpiryFindings): boolean {
  return mentions.length + warnings.length + failures.length > 0;
}
