import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEBIAN_RELEASES } from "../../config/debian-releases";
import { downloadPackages, PackageMirror } from "../support/package-mirror";
import { containerImage, packagesOf } from "../support/releases";
import { RowWriter } from "../support/row-writer";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

/** docs/major-upgrade.md, word for word: PostgreSQL of Debian 12 to that of Debian 13, on hosts of Debian 13. */
const lab = new ScenarioLab("container", "major");
const rows = new RowWriter(lab);
const scratch = path.join(PROJECT_FOLDER, ".lab", `${lab.stack}-mirror`);
const MIRROR = PackageMirror.url("10.83.14.1");
const { debian12: OLD, debian13: NEW } = DEBIAN_RELEASES;
const SETTINGS = [`imagePath=${containerImage("plain")}`, "standbys=1", "packages=mirror", `mirrorUrl=${MIRROR}`];
const config = (version: number): string[] =>
  [...SETTINGS, `postgresqlVersion=${version}`].map((setting) => `--config=lab:${setting}`);
const HOSTS = ["backup-srv", "pg1-srv", "pg2-srv"];

/** The commands of the page, each block with the host that it names. */
const PAGE = [
  ...fs
    .readFileSync(path.join(PROJECT_FOLDER, "docs/major-upgrade.md"), "utf8")
    .matchAll(/\bOn (\S+|every host|this machine)(?:, as root)?:\n\n((?: {4}.*\n)+)/g),
].map(([, host = "", commands = ""]) => ({ host, commands: commands.replaceAll(/^ {4}/gm, "") }));

const skipped = reasonToSkip();
let mirror: PackageMirror | undefined;

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  fs.rmSync(scratch, { recursive: true, force: true });
  downloadPackages(scratch, "debian13", packagesOf("debian13"));
  downloadPackages(scratch, "debian12", [`postgresql-${OLD.postgresql}`]);
  await lab.must("prepare", ...config(OLD.postgresql));
  mirror = await PackageMirror.start(scratch, lab.namespace);
});

afterAll(async () => {
  mirror?.stop();
  fs.rmSync(scratch, { recursive: true, force: true });
  await lab.remove();
});

describe.skipIf(skipped)(`a major upgrade${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("begins with a proven lab of the old version, on whose primary rows are written all the time", async () => {
    expect(await lab.must("up", "--yes", ...config(OLD.postgresql))).toContain("proven\n");
    await rows.start();
    expect(await lab.query("pg1-srv", "SHOW server_version_num")).toMatch(new RegExp(`^${OLD.postgresql}`));
  });

  it("is refused to a changed key alone, with the page that says how", async () => {
    const { status, stderr } = await lab.run("up", "--yes", ...config(NEW.postgresql));
    expect(status).toBe(1);
    expect(stderr).toContain(
      `lab:postgresqlVersion must stay ${OLD.postgresql} on this lab, got ${NEW.postgresql}: a second cluster would start beside the first, whose archiving would stop; hint: docs/major-upgrade.md, or another stack with it, and pg_dump\n`,
    );
  });

  it("is refused by the hosts where somebody says that it is done, and it is not", async () => {
    const { status, stdout } = await lab.run("up", "--yes", "--postgresql-upgraded", ...config(NEW.postgresql));
    expect(status).toBe(1);
    expect(stdout.replaceAll(/\n +/g, " ")).toContain(
      `hint: keep ${OLD.postgresql}; docs/major-upgrade.md comes before the key changes`,
    );
    expect(await lab.query("pg2-srv", "SHOW server_version_num")).toMatch(new RegExp(`^${OLD.postgresql}`));
  });

  it("keeps every row by that page, word for word, and ends proven, with a restored standby and new backups", async () => {
    const committed = await rows.committed();
    for (const { host, commands } of PAGE) {
      if (host === "this machine") {
        const [, command = "", ...options] = commands.trim().split(" ");
        const { status, stdout, stderr } = await lab.run(command, ...options, "--yes", ...config(NEW.postgresql));
        expect(status, stdout + stderr).toBe(0);
      } else {
        for (const each of host === "every host" ? HOSTS : [host]) await lab.on(each, `set -e\n${commands}`);
      }
    }
    const read = `SELECT current_setting('server_version_num')::int / 10000, count(*) FROM written WHERE number <= ${committed}`;
    for (const host of ["pg1-srv", "pg2-srv"]) {
      await expect
        .poll(() => lab.query(host, read).catch(String), { timeout: 30_000 })
        .toBe(`${NEW.postgresql}|${committed}`);
    }
    const { proven, backups } = await lab.status();
    expect(proven).toBe(true);
    expect(backups.slice(-2).map(({ type, fromStandby }) => [type, fromStandby])).toEqual([
      ["full", false],
      ["full", true],
    ]);
    const { status, stdout } = await lab.run("doctor", "--verify");
    expect(status, stdout).toBe(0);
  });
});
