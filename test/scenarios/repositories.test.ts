import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askRestoredCopy } from "../support/restored-copy";
import { RowWriter } from "../support/row-writer";
import { reasonToSkip, ScenarioLab } from "../support/scenario-lab";

/** Several repositories: each with backups and WAL of its own; one that is down; added, removed and moved on a lab that lives. */
const lab = new ScenarioLab("container", "repos");
const writer = new RowWriter(lab);
const skipped = reasonToSkip();

const FIRST = { path: "/backup_space" };
const SECOND = { path: "/srv/second", retentionFull: 3, retentionDiff: 2, cipherType: "aes-256-cbc", block: false };
const THIRD = { path: "/srv/third", retentionFull: 30, retentionFullType: "time" };
const GIVEN = "a passphrase; of ours";

const options = (...repositories: readonly object[]): string[] => [
  ...["--config=lab:standbys=1", `--config=lab:repositories=${JSON.stringify(repositories)}`],
];
const up = (...repositories: readonly object[]): Promise<string> =>
  lab.must("up", "--yes", ...options(...repositories));
const backrest = (command: string): Promise<string> =>
  lab.on("backup-srv", `cd /; sudo -u pgbackrest pgbackrest --stanza=demo --log-level-console=warn ${command}`);

interface Backup {
  readonly type: string;
  readonly repository: number;
  readonly fromStandby: boolean;
}
const backups = async (): Promise<string[]> =>
  (await lab.status()).backups.map((each) => {
    const { type, repository, fromStandby } = each as unknown as Backup;
    return `repo${repository} ${type}${fromStandby ? " standby" : ""}`;
  });

/** The WAL segments in a repository. */
async function segments(number: number): Promise<string[]> {
  const listing = await backrest(`--repo=${number} repo-ls --recurse archive/demo --filter='/[0-9A-F]{24}-'`);
  return [...listing.matchAll(/\/([0-9A-F]{24})-/g)].map(([, name = ""]) => name).sort();
}

async function doctor(...more: string[]): Promise<{ proven: boolean; told: string[] }> {
  const { stdout } = await lab.run("doctor", "--json", ...more);
  const report = JSON.parse(stdout) as { proven: boolean; findings: { level: string; code: string; cause: string }[] };
  return { proven: report.proven, told: report.findings.map(({ level, code, cause }) => `${level} ${code} ${cause}`) };
}

/** Waits, so many seconds at most, until this holds, and gives how long that took. */
async function until(seconds: number, holds: () => Promise<boolean>): Promise<number> {
  const begun = Date.now();
  while (!(await holds())) {
    if (Date.now() - begun > seconds * 1000) throw new Error(`it does not hold within ${seconds} s`);
  }
  return (Date.now() - begun) / 1000;
}

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  await up(FIRST, SECOND);
  await writer.start();
});

afterAll(async () => {
  await lab.remove();
});

