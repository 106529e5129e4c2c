import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../observe/report";
import { LabState } from "../support/lab-state";
import { ObjectStore, STORE_PORT, STORE_REGION } from "../support/object-store";
import { told } from "../support/observed-lab";
import { askRestoredCopy } from "../support/restored-copy";
import { RowWriter } from "../support/row-writer";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";
import { TestAuthority } from "../support/test-authority";

/** Repositories in an S3 bucket, encrypted, over TLS with the lab's CA, and on an SFTP server: real servers, which refuse, and are away. */
const lab = new ScenarioLab("container", "stores");
const writer = new RowWriter(lab);
const skipped = reasonToSkip();
const scratch = path.join(PROJECT_FOLDER, ".lab", "scenario-stores-files");

const HOST = "store.example";
const KEY = { key: "AKIAOFTHELAB", secret: "a/secret+of=the store" };
const BUCKET = {
  ...{ type: "s3", path: "/demo", retentionFull: 2, cipherType: "aes-256-cbc" },
  ...{ s3Bucket: "backups", s3Endpoint: HOST, s3Region: STORE_REGION, s3UriStyle: "path" },
  ...{ storagePort: STORE_PORT, storageCaFile: "/etc/pgbackrest/cert/ca.crt" },
};
let store: ObjectStore;
const SFTP = {
  ...{ type: "sftp", path: "/home/nas/demo", retentionFull: 1 },
  sftpHost: "nas.example",
  sftpHostUser: "nas",
};
let sftp: typeof SFTP & { sftpHostFingerprint: string };
const sftpKey = path.join(scratch, "id_ed25519");

/** The configuration with these repositories beside the first: those that are given, each with its own secrets. */
function settings(
  bucket?: Record<string, unknown>,
  { secret = KEY.secret, nas }: { readonly secret?: string; readonly nas?: object } = {},
): string[] {
  const own = [
    ...(bucket === undefined ? [] : [{ place: bucket, secrets: { "s3-key": KEY.key, "s3-key-secret": secret } }]),
    ...(nas === undefined ? [] : [{ place: nas, secrets: { "sftp-private-key": fs.readFileSync(sftpKey, "utf8") } }]),
  ];
  const repositories = [{ path: "/backup_space" }, ...own.map(({ place }) => place)];
  const repositorySecrets = Object.fromEntries(
    own.flatMap(({ secrets }, index) =>
      Object.entries(secrets).map(([option, text]) => [`repo${index + 2}-${option}`, text]),
    ),
  );
  return Object.entries({ standbys: 1, repositories, ...(own.length === 0 ? {} : { repositorySecrets }) }).map(
    ([key, value]) => `--config=lab:${key}=${typeof value === "number" ? value : JSON.stringify(value)}`,
  );
}

const up = (...args: Parameters<typeof settings>) => lab.run("up", "--yes", ...settings(...args));
const backrest = (command: string): Promise<string> =>
  lab.on("backup-srv", `cd /; sudo -u pgbackrest pgbackrest --stanza=demo --log-level-console=warn ${command}`);

/** How many WAL segments are in the first repository. */
async function segments(): Promise<number> {
  const listing = await backrest("--repo=1 repo-ls --recurse archive/demo --filter='/[0-9A-F]{24}-'");
  return listing.split("\n").length;
}

async function doctor(...more: string[]): Promise<Report> {
  return JSON.parse((await lab.run("doctor", "--json", ...more)).stdout) as Report;
}

beforeAll(async () => {
  if (skipped !== undefined) return;
  fs.rmSync(scratch, { recursive: true, force: true });
  await lab.begin();
  await lab.must("up", "--yes", ...settings(undefined));
  const authority = new TestAuthority(scratch, new LabState(lab).authority());
  const pair = authority.issue({ commonName: HOST });
  store = await ObjectStore.prepare(lab.namespace, path.join(scratch, "store"), pair, KEY, BUCKET.s3Bucket);
  await store.start();
  const nas = (await lab.status()).hosts.find(({ name }) => name === "pg2-srv")?.address ?? "";
  await lab.on("backup-srv", `printf '%s\n' '10.83.14.1 ${HOST}' '${nas} ${SFTP.sftpHost}' >>/etc/hosts`);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", sftpKey]);
  await lab.on(
    "pg2-srv",
    `useradd --create-home --password '*' nas && install -d -o nas -g nas -m 700 /home/nas/.ssh
     install -o nas -g nas -m 600 /dev/stdin /home/nas/.ssh/authorized_keys`,
    fs.readFileSync(`${sftpKey}.pub`, "utf8"),
  );
  const hash = "awk '{print $2}' /etc/ssh/ssh_host_ed25519_key.pub | base64 -d | sha256sum | cut -d ' ' -f 1";
  sftp = { ...SFTP, sftpHostFingerprint: await lab.on("pg2-srv", hash) };
  await writer.start();
});

afterAll(async () => {
  await (store as ObjectStore | undefined)?.stop();
  await lab.remove();
  fs.rmSync(scratch, { recursive: true, force: true });
});

