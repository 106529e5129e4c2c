import type { ServerHostKeyAlgorithm } from "ssh2";
import type { ExistingMachine } from "../config/hosts";

/** How to reach the hosts: a stack output. */
export interface SshAccess {
  readonly user: string;
  /** OpenSSH format; empty where an SSH agent has the key. */
  readonly privateKey: string;
  /** The same of machines that exist, where other hosts are libvirt's. */
  readonly machineKey?: string;
  /** Host's name to public key, OpenSSH format. */
  readonly hostKeys: Readonly<Record<string, string>>;
}

/** How to reach a host. */
export interface HostAccess {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** OpenSSH format; undefined where an SSH agent has the key. */
  readonly privateKey?: string;
  /** OpenSSH format. */
  readonly hostKey: string;
  /** The host by which it is reached, with the same key; undefined where this machine reaches it. */
  readonly jump?: HostAccess;
}

/**
 * How to reach one of the hosts.
 * @throws Error when it has no host key.
 */
export function accessTo(
  { user, privateKey, machineKey, hostKeys }: SshAccess,
  { name, address, existing }: { readonly name: string; readonly address: string; readonly existing?: ExistingMachine },
): HostAccess {
  const hostKey = hostKeys[name];
  if (hostKey === undefined) throw new Error(`host "${name}" has no SSH host key`);
  const privateKeyOf = existing === undefined ? privateKey : (machineKey ?? privateKey);
  const key = privateKeyOf === "" ? {} : { privateKey: privateKeyOf };
  return {
    ...{ address, hostKey, user: existing?.user ?? user, port: existing?.port ?? 22, ...key },
    ...(existing?.jump === undefined ? {} : { jump: { ...existing.jump, ...key } }),
  };
}

/** The algorithms by which a server may prove that it has a host key of this type (RFC 8332): without those of RSA with SHA-1. */
export function hostKeyAlgorithms(type: string): ServerHostKeyAlgorithm[] {
  return (type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type]) as ServerHostKeyAlgorithm[];
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
