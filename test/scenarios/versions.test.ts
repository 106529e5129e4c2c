import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEBIAN_RELEASES, type DebianReleaseName } from "../../config/debian-releases";
import { buildGuestImage, IMAGE_FOLDER } from "../../hypervisor/guest-image";
import { containerImage, versionsOf } from "../support/releases";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

/** Releases that no other scenario has on containers. */
const OTHERS: readonly DebianReleaseName[] = ["debian12", "debian14"];
const skipped = reasonToSkip();
const imageFolder = path.join(PROJECT_FOLDER, IMAGE_FOLDER);

describe.skipIf(skipped)(`versions${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  // Side by side; those that are there already take no time.
  beforeAll(async () => {
    await Promise.all(
      OTHERS.map((release) => buildGuestImage({ release, kind: "container", recipe: "baked", imageFolder })),
    );
  });

  describe.each(OTHERS)("of %s", (release) => {
    const { postgresql, pgbackrest, barman } = DEBIAN_RELEASES[release];
    const lab = new ScenarioLab("container", release);
    const config = [...versionsOf(release), `imagePath=${containerImage("baked", release)}`, "standbys=1"].map(
      (setting) => `--config=lab:${setting}`,
    );
    const up = (...more: string[]): Promise<string> => lab.must("up", "--yes", ...config, ...more);
    const serial = (): Promise<string> =>
      lab.on("pg1-srv", "openssl x509 -in /etc/pgbackrest/cert/host.crt -noout -serial");

    beforeAll(() => lab.begin());
    afterAll(() => lab.remove());

    it("come up from nothing and are proven: a standby restored from the repository, a backup from each side", async () => {
      await up();
      const { proven, findings, hosts, backups } = await lab.status();
      expect({ proven, findings }).toEqual({ proven: true, findings: [] });
      expect(hosts.filter(({ streaming }) => streaming).map(({ name }) => name)).toEqual(["pg2-srv"]);
      expect(backups.map(({ type, fromStandby }) => [type, fromStandby])).toEqual([
        ["full", false],
        ["full", true],
      ]);
    });

    it("are the release's, and a standby reads what the primary writes", async () => {
      expect(await lab.on("backup-srv", "pgbackrest version")).toBe(`pgBackRest ${pgbackrest}`);
      await lab.query("pg1-srv", "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number");
      const read = "SELECT current_setting('server_version_num')::int / 10000, sum(number) FROM kept";
      await expect
        .poll(() => lab.query("pg2-srv", read).catch(String), { timeout: 30_000, interval: 500 })
        .toBe(`${postgresql}|500500`);
    });

    it("are healthy for the doctor, who reads the whole repository", async () => {
      const { status, stdout } = await lab.run("doctor", "--verify");
      expect(status, stdout).toBe(0);
    });

    it("get new certificates, and are proven with them; then nothing is left to change", async () => {
      const before = await serial();
      const renewing = ["--config=lab:keyGeneration=2"];
      await up(...renewing);
      expect(await serial()).not.toBe(before);
      expect((await lab.status()).proven).toBe(true);
      expect(await up(...renewing)).toMatch(/^nothing to change$/m);
    });

    it("get a backup API over the release's Barman, which passes its own check", async () => {
      const source = "--config=lab:backupApiSource=test/support/backup-api-stand-in";
      const shown = await up("--config=lab:keyGeneration=2", "--config=lab:backupApi=true", source);
      expect(/^backup API .*; Barman (\S+); last backup \S+$/m.exec(shown)?.[1], shown).toBe(barman);
      const { proven, findings } = await lab.status();
      expect({ proven, findings }).toEqual({ proven: true, findings: [] });
      expect(await lab.on("barman-srv", "sudo -iu barman barman check demo")).not.toMatch(/FAILED/);
      expect(await lab.must("api", "status")).toBe('"OK"\n');
    });

    it("leave nothing when they are destroyed", async () => {
      const { namespace } = lab;
      await lab.must("destroy", "--yes");
      expect(lab.remains(namespace)).toEqual([]);
    });
  });
});