describe.skipIf(skipped)(`a repository in a store${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it.each<[string, () => Parameters<typeof settings>, string]>([
    [
      "a bucket that is not there",
      () => [{ ...BUCKET, s3Bucket: "elsewhere" }],
      "(NoSuchBucket): the bucket does not exist there: see s3Bucket",
    ],
    [
      "a wrong key",
      () => [BUCKET, { secret: "a wrong secret" }],
      "HTTP request failed with 403 (Forbidden): the store refuses the key, or does not allow it this: see lab:repositorySecrets",
    ],
    [
      "another host key",
      () => [undefined, { nas: { ...sftp, sftpHostFingerprint: "e3".repeat(32) } }],
      "do not match: the server has another host key than sftpHostFingerprint in lab:repositories: before you change that, ask who runs it",
    ],
  ])("is refused with %s, in its own words, and the lab goes on", async (_, wrong, words) => {
    const { status, stdout, stderr } = await up(...wrong());
    expect(status).toBe(1);
    expect(stdout + stderr).toContain(words);
    for (const secret of ["a wrong secret", KEY.secret]) expect(stdout + stderr).not.toContain(secret);
    expect((await doctor()).findings).toMatchObject([{ code: "LAB-REPOSITORY-STORE", host: "backup-srv" }]);
    const committed = await writer.committed();
    await backrest("--repo=1 --type=diff backup");
    expect(await writer.committed()).toBeGreaterThan(committed);
  });

  it("gets the stanza, WAL and full backups on a lab that lives; its key lies on its host alone", async () => {
    const both = { nas: sftp };
    const { status, stdout, stderr } = await up(BUCKET, both);
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/^proven$/m);
    expect((await up(BUCKET, both)).stdout).toMatch(/^nothing to change$/m);
    expect(told((await doctor("--verify")).findings)).toEqual([]);
    const files = ["conf.d/cipher.conf", "sftp-nas.example-home-nas-demo.key"].map((file) => `/etc/pgbackrest/${file}`);
    expect(await lab.on("backup-srv", `stat -c '%U %a' ${files.join(" ")}`)).toBe("pgbackrest 600\npgbackrest 600");
    const [, line = ""] = fs.readFileSync(sftpKey, "utf8").split("\n");
    for (const secret of [KEY.secret, line])
      for (const host of ["pg1-srv", "pg2-srv"])
        expect(await lab.on(host, `grep -rlsF -- "$(cat)" /etc /var/lib/postgresql /var/log || true`, secret)).toBe("");
    expect(await lab.must("outputs", "--json")).not.toContain(KEY.secret);
  });

  it("restores every row, from the bucket alone and from the SFTP server alone", async () => {
    const committed = await writer.committed();
    await backrest("check");
    const sql = `SELECT count(*) FROM written WHERE number <= ${committed}`;
    for (const repository of [2, 3])
      expect(await askRestoredCopy(lab, "pg2-srv", sql, `--repo=${repository}`)).toBe(String(committed));
  });

  it("is away for a minute under load: it is named, the other goes on, and it catches up", async () => {
    const before = await writer.committed();
    const held = await segments();
    await store.stop();
    const begun = performance.now();
    const { proven, findings } = await doctor();
    expect(proven).toBe(false);
    expect(told(findings)).toEqual([
      expect.stringMatching(
        /^fail LAB-REPOSITORY-STORE backup-srv: repo2 \(s3:\/\/backups\/demo\) cannot be used: unable to connect to 'store\.example:8443 \(10\.83\.14\.1\)': \[111\] Connection refused$/,
      ),
    ]);
    await backrest("--repo=1 --type=diff backup");
    await sleep(Math.max(0, 60_000 - (performance.now() - begun)));
    const during = await writer.committed();
    expect(during).toBeGreaterThan(before);
    process.stderr.write(`  the store was away for a minute: ${(await segments()) - held} segments in repo1\n`);
    expect(await segments()).toBeGreaterThan(held + 1);
    await store.start();
    await expect.poll(async () => told((await doctor()).findings), { timeout: 300_000 }).toEqual([]);
    const sql = `SELECT count(*) FROM written WHERE number <= ${during}`;
    await backrest("check");
    expect(await askRestoredCopy(lab, "pg2-srv", sql, "--repo=2")).toBe(String(during));
  });

  it("is removed: its backups stay in the bucket, and so does the way to read them", async () => {
    const { status, stdout, stderr } = await up(undefined);
    expect(status, stdout + stderr).toBe(0);
    const [, command = "false"] =
      /keeps stanza demo in s3:\/\/backups\/demo \(backups: \d{8}-\d{6}F.*; hint: (pgbackrest --config=\S+ --repo=2 info), as user pgbackrest/.exec(
        stdout + stderr,
      ) ?? [];
    expect(await lab.on("backup-srv", `cd /; sudo -u pgbackrest ${command}`)).toMatch(
      /status: ok[^]*cipher: aes-256-cbc[^]*full backup: /,
    );
    expect((await lab.status()).proven).toBe(true);
  });
});
