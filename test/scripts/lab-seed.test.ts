import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rootPrefix } from "../../hypervisor/run-as-root";
import { renderSeed } from "../../render/seed";
import { PROJECT_FOLDER } from "../support/stack-config";

const privateKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA'$(id)\"\\n\n-----END OPENSSH PRIVATE KEY-----\n";
const seed = renderSeed({
  host: { name: "pg1-srv", address: "10.0.0.11", mac: "52:54:00:00:00:0b" },
  user: "lab",
  authorizedKey: "ssh-ed25519 AAAA deployment\n",
  hostKey: { privateKey, publicKey: "ssh-ed25519 BBBB\n" },
});

/**
 * A machine to throw away: this one's programs, but an /etc, users and a host name of its own, which are gone with the last process that
 * sees them. (Random numbers are mixed into this machine's, which does no harm.) `seed` applies the seed, `look` shows what it is about.
 */
const MACHINE = `
  mount -t tmpfs tmpfs root
  cp -a /etc root/etc
  mkdir -p root/etc/{sudoers.d,ssh/sshd_config.d}
  rm -rf root/etc/{ssh/ssh_host_,ssh/sshd_config.d/,sudoers.d/}* root/etc/skel/.ssh
  echo root:x:0:0:root:/root:/bin/bash >root/etc/passwd
  echo 'root:*:19000:0:99999:7:::' >root/etc/shadow
  echo root:x:0: >root/etc/group
  touch root/etc/ssh/ssh_host_rsa_key
  mount --bind root/etc /etc
  for folder in /home /var/log /var/mail; do mount -t tmpfs tmpfs "$folder"; done
  hostname machine

  seed() { sh '${PROJECT_FOLDER}/hypervisor/image/common/lab-seed.sh' .; }
  look() {
    hostname
    stat --format '%n %U:%G' /home/*
    for file in /etc/hostname /etc/ssh/ssh_host_* /etc/ssh/sshd_config.d/* /etc/sudoers.d/* /home/*/.ssh /home/*/.ssh/*; do
      stat --format '%n %U:%G %04a' "$file"
      [ -d "$file" ] || sed 's/^/| /' "$file"
    done
    sed 1d /etc/passwd
    sed 1d /etc/shadow | cut -d : -f 1,2
  }`;

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-seed-"));
  fs.mkdirSync(path.join(folder, "root"));
  fs.writeFileSync(path.join(folder, "meta-data"), seed.metaData);
  fs.writeFileSync(path.join(folder, "user-data"), seed.userData);
});
afterAll(() => {
  // It fails when something was left there.
  fs.rmdirSync(path.join(folder, "root"));
  fs.rmSync(folder, { recursive: true });
});

/** What a story on such a machine prints. */
function onMachine(story: string): string {
  const separate = ["unshare", "--mount", "--uts", "--propagation", "private"];
  const [program, ...args] = [...rootPrefix(), ...separate, "bash", "--norc", "-euc", `${MACHINE}\n${story}`];
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

const SEEDED = `pg1-srv
/home/lab lab:lab
/etc/hostname root:root 0644
| pg1-srv
/etc/ssh/ssh_host_ed25519_key root:root 0600
${privateKey.trimEnd().replaceAll(/^/gm, "| ")}
/etc/ssh/ssh_host_ed25519_key.pub root:root 0644
| ssh-ed25519 BBBB
/etc/ssh/sshd_config.d/lab-seed.conf root:root 0644
| PasswordAuthentication no
| PermitRootLogin no
/etc/sudoers.d/90-lab-lab root:root 0440
| lab ALL=(ALL) NOPASSWD:ALL
/home/lab/.ssh lab:lab 0700
/home/lab/.ssh/authorized_keys lab:lab 0600
| ssh-ed25519 AAAA deployment
lab:x:1000:1000::/home/lab:/bin/bash
lab:*
`;

describe("lab-seed.sh", () => {
  it("gives a machine its name, its one host key, and a user who is not there yet, with key and sudo", () => {
    expect(onMachine("seed; look")).toBe(SEEDED);
  });

  it("gives a user who is there as in our image, with an empty list of keys, the same", () => {
    const image = "mkdir -m 0700 /etc/skel/.ssh; install -m 0600 /dev/null /etc/skel/.ssh/authorized_keys";
    expect(onMachine(`${image}; useradd --create-home --shell /bin/bash lab; seed; look`)).toBe(SEEDED);
  });

  it("locks the password of a user who has one, and gives the user the shell that is wanted", () => {
    const before = "useradd --create-home --shell /bin/sh --password '$y$j9T$' lab";
    expect(onMachine(`${before}; seed; look`)).toBe(SEEDED);
  });

  it("changes nothing the second time", () => {
    expect(onMachine("seed; seed; look")).toBe(SEEDED);
  });

  it("is tried on no file and under no name of this machine", () => {
    const look = () => [
      os.hostname(),
      ...["/etc", "/etc/ssh", "/home"].map((place) => fs.readdirSync(place)),
      ...["passwd", "group"].map((file) => fs.readFileSync(`/etc/${file}`, "utf8")),
    ];
    const before = look();
    onMachine("seed");
    expect(look()).toEqual(before);
  });
});
