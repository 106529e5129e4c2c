import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLUSTERS, GUEST, PLACES } from "../support/places";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";

/** A lab whose hosts have names of their user's own: FQDNs in three domains, two of them with the same first label. */
const lab = new ScenarioLab("container", "places");
const skipped = reasonToSkip();

const [REPOSITORY, PRIMARY, STANDBY] = ["backup.ops.example", "pg1.north.example", "pg1.south.example"] as const;
const [COMES] = Object.keys(GUEST) as [keyof typeof GUEST];

const withHosts = (hosts: object): string[] => ["--config", `lab:hosts=${JSON.stringify(hosts)}`];
const HOSTS = { ...PLACES, ...CLUSTERS };
const OWN = withHosts(HOSTS);
const WITH_GUEST = withHosts({ ...HOSTS, ...GUEST });

const MEMBERS = "grep -h '^pg[0-9]*-host=' /etc/pgbackrest/pgbackrest.conf /etc/pgbackrest/conf.d/*.conf | sort";
const SLOTS = "SELECT slot_name || ' ' || active FROM pg_replication_slots ORDER BY 1";

/** What a host's resolver says of names: a line of address and name each. */
const resolves = (host: string, ...names: string[]): Promise<string> =>
  lab.on(
    host,
    `for name in ${names.join(" ")}; do getent ahostsv4 $name | awk '$2 == "STREAM" { print $1, $3 }'; done`,
  );

const queryPrimary = (sql: string): Promise<string> => lab.query(PRIMARY, sql, CLUSTERS[PRIMARY].postgresqlPort);

const memory = (host: string): Promise<string> => lab.on(host, "awk '/^MemTotal/ { print $2 }' /proc/meminfo");

/** An identity that stays while its host does. */
const bootedAt = (host: string): Promise<string> => lab.on(host, "stat -c %Y /proc/1");

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  await lab.must("up", "--yes", ...OWN);
});

afterAll(async () => {
  await lab.remove();
});

