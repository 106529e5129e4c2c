import * as path from "node:path";
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FamilyName, familyOf } from "../../config/families";
import { WEB_SERVERS } from "../../plan/backup-api-layout";
import { answers } from "./answers";
import { answersClientsAlone, ApiClient } from "./backup-api-client";
import { PackageMirror } from "./package-mirror";
import { type CommandResult, reasonToSkip, ScenarioLab } from "./scenario-lab";
import { buildShapedGuest, type Shape } from "./shaped-guest";
import { PROJECT_FOLDER } from "./stack-config";

const BACKUP_API = [
  ...["backupApi=true", "backupApiSource=test/support/backup-api-stand-in"],
  'backupApiClients=["admin","former"]',
];

/** A command on a host, as root, and all that it must print. */
export type Fact = readonly [host: string, command: string, printed: string];

/** A system whose layout a scenario proves with PGDG's repository. */
export interface Layout {
  readonly shape: Shape;
  readonly family: FamilyName;
  readonly postgresqlVersion: number;
  readonly pgbackrestVersion: string;
  readonly standbys: number;
  /** A folder whose files Apache reads, where the lab has a backup API. */
  readonly apacheFolder?: string;
  /** What is as this system has it: a sentence, and what shows it. */
  readonly facts: Readonly<Record<string, readonly Fact[]>>;
  /** Whether a restore brings the primary's configuration along, since it lies in the data folder. */
  readonly configurationInData: boolean;
}

