import * as path from "node:path";
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FamilyName, familyOf } from "../../config/families";
import { answers } from "./answers";
import { PackageMirror } from "./package-mirror";
import { type CommandResult, reasonToSkip, ScenarioLab } from "./scenario-lab";
import { buildShapedGuest, type Shape } from "./shaped-guest";

/** A command on a host, as root, and all that it must print. */
export type Fact = readonly [host: string, command: string, printed: string];

/** A system whose layout a scenario proves with PostgreSQL 14 from PGDG's repository. */
export interface Layout {
  readonly shape: Shape;
  readonly family: FamilyName;
  /** What is as this system has it: a sentence, and what shows it. */
  readonly facts: Readonly<Record<string, readonly Fact[]>>;
  /** Whether a restore brings the primary's configuration along, since it lies in the data folder. */
  readonly configurationInData: boolean;
}

const POSTGRESQL_HOSTS = ["pg1-srv", "pg2-srv", "pg3-srv"];

/** The whole lab on a system in this shape: from nothing to proven, on its layout, and through a restore. */
export function describeLayout({ shape, family, facts, configurationInData }: Layout): void {
  const lab = new ScenarioLab("container", shape);
  const { dataFolder } = familyOf(family, 14);
  const skipped = reasonToSkip();
  let mirror: PackageMirror | undefined;
  let config: string[] = [];
  const up = (...more: string[]): Promise<CommandResult> => lab.run("up", "--yes", ...config, ...more);

  beforeAll(async () => {
    if (skipped !== undefined) return;
    await lab.begin();
    const guest = await buildShapedGuest(shape);
    config = [
      ...[`imagePath=${guest.image}`, `family=${family}`, "packages=pgdg"],
      // The servers that stand in for PGDG's are at the network's own address.
      ...["networkMode=nat"],
      ...["postgresqlVersion=14", "pgbackrestVersion=2.45"],
    ].map((setting) => `--config=lab:${setting}`);
    await lab.must("prepare", ...config);
    const namespace = path.basename(fs.readlinkSync(path.join(lab.stateFolder, "run")));
    mirror = await PackageMirror.startAsServers(guest.folder, namespace);
  });

  afterAll(async () => {
    mirror?.stop();
    await lab.remove();
  });

  describe.skipIf(skipped)(`a lab on ${shape}${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
    it("comes up from nothing, with PGDG's packages, and is proven: two standbys stream, and one delivered a backup", async () => {
      const { status, stdout, stderr } = await up();
      expect(status, stdout + stderr).toBe(0);
      expect(stderr).toContain("PostgreSQL 14 has been out of support since 2026-11-12");
      const { proven, findings, hosts, backups } = await lab.status();
      expect({ proven, findings }).toEqual({ proven: true, findings: [] });
      expect(hosts.filter(({ streaming }) => streaming).map(({ name }) => name)).toEqual(["pg2-srv", "pg3-srv"]);
      expect(backups.map(({ type, fromStandby }) => [type, fromStandby])).toEqual([
        ["full", false],
        ["full", true],
      ]);
    });

    it("runs PostgreSQL 14 with data checksums and in UTF8 on every host", async () => {
      for (const host of POSTGRESQL_HOSTS) {
        const [version, ...settings] = (
          await lab.query(host, "SHOW server_version; SHOW data_checksums; SHOW server_encoding; SHOW data_directory")
        ).split("\n");
        expect(version).toMatch(/^14\.\d+$/);
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

    if (!configurationInData) return;
    it("gives a new standby its own access list, though a restore brings the primary's", async () => {
      const mark = "host all all 0.0.0.0/0 trust # for the primary alone";
      await lab.on("pg1-srv", `echo '${mark}' >>${dataFolder}/pg_hba.conf`);
      await lab.query("pg1-srv", "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number");
      await lab.on("backup-srv", "cd / && sudo -u pgbackrest pgbackrest --stanza=demo --type=incr backup");
      const { status, stdout, stderr } = await up("--config=lab:standbys=3");
      expect(status, stdout + stderr).toBe(0);

      expect(
        await answers(lab, "pg4-srv", [
          `grep -cF '${mark}' ${dataFolder}/pg_hba.conf`,
          `grep -c "^include '/etc/lab/postgresql.conf'" ${dataFolder}/postgresql.conf`,
        ]),
      ).toMatchObject([{ printed: "1" }, { printed: "1" }]);
      const own = await lab.query(
        "pg4-srv",
        `SHOW hba_file;
         SELECT string_agg(address, ' ') FROM pg_hba_file_rules WHERE 'replication' = ANY (database);
         SELECT sourcefile FROM pg_settings WHERE name = 'archive_command';
         SELECT pg_is_in_recovery(), sum(number) FROM kept`,
      );
      expect(own.split("\n")).toEqual([
        "/etc/lab/pg_hba.conf",
        // Every host that may become a standby of it, and not itself.
        [11, 12, 13, 15, 16, 17, 18, 19].map((number) => `10.83.14.${number}`).join(" "),
        "/etc/lab/postgresql.conf",
        "t|500500",
      ]);
      const stranger = await lab.run("ssh", "pg2-srv", "--", "psql -h pg4-srv -U postgres -c 'SELECT 1'");
      expect(stranger.status).not.toBe(0);
      expect(stranger.stdout + stranger.stderr).toContain(
        'no pg_hba.conf entry for host "10.83.14.12", user "postgres"',
      );
      expect((await lab.status()).hosts.find(({ name }) => name === "pg4-srv")).toMatchObject({ streaming: true });
    });
  });
}
