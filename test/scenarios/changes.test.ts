import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { familyOf } from "../../config/families";
import { scriptText } from "../../steps/script-text";
import { dataFolder, POSTGRESQL, RELEASE, service } from "../support/releases";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";

/** What may change on a lab that lives, and what its hosts themselves refuse; on one whose primary is not the first host. */
const lab = new ScenarioLab("container", "changes");
const skipped = reasonToSkip();

const SHAPE = ["--config", "lab:primary=pg2-srv", "--config", "lab:standbys=1"];
const CONF = "/etc/pgbackrest/pgbackrest.conf";
/** A major version that the hosts do not have. */
const OTHER = POSTGRESQL - 1;

const at = (folder: string): string[] => [...SHAPE, "--config", `lab:repositories=[{"path":"${folder}"}]`];

/** Runs a guard on a host as the program would with another configuration, and gives what it answers. */
async function guard(host: string, script: string, ...args: string[]): Promise<string> {
  return lab.on(host, `bash -s -- ${args.join(" ")} 2>&1 || echo "status $?"`, scriptText(script));
}

const ofCluster = (host: string, stanza: string, version: number, role: string, primary: string): Promise<string> => {
  const family = familyOf(RELEASE, version);
  const args = [CONF, stanza, String(version), family.dataFolder, family.binaries, role, primary];
  return guard(host, "cluster/data-guard.sh", ...args);
};

const ofRepository = (stanza: string, version: number, cipher = "false"): Promise<string> => {
  const args = [CONF, "pgbackrest", stanza, String(version), "/backup_space", cipher, "lab:repositoryCipher"];
  return guard("backup-srv", "backup-plane/repository-guard.sh", ...args);
};

async function backups(): Promise<string[]> {
  return (await lab.status()).backups.map(({ label }) => label);
}

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  await lab.must("up", "--yes", ...SHAPE);
});

afterAll(async () => {
  await lab.remove();
});

