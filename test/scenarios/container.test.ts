import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PackageMirror, downloadPackages } from "../support/package-mirror";
import { CommandLines, LabSecrets } from "../support/lab-secrets";
import { containerImage, packagesOf, RELEASE } from "../support/releases";
import { type CommandResult, type LabStatus, ON_PULUMI, reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

/** The whole life of a lab on containers, from a root file system without PostgreSQL and pgBackRest. */
const lab = new ScenarioLab("container", "container", ON_PULUMI);
const scratch = path.join(PROJECT_FOLDER, ".lab", `${lab.stack}-mirror`);
const plain = [
  `--config=lab:imagePath=${containerImage("plain")}`,
  "--config=lab:packages=mirror",
  `--config=lab:mirrorUrl=${PackageMirror.url("10.83.14.1")}`,
];
const up = (...config: string[]): Promise<CommandResult> =>
  lab.run("up", "--yes", ...plain, ...config.map((setting) => `--config=${setting}`));

const skipped = reasonToSkip();
let mirror: PackageMirror | undefined;
/** What the first `up` printed, and the command lines that were there meanwhile. */
let printed = "";
let commandLines: readonly string[] = [];

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  fs.rmSync(scratch, { recursive: true, force: true });
  downloadPackages(scratch, RELEASE, packagesOf(RELEASE));
  await lab.must("prepare", ...plain);
  mirror = await PackageMirror.start(scratch, lab.namespace);
});

afterAll(async () => {
  mirror?.stop();
  fs.rmSync(scratch, { recursive: true, force: true });
  await lab.remove();
});

