import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
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

it("takes the configuration of a store, its secrets included, and asks that store", () => {
  const store = golden("backup-srv.s3.pgbackrest.conf").replaceAll(/^repo\d-(block|bundle|storage-ca-file)=.*\n/gm, "");
  const nowhere = ["--repo2-s3-endpoint=localhost", "--repo2-storage-port=9", "--io-timeout=1", "--protocol-timeout=2"];
  const { out } = read(store + golden("backup-srv.s3.cipher.conf"), ["--repo=2", ...nowhere, "info", "--output=json"]);
  expect(out).toContain("[HostConnectError] unable to connect to 'localhost:9'");
  expect(out).not.toContain("WARN");
  const pushed = read(golden("pg2-srv.s3.pgbackrest.conf"), archivePush);
  expect(pushed.out).toContain("unable to chdir() to '/nonexistent'");
  expect(pushed.out).not.toContain("WARN");
});

it.each(["2", "3"])("takes the configuration of repository %s, in Azure or Google's, and asks that", (repository) => {
  const account = { type: "service_account", client_email: "lab@example.net", token_uri: "https://localhost:9/token" };
  const key = path.join(scratch, "key.json");
  const privateKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  fs.writeFileSync(
    key,
    JSON.stringify({ ...account, private_key: privateKey.export({ type: "pkcs8", format: "pem" }) }),
  );
  // Debian 12's 2.45 has neither blocks by this name nor SFTP.
  const stores = golden("backup-srv.stores.pgbackrest.conf")
    .replaceAll(/^repo\d-block=.*\n|^repo4-.*\n/gm, "")
    .replace("/etc/pgbackrest/gcs-backups-demo.key", key)
    .replaceAll(/=(blob\.core|storage)\.example\.net$/gm, "=localhost:9")
    .replace("=8443", "=9");
  const limits = ["--io-timeout=1", "--protocol-timeout=2", "info", "--output=json"];
  const { out } = read(stores + golden("backup-srv.stores.cipher.conf"), [`--repo=${repository}`, ...limits]);
  expect(out).toContain("[HostConnectError] unable to connect to 'localhost:9'");
  expect(out).not.toContain("WARN");
});

it("would say so if it did not take a file", () => {
  expect(read(golden("backup-srv.pgbackrest.conf").replace("delta=y", 'delta="y"'), backup)).toMatchObject({
    status: 32,
    out: expect.stringContaining("boolean option 'delta' must be 'y' or 'n'") as string,
  });
});
