import { createHash } from "node:crypto";
import type { Reservation } from "../plan/address-plan";

/** What a host is told at its first boot. */
export interface SeedArgs {
  readonly host: Reservation;
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
export function renderSeed({ host: { name, mac }, user, authorizedKey, hostKey }: SeedArgs): Seed {
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
    // A host that is restored from a saved guest has the random numbers of all others until it is told some of its own.
    random_seed: { data: createHash("sha256").update(`random numbers ${hostKey.privateKey}`).digest("hex") },
    // The host's name resolves to its address in the lab, not to 127.0.1.1.
    manage_etc_hosts: false,
    package_update: false,
    // The seed is emptied once it was read: cloud-init must not look for it again and, not finding it, begin anew.
    runcmd: [["touch", "/etc/cloud/cloud-init.disabled"]],
  };
  return {
    // cloud-init does not ask for the MAC address: it is for a host that is restored from a guest with another.
    metaData: `instance-id: ${name}\nlocal-hostname: ${name}\nmac: ${mac}\n`,
    userData: `#cloud-config\n${JSON.stringify(userData, undefined, 1)}\n`,
  };
}
