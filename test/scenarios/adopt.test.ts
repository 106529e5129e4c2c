import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../observe/report";
import { told } from "../support/observed-lab";
import { type PlayedMachine, playedMachines, wipe } from "../support/played-machines";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";

/** A cluster that was there before, on a machine that another stack has started: the lab adopts it, and gives it back. */
const machines = new ScenarioLab("container", "adoptable");
const lab = new ScenarioLab("container", "adopting", undefined, machines);
const skipped = reasonToSkip();

const [REPOSITORY, PRIMARY, STANDBY] = ["vault.ops.example", "db1.ops.example", "db2.ops.example"] as const;
const NAMES = { [REPOSITORY]: "backup-srv", [PRIMARY]: "pg1-srv", [STANDBY]: "pg2-srv" } as const;

const PORT = 5433;
const CLUSTER = { dataFolder: "/srv/sales", postgresqlPort: PORT, service: "postgresql@17-sales.service" } as const;
const CONF = "/etc/postgresql/17/sales";
const FILES = ["postgresql.conf", "pg_hba.conf", "pg_ident.conf", "start.conf"].map((name) => `${CONF}/${name}`);
const STARTS = "grep -c 'database system is ready to accept connections' /var/log/postgresql/postgresql-17-sales.log";

const onPrimary = (sql: string): Promise<string> => machines.query("pg1-srv", sql, PORT);
const sums = (): Promise<string> =>
  machines.on("pg1-srv", `sha256sum ${FILES.join(" ")}; stat -c '%U %a' ${FILES.join(" ")}`);
const starts = async (): Promise<number> => Number(await machines.on("pg1-srv", STARTS));

type Hosts = Record<string, PlayedMachine & { role: string; existing: { adopt?: boolean } }>;

const adopting = (machines: Hosts): Hosts => {
  const { [PRIMARY]: primary } = machines as Record<typeof PRIMARY, Hosts[string]>;
  return { ...machines, [PRIMARY]: { ...primary, ...CLUSTER, existing: { ...primary.existing, adopt: true } } };
};

let hosts: Hosts;
let before: { files: string; starts: number };

const preflight = async (...more: string[]): Promise<{ status: number | null; lines: string[] }> => {
  const { status, stdout } = await lab.run("preflight", ...more);
  return { status, lines: stdout.trimEnd().split("\n") };
};
const withHosts = (given: object): string => `--config=lab:hosts=${JSON.stringify(given)}`;

beforeAll(async () => {
  if (skipped !== undefined) return;
  await machines.begin();
  await machines.must("up", "--yes", "--config=lab:standbys=1");
  const { key, of } = await playedMachines(machines);
  await wipe(machines, Object.values(NAMES));
  // No newline at the end of postgresql.conf.
  await machines.on(
    "pg1-srv",
    `install -d -o postgres -g postgres -m 0700 ${CLUSTER.dataFolder}
     pg_createcluster --port=${PORT} --datadir=${CLUSTER.dataFolder} 17 sales >/dev/null
     printf "work_mem = 7MB\\nwal_level = minimal\\nmax_wal_senders = 0 # none" >>${CONF}/postgresql.conf
     sed -i '1i local sales clerk peer map=clerks' ${CONF}/pg_hba.conf
     echo 'clerks lab clerk' >>${CONF}/pg_ident.conf
     systemctl start ${CLUSTER.service}`,
  );
  await onPrimary("CREATE ROLE clerk LOGIN");
  await onPrimary("CREATE DATABASE sales OWNER clerk");
  await onPrimary("CREATE TABLE orders AS SELECT generate_series(1, 1000) AS number");
  before = { files: await sums(), starts: await starts() };
  await lab.begin();
  hosts = adopting({
    [REPOSITORY]: { role: "repository", ...of(NAMES[REPOSITORY]) },
    [PRIMARY]: { role: "primary", ...of(NAMES[PRIMARY]) },
    [STANDBY]: { role: "standby", ...of(NAMES[STANDBY]) },
  });
  lab.configure({
    ...{ family: "debian13", postgresqlVersion: 17, pgbackrestVersion: "2.55.1", packages: "distribution" },
    ...{ hosts, sshPrivateKey: key },
  });
});

afterAll(async () => {
  await lab.remove();
  await machines.remove();
});

