import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEBIAN_RELEASES } from "../../config/debian-releases";
import { type KeyName, SCHEMA } from "../../config/schema";
import { THIS_MACHINE } from "../../config/this-machine";
import type { KeySeenHere } from "../support/keys-elsewhere";
import { buildPackageIndex } from "../support/package-index";
import { PackageMirror } from "../support/package-mirror";
import { containerImage, POSTGRESQL, RELEASE } from "../support/releases";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";
import { type Issued, TestAuthority } from "../support/test-authority";

/** Every key of the configuration, on hosts with another value than its default. */
const lab = new ScenarioLab("container", "keys");
/** The same hosts with a PKI of their user's own. */
const outside = new ScenarioLab("container", "keys-pki");
const skipped = reasonToSkip();

const scratch = path.join(PROJECT_FOLDER, ".lab", "scenario-keys-files");
const IMAGE = path.join(PROJECT_FOLDER, containerImage("baked"));
const HOST_FOLDER = "/etc/pgbackrest/cert";
const API_FOLDER = "/usr/local/lib/pgbapi";
const API_PACKAGES = "/usr/local/lib/pg-backup-api/lib/python*/site-packages/pg_backup_api";
const INDEX = "packages.example";
const WRONG = `sha256:${"0".repeat(64)}`;

/** In a lab from nothing. */
const SETTINGS = {
  network: "10.90.0.0/26",
  memoryMiB: 1536,
  stanza: "prod-1",
  primary: "pg2-srv",
  standbys: 1,
  repositories: [{ path: "/srv/backups", retentionFull: 3 }],
  repositoryCipher: true,
  pgbackrest: { "compress-type": "zst" },
  postgresql: { work_mem: "8MB" },
  locale: "C",
  encoding: "LATIN1",
  replicationTls: false,
  caYears: 3,
  hostCertificateDays: 45,
  backupApi: true,
  backupApiHost: "backup-srv",
  backupApiSource: "test/support/backup-api-stand-in",
  backupApiCertificateDays: 60,
};

/** On the lab that lives. */
const CHANGES = {
  keyGeneration: 2,
  caGeneration: 2,
  caStage: "trust",
  backupApiSource: `https://${INDEX}/`,
  backupApiVersion: "2.1.0",
};

const DATES = "-noout -startdate -enddate | cut -d = -f 2 | date -f - +%s | xargs";
const DAYS = `| { read -r start end; echo $(((end - start) / 86400)); }`;
const SUBJECTS = `openssl crl2pkcs7 -nocrl -certfile ${HOST_FOLDER}/ca.crt | openssl pkcs7 -print_certs -noout | sed -n 's/^subject=CN *= *//p' | xargs`;

type Look = [ask: () => Promise<string> | string, answer: string | (() => string)];
const on =
  (host: string, command: string, where = lab) =>
  () =>
    where.on(host, command);
const query = (sql: string) => () => lab.query("pg2-srv", sql);