describe.skipIf(skipped)(`repositories${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("come up proven, each with backups of its own, and stay as they are", async () => {
    expect((await lab.status()).proven).toBe(true);
    expect((await backups()).sort()).toEqual(["repo1 full", "repo1 full standby", "repo2 full", "repo2 full standby"]);
    expect(await up(FIRST, SECOND)).toMatch(/^nothing to change$/m);
    expect(await doctor("--verify")).toEqual({ proven: true, told: [] });
  });

  it("have the options of their own, and one of them a passphrase that lies on its host alone", async () => {
    const conf = await lab.on("backup-srv", "grep ^repo2- /etc/pgbackrest/pgbackrest.conf");
    expect(conf.split("\n")).toEqual(
      expect.arrayContaining([
        ...[
          "repo2-bundle=y",
          "repo2-path=/srv/second",
          "repo2-retention-full=3",
          "repo2-retention-diff=2",
          "repo2-block=n",
        ],
      ]),
    );
    expect(await lab.on("backup-srv", "stat -c '%U %a' /etc/pgbackrest/conf.d/cipher.conf")).toBe("pgbackrest 600");
    expect(await lab.on("backup-srv", "head -c 8 /srv/second/backup/demo/backup.info")).toBe("Salted__");
    expect(await lab.on("backup-srv", "head -c 10 /backup_space/backup/demo/backup.info")).toBe("[backrest]");
    const passphrase = await lab.on(
      "backup-srv",
      "sed -n 's/^repo2-cipher-pass=//p' /etc/pgbackrest/conf.d/cipher.conf",
    );
    expect(passphrase).toMatch(/^[\w-]{43}$/);
    for (const host of ["pg1-srv", "pg2-srv"]) {
      const found = await lab.on(host, `grep -rls -- "$(cat)" /etc /var/lib/postgresql /var/log || true`, passphrase);
      expect(found).toBe("");
    }
    for (const more of [[], ["--show-secrets"]])
      expect(await lab.must("outputs", "--json", ...more)).not.toContain(passphrase);
    // A scenario has no terminal.
    const asked = await lab.run("secrets");
    expect([asked.status, asked.stdout, asked.stderr]).toEqual([
      1,
      "",
      `lab: ./lab secrets --stack ${lab.stack} asks before it shows secrets, and this is no terminal; hint: ./lab secrets --stack ${lab.stack} --yes\n`,
    ]);
    expect(await lab.must("secrets", "--yes")).toBe(`# /srv/second\nrepo2-cipher-pass=${passphrase}\n`);
    expect(JSON.parse(await lab.must("secrets", "--json"))).toEqual([
      { option: "repo2-cipher-pass", place: "/srv/second", passphrase },
    ]);
  });

  it("restore every row, each by itself", async () => {
    await until(60, async () => (await writer.committed()) >= 60);
    const committed = await writer.committed();
    await backrest("check");
    for (const number of [1, 2]) {
      const sql = `SELECT count(*) FROM written WHERE number <= ${committed}`;
      expect(await askRestoredCopy(lab, "pg2-srv", sql, `--repo=${number}`)).toBe(String(committed));
    }
  });

  it("go on without one that is down, which has all of its WAL once it is back", async () => {
    const [before, number] = [await segments(1), await writer.committed()];
    await lab.on("backup-srv", "chmod 0 /srv/second");
    const downSince = Date.now();
    const ahead = async (): Promise<number> => (await segments(1)).length - before.length;
    const seconds = await until(120, async () => (await ahead()) >= 8);
    expect(await lab.query("pg1-srv", "SELECT failed_count > 0 FROM pg_stat_archiver")).toBe("t");
    const { proven, told } = await doctor();
    expect([proven, told]).toEqual([
      false,
      ["fail LAB-REPOSITORY-MODE pgbackrest may not read and write its own files [041]: /srv/second"],
    ]);
    expect((await lab.status()).findings.map(({ code }) => code)).toEqual(["LAB-REPOSITORY-MODE"]);
    // Backups go on, too, and a restore finds what it needs in the other.
    await backrest("--repo=1 --type=diff backup");
    const committed = await writer.committed();
    const sql = `SELECT count(*) FROM written WHERE number <= ${number}`;
    expect(await askRestoredCopy(lab, "pg2-srv", sql)).toBe(String(number));
    await lab.on("backup-srv", "chmod 0750 /srv/second");
    const down = (Date.now() - downSince) / 1000;
    const caughtUp = await until(120, async () => {
      const [all, its] = [await segments(1), await segments(2)];
      return all.slice(0, -2).every((name) => its.includes(name) || name < (its[0] ?? ""));
    });
    process.stderr.write(
      `repo2 down for ${down.toFixed(0)} s: 8 segments in repo1 after ${seconds.toFixed(1)} s; caught up after ${caughtUp.toFixed(1)} s\n`,
    );
    expect(await writer.committed()).toBeGreaterThan(committed);
    const all = `SELECT count(*) FROM written WHERE number <= ${committed}`;
    expect(await askRestoredCopy(lab, "pg2-srv", all, "--repo=2")).toBe(String(committed));
    expect((await doctor("--verify")).told).toEqual([]);
  });

  it("refuse what would keep one from being read, without a word of a secret", async () => {
    const secrets = `--config=lab:repositorySecrets=${JSON.stringify({ "repo2-cipher-pass": GIVEN })}`;
    const wrong = await lab.run("up", "--yes", ...options(FIRST, SECOND), secrets);
    expect(wrong.status).toBe(1);
    expect(wrong.stdout + wrong.stderr).toContain(
      "backup-srv: another passphrase is configured than the one that repository /srv/second is encrypted with; the old configuration stays; hint: lab:repositorySecrets",
    );
    expect(wrong.stdout + wrong.stderr).not.toContain(GIVEN);
    const plain = await lab.run("up", "--yes", ...options(FIRST, { ...SECOND, cipherType: "none" }));
    expect([plain.status, plain.stderr]).toEqual([
      1,
      expect.stringContaining("a repository is encrypted from its first file on, or never"),
    ]);
    await up(FIRST, SECOND);
    expect((await lab.status()).proven).toBe(true);
  });

  it("are added on a lab that lives: stanza, WAL and full backups, encrypted with a passphrase that is given", async () => {
    const third = { ...THIRD, cipherType: "aes-256-cbc" };
    const secrets = `--config=lab:repositorySecrets=${JSON.stringify({ "repo3-cipher-pass": GIVEN })}`;
    const { status, stdout, stderr } = await lab.run("up", "--yes", ...options(FIRST, SECOND, third), secrets);
    expect(status, stdout + stderr).toBe(0);
    expect(stdout + stderr).not.toContain(GIVEN);
    expect(stdout).toMatch(/│ lab:repositories .*│ live: \/srv\/third gets the stanza, WAL from now on, and a /);
    expect((await backups()).filter((each) => each.startsWith("repo3"))).toEqual(["repo3 full standby"]);
    expect(
      await lab.on(
        "backup-srv",
        "grep -c 'repo3-cipher-pass=a passphrase; of ours' /etc/pgbackrest/conf.d/cipher.conf",
      ),
    ).toBe("1");
    expect(await lab.must("outputs", "--json")).not.toContain(GIVEN);
    expect((await lab.status()).proven).toBe(true);
    // From here on the stack says so, as its user would.
    lab.configure({ repositorySecrets: { "repo2-cipher-pass": GIVEN } });
  });

  it("are removed: their backups stay, and so does the way to read them; the others keep what they have", async () => {
    const third = { ...THIRD, cipherType: "aes-256-cbc" };
    const { status, stdout, stderr } = await lab.run("up", "--yes", ...options(FIRST, third));
    expect(status, stdout + stderr).toBe(0);
    expect(stdout + stderr).toMatch(
      /left behind: backup-srv keeps stanza demo in \/srv\/second \(backups: \d{8}-\d{6}F/,
    );
    const [, command = ""] =
      /in \/srv\/second .*; hint: (pgbackrest --config=\S+ --repo=2 info), as user pgbackrest/.exec(stdout + stderr) ??
      [];
    expect(command).not.toBe("");
    const read = await lab.on("backup-srv", `cd /; sudo -u pgbackrest ${command}`);
    expect(read).toMatch(/status: ok[^]*cipher: aes-256-cbc[^]*full backup: /);
    expect(await lab.on("backup-srv", "grep -o '^repo[^=]*' /etc/pgbackrest/conf.d/cipher.conf")).toBe(
      "repo2-cipher-type\nrepo2-cipher-pass",
    );
    expect(await up(FIRST, third)).toMatch(/^nothing to change$/m);
    expect((await doctor("--verify")).told).toEqual([]);
  });

  it("are moved: a new full backup there, and the old ones where they were", async () => {
    const fourth = { ...THIRD, path: "/srv/fourth", cipherType: "aes-256-cbc" };
    const { status, stdout, stderr } = await lab.run("up", "--yes", ...options(FIRST, fourth));
    expect(status, stdout + stderr).toBe(0);
    expect(stdout + stderr).toMatch(
      /left behind: backup-srv keeps stanza demo in \/srv\/third \(backups: [^)]+\); \/srv\/fourth gets a new full backup/,
    );
    expect((await backups()).filter((each) => each.startsWith("repo2"))).toEqual(["repo2 full standby"]);
    const committed = await writer.committed();
    await backrest("check");
    const sql = `SELECT count(*) FROM written WHERE number <= ${committed}`;
    expect(await askRestoredCopy(lab, "pg2-srv", sql, "--repo=2")).toBe(String(committed));
    expect((await lab.status()).proven).toBe(true);
  });
});