describe.skipIf(skipped)(`changes${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("comes up with any host as the primary, and stays as it is", async () => {
    const { proven, hosts } = await lab.status();
    expect({ proven, roles: hosts.map(({ name, role }) => `${name} ${role}`) }).toEqual({
      proven: true,
      roles: ["backup-srv repository", "pg2-srv primary", "pg1-srv standby"],
    });
    expect(await lab.must("up", "--yes", ...SHAPE)).toMatch(/^nothing to change$/m);
  });

  it("has hosts that refuse what would harm their data", async () => {
    const upgrade = "docs/major-upgrade.md comes before the key changes";
    expect(await ofCluster("pg2-srv", "demo", POSTGRESQL, "primary", "pg2-srv")).toBe("");
    expect(await ofCluster("pg1-srv", "demo", POSTGRESQL, "standby", "pg2-srv")).toBe("");
    expect(await ofCluster("pg2-srv", "demo", OTHER, "primary", "pg2-srv")).toBe(
      `pg2-srv: lab:postgresqlVersion is ${OTHER}, but ${dataFolder} holds a cluster of PostgreSQL ${POSTGRESQL} (in production); hint: keep ${POSTGRESQL}; ${upgrade}\nstatus 1`,
    );
    expect(await ofCluster("pg1-srv", "other", POSTGRESQL, "standby", "pg2-srv")).toBe(
      `pg1-srv: lab:stanza is other, but the cluster in ${dataFolder} (in archive recovery) archives to stanza demo; hint: keep demo; a stanza cannot be renamed\nstatus 1`,
    );
    expect(await ofCluster("pg1-srv", "demo", POSTGRESQL, "primary", "pg1-srv")).toBe(
      `pg1-srv: lab:primary is pg1-srv, but ${dataFolder} is a standby of pg2-srv (in archive recovery); hint: keep pg2-srv\nstatus 1`,
    );
    expect(await ofCluster("pg2-srv", "demo", POSTGRESQL, "standby", "pg1-srv")).toBe(
      `pg2-srv: lab:primary is pg1-srv, but ${dataFolder} is a primary (in production); hint: keep pg2-srv\nstatus 1`,
    );

    const held = (await backups()).join(" ");
    expect(await ofRepository("demo", POSTGRESQL)).toBe("");
    expect(await ofRepository("other", POSTGRESQL)).toBe(
      `backup-srv: lab:stanza is other, but /backup_space holds stanza demo (backups: ${held}); hint: keep demo; a stanza cannot be renamed\nstatus 1`,
    );
    expect(await ofRepository("demo", OTHER)).toBe(
      `backup-srv: lab:postgresqlVersion is ${OTHER}, but /backup_space holds stanza demo of PostgreSQL ${POSTGRESQL} (backups: ${held}); hint: keep ${POSTGRESQL}; ${upgrade}\nstatus 1`,
    );
    expect(await ofRepository("demo", POSTGRESQL, "true")).toBe(
      `backup-srv: lab:repositoryCipher is true, but /backup_space holds stanza demo (backups: ${held}), for which it is false; hint: keep false; a repository is encrypted from its first file on, or never\nstatus 1`,
    );
  });

  it("is refused by ./lab before anything is prepared, with the way", async () => {
    const { status, stderr } = await lab.run("up", "--yes", ...SHAPE, "--config", "lab:stanza=other");
    expect(status).toBe(1);
    expect(stderr).toContain(
      `lab:stanza must stay "demo" on this lab, got "other": backups and WAL are stored under the stanza's name, and standbys restore by it; hint: bring up another stack with it, and move the data there (pg_dump)`,
    );
  });

  it("takes back a change that failed half-way", async () => {
    const failed = await lab.run("up", "--yes", ...SHAPE, "--config", 'lab:postgresql={"shared_buffers":"900GB"}');
    expect(failed.status).toBe(1);
    expect(failed.stdout).toMatch(
      /^│ lab:postgresql +│ \{\} +│ \{"shared_buffers":"900 +│ restart: PostgreSQL reloads/m,
    );
    expect(failed.stdout + failed.stderr).toMatch(/pg2-srv +postgresql-start +FAILED/);
    expect(await lab.must("up", "--yes", ...SHAPE)).toMatch(/pg2-srv +postgresql-start +replaced/);
    expect((await lab.status()).proven).toBe(true);
    expect(await lab.must("up", "--yes", ...SHAPE)).toMatch(/^nothing to change$/m);
  });

  it("leaves the old settings where PostgreSQL refuses the new ones, and says what it says", async () => {
    const failed = await lab.run("up", "--yes", ...SHAPE, "--config", 'lab:postgresql={"work_mem":"8MBB"}');
    expect(failed.status).toBe(1);
    expect(failed.stdout + failed.stderr).toMatch(
      /pg2-srv: PostgreSQL refuses the new settings; the old ones stay\n.*invalid value for parameter "work_mem": "8MBB"/,
    );
    expect(await lab.on("pg2-srv", "grep -c work_mem /etc/lab/postgresql.conf || true")).toBe("0");
    expect((await lab.status()).proven).toBe(true);
  });

  it("raises and lowers what a standby needs as much of as its primary, also of one that was away meanwhile, and of a new one", async () => {
    const connections = async (...others: string[]): Promise<string[]> =>
      Promise.all(["pg1-srv", "pg2-srv", ...others].map((host) => lab.query(host, "SHOW max_connections")));
    const set = (most: number): string[] => [...SHAPE, "--config", `lab:postgresql={"max_connections":${most}}`];
    expect(await lab.must("up", "--yes", ...set(150))).toMatch(
      /pg1-srv +postgresql-raise +updated[^]*pg2-srv +postgresql-start +(updated|replaced)/,
    );
    expect(await connections()).toEqual(["150", "150"]);
    await lab.on("pg1-srv", `systemctl stop ${service}`);
    await lab.must("up", "--yes", ...set(90));
    expect(await connections()).toEqual(["90", "90"]);
    // The new one replays, from a backup of before, the time in which there were 150.
    await lab.must("up", "--yes", ...SHAPE, "--config", "lab:standbys=2");
    expect(await connections("pg3-srv")).toEqual(["100", "100", "100"]);
    expect((await lab.status()).proven).toBe(true);
    await lab.must("up", "--yes", ...SHAPE);
  });

  it("has standbys stream with passwords, and by mutual TLS again", async () => {
    const streams = (): Promise<string> =>
      lab.query("pg2-srv", "SELECT ssl, client_dn FROM pg_stat_replication JOIN pg_stat_ssl USING (pid)");
    await lab.must("up", "--yes", ...SHAPE, "--config", "lab:replicationTls=false");
    expect(await streams()).toBe("f|");
    await lab.must("up", "--yes", ...SHAPE);
    expect(await streams()).toBe("t|/CN=pg1-srv");
  });

  it("says what stays behind in a repository, and is proven with another one", async () => {
    const held = (await backups()).join(" ");
    const { status, stdout, stderr } = await lab.run("up", "--yes", ...at("/backup2"));
    expect(status, stdout + stderr).toBe(0);
    expect(stdout + stderr).toContain(
      `left behind: backup-srv keeps stanza demo in /backup_space (backups: ${held}); /backup2 gets a new full backup`,
    );
    expect(await lab.on("backup-srv", "ls -d /backup_space/backup/demo/*F | wc -l")).toBe("2");
    expect(await lab.must("up", "--yes", ...at("/backup2"))).toMatch(/^nothing to change$/m);
  });

  it("takes a new full backup in a repository that it comes back to: WAL is missing after the older ones", async () => {
    const before = (await backups()).at(-1) ?? "";
    await lab.must("up", "--yes", ...at("/backup_space"));
    const after = await backups();
    expect(after.at(-1)?.localeCompare(before)).toBe(1);
    expect((await lab.status()).proven).toBe(true);
  });
});
