/** What a host is told at its first boot. */
export interface SeedArgs {
  readonly name: string;
  readonly user: string;
  /** Public key of the deployment, one line. */
  readonly authorizedKey: string;
  /** The host's own SSH key, OpenSSH format, so that the first connection can check it. */
  readonly hostKey: { readonly privateKey: string; readonly publicKey: string };
}

/** A NoCloud seed (cloud-init, "NoCloud"). */
export interface Seed {
  readonly metaData: string;
  readonly userData: string;
}

/**
 * The seed of a host. The user data is JSON, which is YAML: cloud-init reads it, and so does an image that has only a few lines
 * of shell in its place.
 */
export function renderSeed({ name, user, authorizedKey, hostKey }: SeedArgs): Seed {
  const userData = {
    hostname: name,
    users: [
      {
        name: user,
        shell: "/bin/bash",
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        lock_passwd: true,
        ssh_authorized_keys: [authorizedKey.trim()],
      },
    ],
    disable_root: true,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_genkeytypes: [],
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey.trim() },
    // The host's name resolves to its address in the lab, not to 127.0.1.1.
    manage_etc_hosts: false,
    package_update: false,
    // The seed is emptied once it was read: cloud-init must not look for it again and, not finding it, begin anew.
    runcmd: [["touch", "/etc/cloud/cloud-init.disabled"]],
  };
  return {
    metaData: `instance-id: ${name}\nlocal-hostname: ${name}\n`,
    userData: `#cloud-config\n${JSON.stringify(userData, undefined, 1)}\n`,
  };
}