describe.skipIf(skipped)(`hosts of one's own names${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("are proven and healthy, each with its name, address and size, and stay as they are", async () => {
    const { proven, hosts } = await lab.status();
    expect({ proven, hosts: hosts.map(({ name, role, address }) => `${name} ${role} ${address}`) }).toEqual({
      proven: true,
      hosts: [
        `${REPOSITORY} repository 10.83.14.40`,
        `${PRIMARY} primary 10.83.14.11`,
        `${STANDBY} standby 10.83.14.13`,
      ],
    });
    expect(JSON.parse(await lab.must("doctor", "--verify", "--json"))).toMatchObject({ findings: [] });
    expect(await lab.must("up", "--yes", ...OWN)).toMatch(/^nothing to change$/m);
    expect(await lab.on(STANDBY, "cat /etc/hostname")).toBe(STANDBY);
    expect(lab.virsh("list", "--name").sort()).toEqual(
      [REPOSITORY, PRIMARY, STANDBY].map((host) => lab.domainOf(host)),
    );
    expect(await Promise.all([PRIMARY, STANDBY].map(memory))).toEqual(["1572864", "1048576"]);
  });

  it("are known by their names to each other, by the first label where that is one's own, and by their certificates", async () => {
    expect(await resolves(STANDBY, REPOSITORY, "backup", PRIMARY, STANDBY)).toBe(
      `10.83.14.40 ${REPOSITORY}\n10.83.14.40 backup.lab\n10.83.14.11 ${PRIMARY}\n10.83.14.13 ${STANDBY}`,
    );
    expect(await resolves(REPOSITORY, "pg1")).toBe("");
    const names = "openssl x509 -in /etc/pgbackrest/cert/host.crt -noout -subject -ext subjectAltName -nameopt RFC2253";
    const certificate = await lab.on(PRIMARY, names);
    expect(certificate).toMatch(/^subject=CN=pg1\.north\.example$/m);
    expect(certificate).toContain("DNS:pg1.north.example, IP Address:10.83.14.11");
    expect(await queryPrimary("SELECT usename || ' ' || application_name FROM pg_stat_replication")).toBe(
      `replic_user ${STANDBY}`,
    );
    expect(await queryPrimary(SLOTS)).toBe("lab_pg1_south_example true");
    expect(await lab.on(REPOSITORY, MEMBERS)).toBe(`pg1-host=${PRIMARY}\npg3-host=${STANDBY}`);
  });

  it("have data folders, ports and services of their own, by which everything finds them", async () => {
    const { dataFolder, postgresqlPort, service } = CLUSTERS[PRIMARY];
    const where = "SELECT setting FROM pg_settings WHERE name IN ('data_directory', 'port') ORDER BY name";
    expect(await queryPrimary(where)).toBe(`${dataFolder}\n${postgresqlPort}`);
    expect(await lab.query(STANDBY, where)).toBe(`${CLUSTERS[STANDBY].dataFolder}\n5432`);
    expect(await lab.on(PRIMARY, `systemctl is-active ${service}; systemctl is-enabled ${service}`)).toMatch(
      /^active\n/,
    );
    expect(await lab.on(PRIMARY, "pg_lsclusters --no-header | awk '{ print $2, $3, $4 }'")).toContain(
      `sales ${postgresqlPort} online`,
    );
    expect(
      await lab.on(
        REPOSITORY,
        "grep -h '^pg[0-9]*-p[ao]' /etc/pgbackrest/pgbackrest.conf /etc/pgbackrest/conf.d/*.conf",
      ),
    ).toBe(`pg1-path=${dataFolder}\npg1-port=${postgresqlPort}\npg3-path=${CLUSTERS[STANDBY].dataFolder}`);
    expect(await lab.query(STANDBY, "SHOW primary_conninfo")).toMatch(
      new RegExp(`^host=${PRIMARY} port=${postgresqlPort} user=replic_user `),
    );
    await lab.on(PRIMARY, `systemctl stop ${service}`);
    expect((await lab.run("status")).stdout).toContain(`${PRIMARY}: ${service} is `);
    await lab.must("up", "--yes", ...OWN);
    const elsewhere = withHosts({ ...HOSTS, [STANDBY]: { role: "standby", index: 3 } });
    const { status, stderr } = await lab.run("up", "--yes", ...elsewhere);
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        `the cluster of ${STANDBY} is there, and no step moves it; hint: "dataFolder": "${CLUSTERS[STANDBY].dataFolder}" of ${STANDBY}`,
      ) as string,
    });
  });

  it("refuse on the live lab what would move a host, with the way", async () => {
    const moved = { ...HOSTS, [STANDBY]: { ...CLUSTERS[STANDBY], index: 4 } };
    const { status, stderr } = await lab.run("up", "--yes", ...withHosts(moved));
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        `pgBackRest's index of ${STANDBY} is 3; hint: "index": 3 of ${STANDBY}`,
      ) as string,
    });
  });

  it("get a further standby, and lose it, and every other host keeps its index, its address and its time of boot", async () => {
    const stay = [REPOSITORY, PRIMARY, STANDBY];
    const boots = await Promise.all(stay.map(bootedAt));
    await lab.must("up", "--yes", ...WITH_GUEST);
    expect(await lab.on(REPOSITORY, MEMBERS)).toBe(`pg1-host=${PRIMARY}\npg2-host=${COMES}\npg3-host=${STANDBY}`);
    expect(await queryPrimary(SLOTS)).toBe("lab_a_reader_south_example true\nlab_pg1_south_example true");
    expect(await resolves(REPOSITORY, COMES, "a-reader")).toBe(`10.83.14.12 ${COMES}\n10.83.14.12 a-reader.lab`);
    expect((await lab.status()).proven).toBe(true);
    expect(await lab.must("up", "--yes", ...WITH_GUEST)).toMatch(/^nothing to change$/m);

    await lab.must("up", "--yes", ...OWN);
    expect(await lab.on(REPOSITORY, MEMBERS)).toBe(`pg1-host=${PRIMARY}\npg3-host=${STANDBY}`);
    expect(await queryPrimary(SLOTS)).toBe("lab_pg1_south_example true");
    expect(await resolves(REPOSITORY, COMES)).toBe("");
    expect(lab.virsh("list", "--all", "--name").filter((name) => name.includes(COMES))).toEqual([]);
    expect((await lab.status()).proven).toBe(true);
    expect(await Promise.all(stay.map(bootedAt))).toEqual(boots);
    expect(await lab.must("up", "--yes", ...OWN)).toMatch(/^nothing to change$/m);
  });

  it("leave nothing behind", async () => {
    const { namespace } = lab;
    await lab.must("destroy", "--yes");
    expect(lab.remains(namespace)).toEqual([]);
  });
});
