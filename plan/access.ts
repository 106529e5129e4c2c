/** How to reach the hosts: a stack output. */
export interface SshAccess {
  readonly user: string;
  /** OpenSSH format. */
  readonly privateKey: string;
  /** Host's name to public key, OpenSSH format. */
  readonly hostKeys: Readonly<Record<string, string>>;
}

/** How clients reach the backup API: a stack output. */
export interface ApiAccess {
  /** The host's name, which its certificate has. */
  readonly host: string;
  /** Its IPv4 address, which its certificate has too. */
  readonly address: string;
  /** Certificate of the API's CA, PEM. */
  readonly authority: string;
  /** Common name to key and certificate, PEM. */
  readonly clients: Readonly<Record<string, { readonly key: string; readonly certificate: string }>>;
}
