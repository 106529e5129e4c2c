import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEBIAN_RELEASES } from "../../config/debian-releases";
import { BARMAN_FAMILIES, WEB_SERVERS, type WebServer } from "../../plan/backup-api-layout";
import { ApiClient, apiUrl as url, answersClientsAlone } from "../support/backup-api-client";
import type { ClientFiles } from "../support/test-authority";
import { downloadPackages, PackageMirror } from "../support/package-mirror";
import { binaries, containerImage, packagesOf, RELEASE } from "../support/releases";
import { type CommandResult, reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

/** The backup API on containers: the real Barman, Apache and curl, with a stand-in for pg-backup-api, which no registry has. */
const lab = new ScenarioLab("container", "backup-api");
const scratch = path.join(PROJECT_FOLDER, ".lab", "scenario-backup-api-files");
const client = new ApiClient(lab, scratch);
const curl = client.curl.bind(client);
const STAND_IN = "test/support/backup-api-stand-in";
const SETTINGS: Readonly<Record<string, string>> = {
  "lab:imagePath": containerImage("plain"),
  "lab:packages": "mirror",
  "lab:mirrorUrl": PackageMirror.url("10.83.14.1"),
  "lab:standbys": "0",
  "lab:backupApi": "true",
  "lab:backupApiSource": STAND_IN,
  "lab:backupApiClients": '["admin","former"]',
  "lab:backupApiOrganization": "Example, Inc",
  "lab:backupApiEmail": "dba@example.com",
  "lab:backupApiKey": "rsa",
};
const run = (command: string, changes: Readonly<Record<string, string>> = {}): Promise<CommandResult> =>
  lab.run(
    command,
    "--yes",
    ...Object.entries({ ...SETTINGS, ...changes }).map(([key, value]) => `--config=${key}=${value}`),
  );
const ADMIN_ALONE = { "lab:backupApiClients": '["admin"]' };

const skipped = reasonToSkip();
let mirror: PackageMirror | undefined;
let admin: ClientFiles;

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  fs.rmSync(scratch, { recursive: true, force: true });
  downloadPackages(scratch, RELEASE, [...packagesOf(RELEASE), "apache2", ...BARMAN_FAMILIES.debian.packages]);
  expect((await run("prepare")).status).toBe(0);
  mirror = await PackageMirror.start(scratch, lab.namespace);
});

afterAll(async () => {
  mirror?.stop();
  fs.rmSync(scratch, { recursive: true, force: true });
  await lab.remove();
});