/** The whole lab on a system in this shape: from nothing to proven, on its layout, and through a restore. */
export function describeLayout(tried: Layout): void {
  const { shape, family, facts, configurationInData, postgresqlVersion, pgbackrestVersion, apacheFolder } = tried;
  const lab = new ScenarioLab("container", shape);
  const { dataFolder, layout } = familyOf(family, postgresqlVersion);
  const standbys = Array.from({ length: tried.standbys }, (_, index) => `pg${index + 2}-srv`);
  const scratch = path.join(PROJECT_FOLDER, ".lab", `scenario-${shape}-files`);
  const skipped = reasonToSkip();
  let mirror: PackageMirror | undefined;
  let config: string[] = [];
  const up = (...more: string[]): Promise<CommandResult> => lab.run("up", "--yes", ...config, ...more);

  beforeAll(async () => {
    if (skipped !== undefined) return;
    await lab.begin();
    fs.rmSync(scratch, { recursive: true, force: true });
    const guest = await buildShapedGuest(shape);
    config = [
      ...[`imagePath=${guest.image}`, `family=${family}`, "packages=pgdg"],
      // The servers that stand in for PGDG's are at the network's own address.
      ...["networkMode=nat"],
      ...[`postgresqlVersion=${postgresqlVersion}`, `pgbackrestVersion=${pgbackrestVersion}`],
      `standbys=${standbys.length}`,
      ...(apacheFolder === undefined ? [] : BACKUP_API),
    ].map((setting) => `--config=lab:${setting}`);
    await lab.must("prepare", ...config);
    mirror = await PackageMirror.startAsServers(guest.folder, lab.namespace);
  });

  afterAll(async () => {
    mirror?.stop();
    fs.rmSync(scratch, { recursive: true, force: true });
    await lab.remove();
  });

  describe.skipIf(skipped)(`a lab on ${shape}${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
    it("comes up from nothing, with PGDG's packages, and is proven: standbys stream, and one delivered a backup", async () => {
      const { status, stdout, stderr } = await up();
      expect(status, stdout + stderr).toBe(0);
      expect(stderr.includes("PostgreSQL 14 has been out of support since 2026-11-12")).toBe(postgresqlVersion === 14);
      const { proven, findings, hosts, backups } = await lab.status();
      expect({ proven, findings }).toEqual({ proven: true, findings: [] });
      expect(hosts.filter(({ streaming }) => streaming).map(({ name }) => name)).toEqual(standbys);
      expect(backups.map(({ type, fromStandby }) => [type, fromStandby])).toEqual([
        ["full", false],
        ["full", true],
      ]);
    });

    it("runs its PostgreSQL with data checksums and in UTF8 on every host", async () => {
      for (const host of ["pg1-srv", ...standbys]) {
        const [version, ...settings] = (
          await lab.query(host, "SHOW server_version; SHOW data_checksums; SHOW server_encoding; SHOW data_directory")
        ).split("\n");
        expect(version?.split(".")[0]).toBe(String(postgresqlVersion));
        expect(settings).toEqual(["on", "UTF8", dataFolder]);
      }
    });

    for (const [sentence, list] of Object.entries(facts)) {
      it(sentence, async () => {
        for (const host of new Set(list.map(([host]) => host))) {
          const ofHost = list.filter(([name]) => name === host);
          expect(
            await answers(
              lab,
              host,
              ofHost.map(([, command]) => command),
            ),
          ).toEqual(ofHost.map(([, command, printed]) => ({ command, printed })));
        }
      });
    }

    it("rotates pgBackRest's log as the account that owns it", async () => {
      for (const [host, owner] of [
        ["backup-srv", "pgbackrest"],
        ["pg1-srv", "postgres"],
      ] as const) {
        const rotated = await lab.on(
          host,
          "logrotate -f /etc/logrotate.d/pgbackrest && stat -c '%U %n' /var/log/pgbackrest/all-server.log.1*",
        );
        expect(rotated).toMatch(new RegExp(`^${owner} /var/log/pgbackrest/all-server\\.log\\.1(\\.gz)?$`));
      }
    });

    it("has nothing to change the second time", async () => {
      const { status, stdout, stderr } = await up();
      expect(status, stderr).toBe(0);
      expect(stdout + stderr).toContain("nothing to change");
    });

    it("is healthy for the doctor", async () => {
      const { status, stdout } = await lab.run("doctor");
      expect(status, stdout).toBe(0);
    });

    if (apacheFolder !== undefined) {
      describe("the backup API", () => {
        answersClientsAlone({
          ...{ lab, client: new ApiClient(lab, scratch), webServer: WEB_SERVERS[layout], configuration: apacheFolder },
          up: (settings) => up(...Object.entries(settings).map(([key, value]) => `--config=lab:${key}=${value}`)),
        });
      });
    }

    if (configurationInData) keepsItsAccessList(lab, up, dataFolder, standbys.length);

    it("leaves nothing when it is destroyed", async () => {
      const { namespace } = lab;
      mirror?.stop();
      await lab.must("destroy", "--yes");
      expect(lab.remains(namespace)).toEqual([]);
    });
  });
}

function keepsItsAccessList(
  lab: ScenarioLab,
  up: (...args: string[]) => Promise<CommandResult>,
  dataFolder: string,
  standbys: number,
): void {
  it("gives a new standby its own access list, though a restore brings the primary's", async () => {
    const mark = "host all all 0.0.0.0/0 trust # for the primary alone";
    await lab.on("pg1-srv", `echo '${mark}' >>${dataFolder}/pg_hba.conf`);
    await lab.query("pg1-srv", "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number");
    await lab.on("backup-srv", "cd / && sudo -u pgbackrest pgbackrest --stanza=demo --type=incr backup");
    const { status, stdout, stderr } = await up(`--config=lab:standbys=${standbys + 1}`);
    expect(status, stdout + stderr).toBe(0);
    const added = `pg${standbys + 2}-srv`;
    expect(
      await answers(lab, added, [
        `grep -cF '${mark}' ${dataFolder}/pg_hba.conf`,
        `grep -c "^include '/etc/lab/postgresql.conf'" ${dataFolder}/postgresql.conf`,
      ]),
    ).toMatchObject([{ printed: "1" }, { printed: "1" }]);
    const own = await lab.query(
      added,
      `SHOW hba_file;
         SELECT string_agg(address, ' ') FROM pg_hba_file_rules WHERE 'replication' = ANY (database) AND 'streaming_barman' <> ALL (user_name);
         SELECT sourcefile FROM pg_settings WHERE name = 'archive_command';
         SELECT pg_is_in_recovery(), sum(number) FROM kept`,
    );
    expect(own.split("\n")).toEqual([
      "/etc/lab/pg_hba.conf",
      // Every host that may become a standby of it, and not itself.
      [11, 12, 13, 14, 15, 16, 17, 18, 19]
        .filter((number) => number !== 12 + standbys)
        .map((number) => `10.83.14.${number}`)
        .join(" "),
      "/etc/lab/postgresql.conf",
      "t|500500",
    ]);
    const stranger = await lab.run("ssh", "pg2-srv", "--", `psql -h ${added} -U postgres -c 'SELECT 1'`);
    expect(stranger.status).not.toBe(0);
    expect(stranger.stdout + stranger.stderr).toContain('no pg_hba.conf entry for host "10.83.14.12", user "postgres"');
    expect((await lab.status()).hosts.find(({ name }) => name === added)).toMatchObject({ streaming: true });
  });
}