describe.skipIf(skipped)(`a cluster that is adopted${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("is left alone without adopt, and the hint names it", async () => {
    const existing = { ...hosts[PRIMARY]?.existing, adopt: false };
    const { status, lines } = await preflight(withHosts({ ...hosts, [PRIMARY]: { ...hosts[PRIMARY], existing } }));
    expect(status).toBe(1);
    expect(lines.join("\n")).toMatch(
      /^fail LAB-MACHINE-TAKEN db1\.ops\.example: \/srv\/sales is not this stack's \(.*\); hint: .* unless adopt in existing of the primary/m,
    );
  });

  it("is refused by name when it cannot be: an archive of somebody else's, a role of the lab's name", async () => {
    await onPrimary("ALTER SYSTEM SET archive_command = 'cp %p /mnt/wal/%f'");
    await onPrimary("SELECT pg_reload_conf()");
    await onPrimary("CREATE ROLE replic_user");
    const { status, lines } = await preflight();
    expect(status).toBe(1);
    const refusals = lines.filter((line) => line.startsWith("fail"));
    expect(refusals).toEqual([
      expect.stringContaining("it has role replic_user, which would be the lab's; hint: give that role another name"),
      expect.stringContaining("ALTER SYSTEM has set archive_command"),
    ]);
    const { status: up, stdout, stderr } = await lab.run("up", "--yes");
    expect(up).toBe(1);
    expect(stdout + stderr).toContain("nothing was changed:\nfail LAB-ADOPT-REFUSED db1.ops.example: ");
    await onPrimary("ALTER SYSTEM RESET archive_command");
    await onPrimary("SELECT pg_reload_conf()");
    await onPrimary("DROP ROLE replic_user");
    expect(await sums()).toBe(before.files);
  });

  it("is shown with all that changes, before anything has, and a restart is not made unasked", async () => {
    const { status, lines } = await preflight();
    expect(status, lines.join("\n")).toBe(0);
    const changes = lines.flatMap((line) => / (\w+ of its cluster changes .*?);/.exec(line)?.[1] ?? []);
    expect(changes.map((change) => change.replace(" of its cluster changes from", "")).sort()).toEqual([
      'archive_command "(disabled)" to "pgbackrest --stanza=demo archive-push %p"',
      'archive_mode "off" to "on", by a restart',
      'listen_addresses "localhost" to "*", by a restart',
      'max_slot_wal_keep_size "-1" to "1GB"',
      'max_wal_senders "0" to "10", by a restart',
      'ssl "off" to "on"',
      'ssl_ca_file "" to "/etc/pgbackrest/cert/ca.crt"',
      'ssl_cert_file "server.crt" to "/etc/pgbackrest/cert/host.crt"',
      'ssl_key_file "server.key" to "/etc/pgbackrest/cert/host.key"',
      'wal_level "minimal" to "replica", by a restart',
    ]);
    expect(lines.filter((line) => line.includes("LAB-ADOPT-FILE"))).toHaveLength(3);
    expect(lines.at(-1)).toBe("ready");
    const unasked = await lab.run("up");
    expect(unasked.status).toBe(1);
    expect(unasked.stdout + unasked.stderr).toContain(
      "PostgreSQL on db1.ops.example would restart, and this is no terminal to ask on; hint: --yes",
    );
    expect(await sums()).toBe(before.files);
    expect(await starts()).toBe(before.starts);
  });

  it("archives, is backed up, and has a standby, with its rows, roles and settings, after one restart", async () => {
    const { status, stdout, stderr } = await lab.run("up", "--yes");
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/^proven$/m);
    expect(await starts()).toBe(before.starts + 1);
    expect(await onPrimary("SELECT count(*) FROM orders")).toBe("1000");
    expect(await onPrimary("SELECT current_setting('work_mem') || ' ' || current_setting('hba_file')")).toBe(
      `7MB ${CONF}/pg_hba.conf`,
    );
    expect(await machines.query("pg2-srv", "SELECT count(*) FROM orders")).toBe("1000");
    expect(
      await onPrimary("SELECT datname || ' ' || pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'sales'"),
    ).toBe("sales clerk");
    expect(
      await onPrimary("SELECT count(*) FROM pg_hba_file_rules WHERE 'clerk' = ANY (user_name) AND error IS NULL"),
    ).toBe("1");
    expect(await lab.must("up", "--yes")).toMatch(/^nothing to change$/m);
    const report = JSON.parse((await lab.run("doctor", "--json")).stdout) as Report;
    expect(told(report.findings)).toEqual([]);
    expect(await starts()).toBe(before.starts + 1);
  });

  it("is restored from its backup, with its rows", async () => {
    const folder = "/var/lib/postgresql/restored";
    const options = `-c config_file=${CONF}/postgresql.conf -c data_directory=${folder} -c port=5999 -c archive_mode=off -c listen_addresses= -c external_pid_file=`;
    const restored = await machines.on(
      "pg1-srv",
      `cd /; as() { runuser -u postgres -- "$@"; }
       as mkdir -m 0700 ${folder}
       as pgbackrest --stanza=demo --pg1-path=${folder} --archive-mode=off --log-level-console=warn restore
       as /usr/lib/postgresql/17/bin/pg_ctl -s -w -D ${folder} -l /tmp/restored.log -o "${options}" start >/dev/null
       for ((i = 0; i < 300; i++)); do [[ $(as psql -p 5999 -XAtqc 'SELECT pg_is_in_recovery()') != f ]] || break; sleep 0.2; done
       as psql -p 5999 -XAtqc 'SELECT count(*) FROM orders'
       as /usr/lib/postgresql/17/bin/pg_ctl -s -D ${folder} -m immediate stop >/dev/null; rm -rf ${folder}`,
    );
    expect(restored).toBe("1000");
  });

  it("is given back as it was: its files to the byte, running, without slots, role and archive", async () => {
    await onPrimary("INSERT INTO orders VALUES (1001)");
    await lab.must("destroy", "--yes");
    expect(await sums()).toBe(before.files);
    expect(await machines.on("pg1-srv", `systemctl is-active ${CLUSTER.service}`)).toBe("active");
    expect(await starts()).toBe(before.starts + 2);
    expect(await onPrimary("SELECT count(*) FROM orders")).toBe("1001");
    expect(
      await onPrimary(
        "SELECT current_setting('archive_mode') || current_setting('wal_level') || (SELECT count(*) FROM pg_replication_slots) || " +
          "(SELECT count(*) FROM pg_roles WHERE rolname = 'replic_user') || (SELECT count(*) FROM pg_namespace WHERE nspname = 'lab')",
      ),
    ).toBe("offminimal000");
    expect(await machines.on("backup-srv", "ls /backup_space/backup/demo | grep -cE '^[0-9]{8}-[0-9]{6}F$'")).not.toBe(
      "0",
    );
    expect(await machines.on("pg1-srv", "ls /etc/lab/stack 2>&1; true")).toContain("No such file");
  });
});