/** What a user sees of a key's value: of every key's that is not seen elsewhere. */
const SEEN: Readonly<Record<KeySeenHere, Look>> = {
  hypervisor: [on("pg2-srv", "systemd-detect-virt"), "lxc-libvirt"],
  libvirtUri: [
    () => lab.virsh("list", "--name").sort().join(" "),
    ["backup-srv", "pg1-srv", "pg2-srv"].map((host) => lab.domainOf(host)).join(" "),
  ],
  imagePath: [
    () => fileSystem(path.join(lab.stateFolder, "libvirt", "lib", "images", `lab-${lab.stack}`, "pg2-srv.raw")),
    () => fileSystem(IMAGE),
  ],
  imageChecksum: [
    async () => (await up(lab, { ...SETTINGS, ...CHANGES, imageChecksum: WRONG })).stderr,
    () => `lab: lab:imageChecksum does not match ${IMAGE}: the file has ${checksum}, got "${WRONG}"\n`,
  ],
  network: [on("pg2-srv", "ip -4 -o address show eth0 | grep -o 'inet [^ ]*'"), "inet 10.90.0.12/26"],
  networkMode: [on("pg2-srv", "ip route show default"), ""],
  memoryMiB: [on("pg2-srv", "awk '/^MemTotal/ { print $2 }' /proc/meminfo"), "1572864"],
  family: [on("pg2-srv", '. /etc/os-release; echo "$ID $VERSION_ID"'), `debian ${DEBIAN_RELEASES[RELEASE].version}`],
  postgresqlVersion: [query("SELECT current_setting('server_version_num')::int / 10000"), String(POSTGRESQL)],
  pgbackrestVersion: [on("pg2-srv", "pgbackrest version"), `pgBackRest ${DEBIAN_RELEASES[RELEASE].pgbackrest}`],
  stanza: [on("backup-srv", "sudo -u pgbackrest pgbackrest info --output=json | jq -r '.[].name'"), "prod-1"],
  primary: [query("SELECT pg_is_in_recovery()"), "f"],
  standbys: [
    query(
      "SELECT string_agg(application_name, ' ') FROM pg_stat_replication WHERE state = 'streaming' AND application_name <> 'barman_receive_wal'",
    ),
    "pg1-srv",
  ],
  repositories: [
    on("backup-srv", "ls /srv/backups/backup; grep -h ^repo1-retention-full= /etc/pgbackrest/pgbackrest.conf"),
    "prod-1\nrepo1-retention-full=3",
  ],
  repositoryCipher: [
    on(
      "backup-srv",
      "stat -c '%U %a' /etc/pgbackrest/conf.d/cipher.conf; head -c 8 /srv/backups/backup/prod-1/backup.info; grep -ls cipher-pass /etc/pgbackrest/*.conf || true",
    ),
    "pgbackrest 600\nSalted__",
  ],
  pgbackrest: [on("backup-srv", "find /srv/backups/archive -name '0*-*' | grep -o '[^.]*$' | sort -u"), "zst"],
  postgresql: [query("SHOW work_mem"), "8MB"],
  locale: [query("SELECT datcollate, datctype FROM pg_database WHERE datname = 'postgres'"), "C|C"],
  encoding: [query("SHOW server_encoding"), "LATIN1"],
  replicationTls: [
    query(
      "SELECT DISTINCT type, auth_method FROM pg_hba_file_rules WHERE user_name && '{replic_user,barman,streaming_barman}'",
    ),
    "host|scram-sha-256",
  ],
  caYears: [
    on("backup-srv", `for ca in ${HOST_FOLDER} ${API_FOLDER}; do openssl x509 -in $ca/ca.crt ${DATES} ${DAYS}; done`),
    `${3 * 365}\n${3 * 365}`,
  ],
  caGeneration: [on("pg1-srv", SUBJECTS), "root-ca-2 root-ca"],
  caStage: [
    on("pg1-srv", `openssl x509 -in ${HOST_FOLDER}/host.crt -noout -issuer -nameopt RFC2253`),
    "issuer=CN=root-ca",
  ],
  keyGeneration: [on("pg1-srv", `cmp -s ${HOST_FOLDER}/host.key /root/host.key || echo another`), "another"],
  hostCertificateDays: [on("pg1-srv", `openssl x509 -in ${HOST_FOLDER}/host.crt ${DATES} ${DAYS}`), "45"],
  backupApi: [() => lab.must("api", "status"), '"OK"\n'],
  backupApiHost: [on("backup-srv", "systemctl is-active pg-backup-api"), "active"],
  // pip keeps where a package came from, unless that was an index.
  backupApiSource: [
    on(
      "backup-srv",
      `ls -d ${API_PACKAGES}-*.dist-info | cut -d / -f 9-; ls ${API_PACKAGES}-*.dist-info | grep -c direct_url || true`,
    ),
    "pg_backup_api-2.1.0.dist-info\n0",
  ],
  backupApiVersion: [
    on("backup-srv", "/usr/local/lib/pg-backup-api/bin/python3 -m pip show pg-backup-api | grep ^Version"),
    "Version: 2.1.0",
  ],
  backupApiCertificateDays: [on("backup-srv", `openssl x509 -in ${API_FOLDER}/host.crt ${DATES} ${DAYS}`), "60"],
  caCertificate: [
    on("backup-srv", `openssl x509 -in ${HOST_FOLDER}/host.crt -noout -issuer -nameopt RFC2253`, outside),
    "issuer=CN=example-ca",
  ],
  caKey: [
    on(
      "backup-srv",
      `cd ${HOST_FOLDER}; openssl verify -CAfile ca.crt host.crt; openssl x509 -in host.crt ${DATES} ${DAYS}`,
      outside,
    ),
    "host.crt: OK\n90",
  ],
  caTrusted: [on("pg1-srv", SUBJECTS, outside), "example-ca other-ca"],
  hostCertificates: [
    on("pg1-srv", `openssl x509 -in ${HOST_FOLDER}/host.crt -noout -serial`, outside),
    () => `serial=${new X509Certificate(fs.readFileSync(pg1.certificate)).serialNumber}`,
  ],
};

let checksum = "";
/** The authority outside the lab, the certificate that its user made for pg1-srv, and the settings that tell of both. */
let ca: TestAuthority;
let pg1: Issued;
let pki: Readonly<Record<string, unknown>>;
let mirror: PackageMirror | undefined;

function up(where: ScenarioLab, settings: Readonly<Record<string, unknown>>, ...options: string[]) {
  const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
  const config = Object.entries(settings).map(([key, value]) => `--config=lab:${key}=${text(value)}`);
  return where.run("up", "--yes", ...options, ...config);
}

async function mustUp(
  where: ScenarioLab,
  settings: Readonly<Record<string, unknown>>,
  ...options: string[]
): Promise<string> {
  const { status, stdout, stderr } = await up(where, settings, ...options);
  expect(status, stdout + stderr).toBe(0);
  return stdout;
}

