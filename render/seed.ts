import { createHash } from "node:crypto";
import type { Reservation } from "../plan/address-plan";

/** A host's configuration at its first boot. */
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

/** The seed of a host. The user data is JSON, which is YAML: cloud-init reads it, and so does the shell script of our own image. */
export function renderSeed({ host, user, authorizedKey, hostKey }: SeedArgs): Seed {
  const userData = {
    hostname: host.name,
    // cloud-init takes the first label of an FQDN otherwise.
    ...(host.name.includes(".") ? { fqdn: host.name, prefer_fqdn_over_hostname: true } : {}),
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
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey.trim() },
    // A host resumed from a saved guest has the same random numbers as all others until it gets its own.
    random_seed: { data: createHash("sha256").update(`random numbers ${hostKey.privateKey}`).digest("hex") },
    // The host's name resolves to its address in the lab, not to 127.0.1.1.
    manage_etc_hosts: false,
    package_update: false,
    // systemd-resolved asks neighbours for a name without a dot, unless this sends it to the lab's name service: no neighbour answers for a
    // host that does not run.
    write_files: [
      { path: "/etc/systemd/resolved.conf.d/lab.conf", content: "[Resolve]\nResolveUnicastSingleLabel=yes\n" },
    ],
    runcmd: [
      ["systemctl", "try-restart", "systemd-resolved"],
      // renderSpentSeed replaces the seed after the first boot: cloud-init must not apply that.
      ["touch", "/etc/cloud/cloud-init.disabled"],
    ],
  };
  return { metaData: metaDataOf(host), userData: `#cloud-config\n${JSON.stringify(userData, undefined, 1)}\n` };
}

/** Replaces the seed after the first boot: the same instance, so that nothing is set up again, and no key. */
export function renderSpentSeed(host: Reservation): Seed {
  return { metaData: metaDataOf(host), userData: "#cloud-config\n{}\n" };
}

/** The MAC address, which cloud-init ignores, is for a host resumed from a guest with another. */
function metaDataOf({ name, mac }: Reservation): string {
  return `instance-id: ${name}\nlocal-hostname: ${name}\nmac: ${mac}\n`;
}
