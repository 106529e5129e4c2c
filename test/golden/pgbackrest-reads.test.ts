import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

/** The real pgBackRest reads the files that the golden tests lock. The command ends where it finds no stanza, or no data folder. */
let scratch: string;
beforeAll(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), "lab-pgbackrest-"));
});
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});

function read(conf: string, command: readonly string[]): { status: number | null; out: string } {
  const file = path.join(scratch, "pgbackrest.conf");
  fs.writeFileSync(file, conf);
  const include = path.join(scratch, "conf.d");
  fs.mkdirSync(include, { recursive: true });
  const { status, stdout, stderr, error } = spawnSync(
    "pgbackrest",
    [
      ...[`--config=${file}`, `--config-include-path=${include}`, `--lock-path=${scratch}`, "--stanza=demo"],
      ...["--log-level-file=off", "--log-level-console=warn", ...command],
    ],
    { encoding: "utf8", timeout: 30_000 },
  );
  if (error !== undefined) throw error;
  return { status, out: stdout + stderr };
}

const golden = (name: string): string => fs.readFileSync(path.join(__dirname, "files", name), "utf8");
const backup = ["backup", "--repo1-path=/nonexistent"];
const archivePush = ["archive-push", "--pg1-path=/nonexistent", "none"];

it.each([
  ["the first host", ""],
  ["another host", "primary-pg2."],
])("takes the repository host's configuration with %s as the primary, alone and standbys included", (_, kind) => {
  const primaryAlone = golden(`backup-srv.${kind}pgbackrest.conf`);
  expect(read(primaryAlone, backup)).toMatchObject({ status: 55 });
  const conf = primaryAlone + golden(`backup-srv.${kind}standbys.conf`);
  const { status, out } = read(conf, backup);
  expect(out).toContain("unable to load info file '/nonexistent/backup/demo/backup.info'");
  expect(out).not.toContain("WARN");
  expect(status).toBe(55);
});

it("takes a PostgreSQL host's configuration", () => {
  const { status, out } = read(golden("pg2-srv.pgbackrest.conf"), archivePush);
  expect(out).toContain("unable to chdir() to '/nonexistent'");
  expect(out).not.toContain("WARN");
  expect(status).toBe(73);
});

it("takes the configuration of several repositories, the passphrases included", () => {
  // Debian 12's 2.45 has no blocks that it knows by this name.
  const several = golden("backup-srv.several.pgbackrest.conf").replaceAll(/^repo\d-(block|bundle-size)=.*\n/gm, "");
  const conf = several + golden("backup-srv.several.cipher.conf");
  const { status, out } = read(conf, ["--repo=3", ...backup, "--repo2-path=/nonexistent2", "--repo3-path=/nonexistent3"]);
  expect(out).toContain("unable to load info file '/nonexistent3/backup/demo/backup.info'");
  expect(out).not.toContain("WARN");
  expect(status).toBe(55);
  const pushed = read(golden("pg2-srv.several.pgbackrest.conf"), archivePush);
  expect(pushed.out).toContain("unable to chdir() to '/nonexistent'");
  expect(pushed.out).not.toContain("WARN");
});

it("would say so if it did not take a file", () => {
  expect(read(golden("backup-srv.pgbackrest.conf").replace("delta=y", 'delta="y"'), backup)).toMatchObject({
    status: 32,
    out: expect.stringContaining("boolean option 'delta' must be 'y' or 'n'") as string,
  });
});