/** The configuration that a lab was deployed with. */
async function deployed(where: ScenarioLab): Promise<Readonly<Record<string, unknown>>> {
  const outputs = JSON.parse(await where.must("outputs", "--json")) as { configuration: Record<string, unknown> };
  return outputs.configuration;
}

/** The UUID of the file system in an image. */
function fileSystem(image: string): string {
  return execFileSync("blkid", ["-s", "UUID", "-o", "value", image], { encoding: "utf8" });
}

/** Has the API's host know of a package index in the lab's network. */
async function servePackages(): Promise<void> {
  const authority = new TestAuthority(path.join(scratch, "index"));
  const { certificate, key } = authority.issue({ commonName: INDEX });
  buildPackageIndex(path.join(scratch, "www", INDEX), ["2.1.0", "2.2.0"]);
  fs.copyFileSync(certificate, path.join(scratch, "server.crt"));
  fs.copyFileSync(key, path.join(scratch, "server.key"));
  mirror = await PackageMirror.startAsServers(scratch, lab.namespace);
  await lab.on(
    "backup-srv",
    `echo '10.90.0.1 ${INDEX}' >>/etc/hosts; cat >/etc/ssl/index.crt; printf '[global]\ncert = /etc/ssl/index.crt\n' >/etc/pip.conf`,
    fs.readFileSync(authority.certificate, "utf8"),
  );
}

async function bringUpOwn(): Promise<void> {
  await mustUp(lab, SETTINGS);
  await servePackages();
  await lab.on("pg1-srv", `cp ${HOST_FOLDER}/host.key /root/host.key`);
  await mustUp(lab, { ...SETTINGS, ...CHANGES });
}

async function bringUpOutside(): Promise<void> {
  ca = new TestAuthority(path.join(scratch, "ca"), undefined, { commonName: "example-ca", days: 365 });
  const other = new TestAuthority(path.join(scratch, "other"), undefined, { commonName: "other-ca", days: 365 });
  pg1 = ca.issue({ commonName: "pg1-srv" });
  await outside.begin();
  const settings = {
    standbys: 0,
    imageChecksum: checksum,
    caCertificate: ca.certificate,
    caTrusted: other.certificate,
    hostCertificates: { "pg1-srv": pg1, "backup-srv": ca.issue({ commonName: "backup-srv", days: 80 }) },
  };
  await mustUp(outside, settings);
  // Then the CA's key comes to this machine, and signs for one of the hosts.
  pki = { ...settings, caKey: ca.key, hostCertificates: { "pg1-srv": pg1 } };
  await mustUp(outside, pki);
}

describe.skipIf(skipped)(`on hosts${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  beforeAll(async () => {
    fs.rmSync(scratch, { recursive: true, force: true });
    fs.mkdirSync(scratch, { recursive: true });
    await lab.begin();
    // Builds the image, if need be.
    await lab.must("prepare");
    checksum = `sha256:${THIS_MACHINE.digest(IMAGE)}`;
    await Promise.all([bringUpOwn(), bringUpOutside()]);
  });

  afterAll(async () => {
    mirror?.stop();
    fs.rmSync(scratch, { recursive: true, force: true });
    await Promise.all([lab.remove(), outside.remove()]);
  });

  it("is proven, with nothing to change, and no key that is seen has its default", async () => {
    expect(await mustUp(lab, { ...SETTINGS, ...CHANGES })).toMatch(/^nothing to change$/m);
    expect(await Promise.all([lab.status(), outside.status()])).toMatchObject([{ proven: true }, { proven: true }]);
    const [own, pki] = await Promise.all([deployed(lab), deployed(outside)]);
    const isDefault = (key: string, value: unknown): boolean =>
      isDeepStrictEqual(value, SCHEMA[key as KeyName].default);
    expect(Object.keys(SEEN).filter((key) => isDefault(key, own[key]) && isDefault(key, pki[key]))).toEqual([]);
  });

  it.concurrent.each(Object.entries(SEEN))("shows lab:%s", async (_, [ask, answer]) => {
    expect(await ask()).toBe(typeof answer === "string" ? answer : answer());
  });

  it("goes on when a certificate from outside that ends soon has been replaced in its files", async () => {
    const replace = (days: number): void => {
      const { certificate, key } = ca.issue({ commonName: "pg1-srv", days });
      fs.copyFileSync(certificate, pg1.certificate);
      fs.copyFileSync(key, pg1.key);
    };
    const serial = SEEN.hostCertificates;
    replace(5);
    await mustUp(outside, pki, "--allow-expiring");
    const refused = await up(outside, pki);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(
      /pg1-srv: the certificate expires in 4 days \(\S+Z\); hint: put a new certificate and key into the files of lab:hostCertificates\n/,
    );
    replace(90);
    const { status, stdout, stderr } = await up(outside, pki);
    expect(status, stdout + stderr).toBe(0);
    expect(stderr).toMatch(/pg1-srv: the certificate expires in 4 days \(\S+Z\); this run renews it/);
    expect(await serial[0]()).toBe((serial[1] as () => string)());
    expect(await outside.status()).toMatchObject({ proven: true });
  });
});