describe.skipIf(skipped)(`a lab on containers${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("comes up from nothing, with packages from a mirror, and is proven", async () => {
    const watch = new CommandLines();
    const { status, stdout, stderr } = await up();
    commandLines = watch.stop();
    printed = stdout + stderr;
    expect(status, stderr).toBe(0);
    for (const word of [
      "backup-srv",
      "pg1-srv",
      "pg2-srv",
      "pg3-srv",
      "repository",
      "primary",
      "standby",
      "streaming",
    ]) {
      expect(stdout).toContain(word);
    }
    expect(stderr.match(/pgBackRest 2\.55\.1 is from before the project was declared obsolete/g)).toHaveLength(1);
  });

  it("says so in its status: proven, two standbys that stream, a full backup from each side", async () => {
    const status = await lab.status();
    expect(status).toMatchObject({ proven: true, findings: [] });
    expect(status.hosts.map(({ name, role, address }) => [name, role, address])).toEqual([
      ["backup-srv", "repository", "10.83.14.10"],
      ["pg1-srv", "primary", "10.83.14.11"],
      ["pg2-srv", "standby", "10.83.14.12"],
      ["pg3-srv", "standby", "10.83.14.13"],
    ]);
    expect(status.hosts.filter(({ streaming }) => streaming).map(({ name }) => name)).toEqual(["pg2-srv", "pg3-srv"]);
    expect(status.backups.map(({ type, fromStandby }) => [type, fromStandby])).toEqual([
      ["full", false],
      ["full", true],
    ]);
  });

  it("resolves every reserved name on every host, forward and backward", async () => {
    for (const host of ["backup-srv", "pg3-srv"]) {
      expect(await lab.on(host, "getent ahostsv4 pg9-srv | awk 'NR == 1 { print $1 }'")).toBe("10.83.14.19");
      expect(await lab.on(host, "getent hosts 10.83.14.10 | awk '{ print $2 }'")).toMatch(/^backup-srv(\.lab)?$/);
    }
  });

  it("lets nobody stream from the primary but standbys with their own certificates, and no standby from another server", async () => {
    const scratch = "/run/lab-scenario";
    const backupPair = await lab.on("backup-srv", "cat /etc/pgbackrest/cert/host.key /etc/pgbackrest/cert/host.crt");
    await lab.on(
      "pg2-srv",
      `install -d -o postgres ${scratch} && cd ${scratch} && umask 077 && cat >backup.pem && openssl req -x509 -newkey ec \
        -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=pg2-srv -keyout other.pem -out other.crt 2>/dev/null && cat other.crt >>other.pem && chown postgres: *`,
      backupPair,
    );
    const stream = (pair: string, more = ""): Promise<string> =>
      lab.on(
        "pg2-srv",
        `cd /; runuser -u postgres -- psql -XAtc IDENTIFY_SYSTEM -d 'host=pg1-srv user=replic_user dbname=x replication=true sslmode=verify-full sslrootcert=/etc/pgbackrest/cert/ca.crt ${pair} ${more}' 2>&1 || true`,
      );
    const own = "sslcert=/etc/pgbackrest/cert/host.crt sslkey=/etc/pgbackrest/cert/host.key";
    const pem = (name: string): string => `sslcert=${scratch}/${name}.pem sslkey=${scratch}/${name}.pem`;
    expect(await stream(own)).toMatch(/^\d+\|1\|/);
    expect(await stream("sslcert=/none sslkey=/none")).toContain(
      "FATAL:  connection requires a valid client certificate",
    );
    expect(await stream(pem("other"))).toMatch(/alert unknown ca/);
    expect(await stream(pem("backup"))).toContain('FATAL:  certificate authentication failed for user "replic_user"');
    expect(await stream(own, "sslmode=disable")).toContain(
      'FATAL:  no pg_hba.conf entry for replication connection from host "10.83.14.12", user "replic_user", no encryption',
    );
    expect(await stream(own, "hostaddr=10.83.14.12")).toMatch(
      /server certificate for "pg2-srv".* does not match host name "pg1-srv"/,
    );
    await lab.on("pg2-srv", `rm -r ${scratch}`);
  });

  it("keeps every key and password where it belongs, and nowhere else", async () => {
    const secrets = new LabSecrets(lab);
    const hosts = ["backup-srv", "pg1-srv", "pg2-srv", "pg3-srv"];
    expect(secrets.all).toEqual(
      [
        ...["lab-ca-1-key", "lab-deployment-key", "passphrase"],
        ...hosts.flatMap((host) => [`${host}-certificate-1-key`, `${host}-host-key`]),
      ].sort(),
    );
    for (const host of hosts) {
      const owner = host === "backup-srv" ? "pgbackrest" : "postgres";
      const found = (await secrets.onHost(host)).map((place) => place.replace(/cert\.lab-\w+/, "cert"));
      expect(found).toEqual(
        [
          `${host}-certificate-1-key: /etc/pgbackrest/cert/host.key ${owner} 600`,
          `${host}-host-key: /etc/ssh/ssh_host_ed25519_key root 600`,
        ].sort(),
      );
    }
    // A container's seed stands in its domain; the state itself is encrypted.
    const seeds = (folder: string): string[] =>
      hosts.map((host) => `${host}-host-key: ${folder}/lab-${lab.stack}-${host}.xml root 600`);
    expect(secrets.inFolder(lab.stateFolder)).toEqual(
      ["lab-deployment-key: ssh/key root 600", "passphrase: passphrase root 600", ...seeds("libvirt/etc/lxc")].sort(),
    );
    expect(secrets.inFolder(`/run/lab/${lab.namespace}`)).toEqual(seeds("libvirt/lxc"));
    expect(fs.statSync(lab.stateFolder).mode & 0o077).toBe(0);

    expect(commandLines.some((line) => line.includes("postgres"))).toBe(true);
    expect(secrets.within(commandLines.join("\n"))).toEqual([]);
    expect(secrets.within(printed)).toEqual([]);
    for (const format of [[], ["--json"]]) expect(secrets.within(await lab.must("outputs", ...format))).toEqual([]);
  });

  it("holds pgBackRest, checks pages, archives, and keeps texts in UTF8 whatever locale the login has", async () => {
    expect(await lab.on("pg1-srv", "apt-mark showhold")).toBe("pgbackrest");
    expect(await lab.query("pg1-srv", "SHOW data_checksums")).toBe("on");
    expect(
      await lab.query(
        "pg1-srv",
        "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = 'postgres'",
      ),
    ).toBe("UTF8|C.UTF-8");
    expect(
      await lab.query(
        "pg1-srv",
        "SELECT failed_count = 0 OR last_archived_time > last_failed_time FROM pg_stat_archiver",
      ),
    ).toBe("t");
  });

  it("refuses a client that has no certificate of the lab's authority", async () => {
    const denied = await lab.run(
      "ssh",
      "pg2-srv",
      "--",
      `sudo bash -c 'openssl req -x509 -newkey rsa:2048 -nodes -keyout /tmp/k -out /tmp/c -subj /CN=pg2-srv -days 1 2>/dev/null &&
       chown postgres /tmp/k /tmp/c && sudo -u postgres pgbackrest --stanza=demo --repo1-host-cert-file=/tmp/c --repo1-host-key-file=/tmp/k repo-ls'`,
    );
    expect(denied.status).not.toBe(0);
    expect(denied.stdout + denied.stderr).toMatch(/unknown ca|alert|access denied/i);
  });

  it("has rows that every standby reads", async () => {
    await lab.query("pg1-srv", "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number");
    const lsn = await lab.query("pg1-srv", "SELECT pg_current_wal_lsn()");
    for (const standby of ["pg2-srv", "pg3-srv"]) await replayed(standby, lsn);
    expect(await lab.query("pg2-srv", "SELECT sum(number) FROM kept")).toBe("500500");
    expect(await lab.query("pg3-srv", "SELECT sum(number) FROM kept")).toBe("500500");
  });

  it("has nothing to change the second time, and proves itself again", async () => {
    const { status, stdout, stderr } = await up();
    expect(status, stderr).toBe(0);
    expect(stdout + stderr).toContain("nothing to change");
    expect(JSON.parse(await lab.must("preview", "--json", ...plain))).toMatchObject({
      create: 0,
      update: 0,
      replace: 0,
      delete: 0,
    });
  });

  it("refuses another network while it exists, before anything is changed", async () => {
    const { status, stderr } = await up("lab:network=10.85.14.0/24");
    expect(status).toBe(1);
    expect(stderr).toContain(
      'lab:network must stay "10.83.14.0/24" on this lab, got "10.85.14.0/24": libvirt does not apply such a change, and no host could be reached at its address; ' +
        "hint: bring up another stack beside this one: a copy of the stack's file under another name\n",
    );
  });

  it("reloads only the hosts that a changed option concerns", async () => {
    const server = (host: string): Promise<string> =>
      lab.on(host, "systemctl show -P MainPID pgbackrest; stat -c %Y /etc/pgbackrest/pgbackrest.conf");
    const before = await server("pg1-srv");
    const { status, stderr } = await up('lab:pgbackrest={"start-fast":false}');
    expect(status, stderr).toBe(0);
    expect(await lab.on("backup-srv", "grep start-fast /etc/pgbackrest/pgbackrest.conf")).toBe("start-fast=n");
    expect(await server("pg1-srv")).toBe(before);
  });

  it("keeps its configuration when the new one is refused by pgBackRest, and says what was wrong", async () => {
    const { status, stdout, stderr } = await lab.run(
      "up",
      "--yes",
      "--debug",
      ...plain,
      '--config=lab:pgbackrest={"process-max":"many"}',
    );
    expect(status).toBe(1);
    expect(new LabSecrets(lab).within(stdout + stderr)).toEqual([]);
    expect(stdout + stderr).toContain("backup-srv: pgBackRest refuses the new configuration; the old one stays");
    expect(stdout + stderr).toContain("'many' is not valid for 'process-max' option");
    expect(await lab.on("backup-srv", "grep process-max /etc/pgbackrest/pgbackrest.conf")).toBe("process-max=2");
    expect((await up()).status).toBe(0);
  });

  it("grows to three standbys: the new one has the rows", async () => {
    const { status, stderr } = await up("lab:standbys=3");
    expect(status, stderr).toBe(0);
    await replayed("pg4-srv", await lab.query("pg1-srv", "SELECT pg_current_wal_lsn()"));
    expect(await lab.query("pg4-srv", "SELECT sum(number) FROM kept")).toBe("500500");
    expect(streamingHosts(await lab.status())).toEqual(["pg2-srv", "pg3-srv", "pg4-srv"]);
  });

  it("shrinks to one standby and forgets the others", async () => {
    const { status, stderr } = await up("lab:standbys=1");
    expect(status, stderr).toBe(0);
    expect(streamingHosts(await lab.status())).toEqual(["pg2-srv"]);
    expect(await lab.on("backup-srv", "cat /etc/pgbackrest/pgbackrest.conf /etc/pgbackrest/conf.d/*")).not.toMatch(
      /pg[34]-srv/,
    );
    const gone = await lab.run("ssh", "pg4-srv", "--", "true");
    expect(gone.status).not.toBe(0);
    expect(gone.stderr).toContain("pg4-srv");
    expect(await lab.query("pg2-srv", "SELECT sum(number) FROM kept")).toBe("500500");
  });

  it("gives a remote command's output and exit status, and nothing else", async () => {
    expect(await lab.run("ssh", "pg1-srv", "--", "echo out; echo err >&2; exit 7")).toEqual({
      status: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  it("leaves nothing when it is destroyed, but the image", async () => {
    const { namespace } = lab;
    mirror?.stop();
    await lab.must("destroy", "--yes");
    expect(lab.remains(namespace)).toEqual([]);
    expect(fs.existsSync(path.join(PROJECT_FOLDER, containerImage("plain")))).toBe(true);
  });
});

function streamingHosts(status: LabStatus): string[] {
  return status.hosts.filter(({ streaming }) => streaming).map(({ name }) => name);
}

async function replayed(standby: string, lsn: string): Promise<void> {
  await expect
    .poll(() => lab.query(standby, `SELECT pg_last_wal_replay_lsn() >= '${lsn}'`), { timeout: 30_000, interval: 500 })
    .toBe("t");
}