describe.skipIf(skipped)(`the backup API${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("is refused before the first resource when nobody says where pg-backup-api comes from", async () => {
    const { status, stderr } = await run("up", { "lab:backupApiSource": "" });
    expect(status).toBe(1);
    expect(stderr).toContain("lab:backupApiSource must say where pg-backup-api comes from");
    for (const way of ["edb (", "a package file", "a source folder or archive", "https URL of a package index"]) {
      expect(stderr).toContain(way);
    }
    expect((await lab.run("status")).stderr).toContain("has no lab yet");
  });

  it("comes up from nothing, and is proven", async () => {
    const { status, stdout, stderr } = await run("up");
    expect(status, stdout + stderr).toBe(0);
    const line =
      /^backup API https:\/\/barman-srv \(10\.83\.14\.20\); certificate expires \S+; clients admin, former; Barman (\S+); last backup \d{8}T\d{6}$/m;
    expect(line.exec(stdout)?.[1], stdout).toBe(DEBIAN_RELEASES[RELEASE].barman);
    expect(await lab.status()).toMatchObject({ proven: true, findings: [], backupApi: { host: "barman-srv" } });
  });

  it("has nothing to change the second time", async () => {
    const { status, stdout } = await run("up");
    expect(status).toBe(0);
    expect(stdout).toContain("nothing to change");
  });

  describe("Barman", () => {
    it("passes its own check, streaming with a slot", async () => {
      expect(await lab.on("barman-srv", "sudo -iu barman barman check demo")).not.toMatch(/FAILED/);
      expect(await lab.query("pg1-srv", "SELECT slot_name, active FROM pg_replication_slots")).toBe("barman_srv|t");
    });

    it("has two roles, neither a superuser, let in from its own host alone", async () => {
      expect(
        await lab.query(
          "pg1-srv",
          "SELECT rolname, rolsuper, rolreplication FROM pg_roles WHERE rolname LIKE '%barman' ORDER BY 1",
        ),
      ).toBe("barman|f|f\nstreaming_barman|f|t");
      expect(await lab.on("pg1-srv", "grep barman /etc/lab/pg_hba.conf | tr -s ' '")).toBe(
        "hostssl postgres barman 10.83.14.20/32 cert map=lab\nhostssl replication streaming_barman 10.83.14.20/32 cert map=lab",
      );
      expect(await lab.on("pg1-srv", "grep barman /etc/lab/pg_ident.conf")).toBe(
        "lab barman-srv barman\nlab barman-srv streaming_barman",
      );
      expect(await lab.on("barman-srv", "stat -Lc '%U %a' /etc/barman/cert/host.key")).toBe("barman 600");
      expect(
        await lab.query(
          "pg1-srv",
          "SELECT DISTINCT client_dn FROM pg_stat_ssl JOIN pg_stat_replication USING (pid) WHERE usename = 'streaming_barman'",
        ),
      ).toBe("/CN=barman-srv");
    });

    it("gives a row back from its backup", async () => {
      await lab.query("pg1-srv", "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number");
      const restored = await lab.on(
        "barman-srv",
        `set -e; cd /; exec 3>&1 >&2
        as() { sudo -iu barman "$@"; }
        as barman backup demo; as barman switch-wal --archive demo
        folder=$(as mktemp -d); as barman recover demo latest "$folder/data"
        echo 'local all all trust' | as tee "$folder/hba" >/dev/null; as touch "$folder/conf"
        bin=${binaries}
        as $bin/pg_ctl -s -w -D "$folder/data" -l "$folder/log" -o "-c config_file=$folder/conf -c hba_file=$folder/hba -c ident_file=$folder/hba -c listen_addresses= -c unix_socket_directories=$folder" start
        as psql -XAtqh "$folder" -U postgres -d postgres -c 'SELECT sum(number) FROM kept' >&3
        as $bin/pg_ctl -s -D "$folder/data" -m immediate stop`,
      );
      expect(restored).toBe("500500");
    });
  });

  describe("a client", () => {
    it("gets three files, the key for itself alone, and the line for curl, which works", async () => {
      admin = await client.credentials("admin");
      expect(fs.statSync(admin.key).mode & 0o777).toBe(0o600);
      expect(print("openssl", "x509", "-in", admin.cert, "-noout", "-subject", "-nameopt", "RFC2253")).toBe(
        "subject=emailAddress=dba@example.com,O=Example\\, Inc,CN=admin\n",
      );
      const line = await lab.must("api", "credentials", path.join(scratch, "admin"));
      expect(print("sh", "-c", line)).toBe('"OK"');
    });

    it("asks by ./lab api, too", async () => {
      expect(await lab.must("api", "status")).toBe('"OK"\n');
      expect(Object.keys((JSON.parse(await lab.must("api", "diagnose")) as { servers: object }).servers)).toEqual([
        "demo",
      ]);
      const unknown = await lab.run("api", "nothing");
      expect(unknown).toMatchObject({ status: 1, stderr: "lab: https://barman-srv/nothing answered 404 Not Found\n" });
    });

    it("is answered over HTTP/1.1 on one connection", () => {
      const { stdout, stderr } = curl(admin, "-v", "-w", "%{http_version} ", url("/status"), url("/status"));
      expect(stdout).toBe('"OK"1.1 "OK"1.1 ');
      expect(stderr).toMatch(/Re-using existing connection/);
    });

    it("is answered 200 times, 20 at once", () => {
      const { stdout } = curl(
        admin,
        ...["-Z", "--parallel-max", "20", "--parallel-immediate", "-o", "/dev/null", "-w", "%{http_code}\n"],
        url("/status?[1-200]"),
      );
      expect(stdout.trim().split("\n")).toEqual(Array.from({ length: 200 }, () => "200"));
    });
  });

  answersClientsAlone({
    ...{ lab, client, webServer: WEB_SERVERS.debian, configuration: "/etc/apache2/conf-enabled" },
    up: (settings) =>
      run("up", Object.fromEntries(Object.entries(settings).map(([key, value]) => [`lab:${key}`, value]))),
  });

  it("keeps the API that runs when a source cannot be reached, and lists the four ways", async () => {
    const { status, stdout, stderr } = await run("up", {
      ...ADMIN_ALONE,
      "lab:backupApiSource": "https://10.83.14.1:9/simple",
    });
    expect(status).toBe(1);
    expect(stdout + stderr).toMatch(
      /pg-backup-api cannot be installed from https:\/\/10\.83\.14\.1:9\/simple; hint: lab:backupApiSource may be edb .*, a package file .*, a source folder or archive .*, or the https URL of a package index/,
    );
    expect(curl(admin, url("/status")).stdout).toBe('"OK"');
  });

  it.each(Object.entries(WEB_SERVERS))(
    "has a virtual host for %s that the real Apache takes",
    async (family, server) => {
      expect(await testVirtualHost(family, server)).toContain("Syntax OK");
    },
  );
});

/** What barman-srv's Apache says of a family's golden virtual host, in place of its own. */
function testVirtualHost(family: string, { logFolder }: WebServer): Promise<string> {
  const golden = fs.readFileSync(path.join(PROJECT_FOLDER, "test/golden/files", `pgbapi.${family}.conf`), "utf8");
  return lab.on(
    "barman-srv",
    `mkdir -p ${logFolder}; echo ${Buffer.from(golden).toString("base64")} | base64 -d >/tmp/pgbapi.conf
    sed 's#^IncludeOptional sites-enabled/.*#Include /tmp/pgbapi.conf#' /etc/apache2/apache2.conf >/etc/apache2/trial.conf
    grep -q /tmp/pgbapi.conf /etc/apache2/trial.conf && APACHE_ARGUMENTS='-f /etc/apache2/trial.conf' apache2ctl configtest 2>&1; rm /etc/apache2/trial.conf`,
  );
}

function print(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return stdout;
}
