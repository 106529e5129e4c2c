import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptRun, StandIns } from "../support/stand-ins";
import { hostOf } from "../../plan/plan";
import { renderPgBackRestConf, renderSecretsConf } from "../../render/pgbackrest-conf";
import { stackPlan } from "../support/stack-config";

const PLAN = stackPlan("container");
const OPTIONS = {
  repositories: [{ type: "posix" as const, path: "/backup_space", retentionFull: 2 }],
  ...{ pgbackrestVersion: "2.45", cpus: 1, pgbackrest: {} },
};

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
});
afterEach(() => {
  host.remove();
});

describe("cluster/data-guard.sh", () => {
  const conf = (): string => host.path("pgbackrest.conf");
  const data = (version = 15): string => host.path(`${version}/main`);

  /** A host that holds a cluster in this state, with these signal files, as a member of stanza demo, whose primary is pg1-srv. */
  const holds = (state: string, ...signals: string[]): void => {
    fs.mkdirSync(`${data()}/global`, { recursive: true });
    for (const [file, text] of [
      ["PG_VERSION", "15\n"],
      ["global/pg_control", "control"],
    ] as const) {
      fs.writeFileSync(`${data()}/${file}`, text);
    }
    for (const signal of signals) fs.writeFileSync(`${data()}/${signal}.signal`, "");
    const own = { ...PLAN, postgresql: { ...PLAN.postgresql, dataFolder: data() } };
    fs.writeFileSync(conf(), renderPgBackRestConf(own, hostOf(PLAN, "pg1-srv"), OPTIONS));
    const binaries = host.path("pgsql-15");
    fs.mkdirSync(binaries);
    fs.writeFileSync(
      path.join(binaries, "pg_controldata"),
      `#!/bin/bash\n[[ $LC_ALL == C && $* == "-D ${data()}" ]] && printf 'pg_control version number:            1300\\nDatabase cluster state:               ${state}\\n'\n`,
      { mode: 0o755 },
    );
  };
  const guard = ({ stanza = "demo", version = 15, role = "standby", primary = "pg1-srv" } = {}): ScriptRun =>
    host.run("cluster/data-guard.sh", [
      ...[conf(), stanza, String(version), data(version), host.path(`pgsql-${version}`), role, primary],
    ]);
  const content = { status: 0, stdout: "", stderr: "" };

  it("has nothing to say where there is no configuration yet, or no data", () => {
    expect(guard({ stanza: "other" })).toMatchObject(content);
    holds("in production");
    fs.rmSync(data(), { recursive: true });
    expect(guard({ stanza: "other", version: 16, primary: "pg2-srv" })).toMatchObject(content);
  });

  it("lets a primary and a standby be what they are", () => {
    holds("in production");
    expect(guard({ role: "primary" })).toMatchObject(content);
    fs.rmSync(host.path("pgsql-15"), { recursive: true });
    holds("in archive recovery", "standby");
    expect(guard()).toMatchObject(content);
  });

  it("refuses another major version", () => {
    holds("in production");
    expect(guard({ version: 16, role: "primary" })).toMatchObject({
      status: 1,
      stderr: `pg1-srv: lab:postgresqlVersion is 16, but ${data()} holds a cluster of PostgreSQL 15 (in production); hint: keep 15; docs/major-upgrade.md comes before the key changes\n`,
    });
  });

  it("takes another major version whose data is there already", () => {
    holds("shut down");
    fs.cpSync(data(), data(16), { recursive: true });
    fs.writeFileSync(`${data(16)}/PG_VERSION`, "16\n");
    fs.mkdirSync(host.path("pgsql-16"));
    fs.writeFileSync(host.path("pgsql-16/pg_controldata"), "#!/bin/bash\necho 'Database cluster state: shut down'\n", {
      mode: 0o755,
    });
    expect(guard({ version: 16, role: "primary" })).toMatchObject(content);
  });

  it("refuses another stanza", () => {
    holds("in archive recovery", "standby");
    expect(guard({ stanza: "other" })).toMatchObject({
      status: 1,
      stderr: `pg1-srv: lab:stanza is other, but the cluster in ${data()} (in archive recovery) archives to stanza demo; hint: keep demo; a stanza cannot be renamed\n`,
    });
  });

  it.each([
    ["runs", "in archive recovery", ["standby"]],
    ["is stopped", "shut down in recovery", ["standby"]],
    ["was restored and never started", "in production", ["standby"]],
    ["lost its signal file while it runs", "in archive recovery", []],
  ])("refuses to make a primary of a standby that %s", (_, state, signals) => {
    holds(state, ...signals);
    expect(guard({ role: "primary", primary: "pg2-srv" })).toMatchObject({
      status: 1,
      stderr: `pg1-srv: lab:primary is pg2-srv, but ${data()} is a standby of pg1-srv (${state}); hint: keep pg1-srv\n`,
    });
  });

  it.each([
    ["runs", "in production", []],
    ["is stopped", "shut down", []],
    ["crashed", "in crash recovery", []],
    ["is being restored", "in archive recovery", ["recovery"]],
  ])("refuses to make a standby of a primary that %s", (_, state, signals) => {
    holds(state, ...signals);
    expect(guard({ role: "standby", primary: "pg2-srv" })).toMatchObject({
      status: 1,
      stderr: `pg1-srv: lab:primary is pg2-srv, but ${data()} is a primary (${state}); hint: keep pg1-srv\n`,
    });
  });

  it("takes a standby that was promoted as the primary, and the others as its standbys", () => {
    holds("in production");
    expect(guard({ role: "primary", primary: "pg2-srv" })).toMatchObject(content);
    fs.rmSync(host.path("pgsql-15"), { recursive: true });
    holds("in archive recovery", "standby");
    expect(guard({ role: "standby", primary: "pg2-srv" })).toMatchObject(content);
  });

  it("leaves a standby that was promoted by hand to the step that finds it, while the primary stays the same", () => {
    holds("in production");
    expect(guard()).toMatchObject(content);
  });

  it("fails when the control file cannot be read", () => {
    holds("in production");
    fs.writeFileSync(host.path("pgsql-15/pg_controldata"), "#!/bin/bash\necho broken >&2; exit 1\n");
    expect(guard()).toMatchObject({ status: 1, stderr: "broken\n" });
  });
});

describe("backup-plane/repository-guard.sh", () => {
  const conf = (): string => host.path("pgbackrest.conf");
  const holds = (version: string | undefined, ...labels: string[]): void => {
    const database = version === undefined ? [] : [{ version: "14" }, { version }];
    const info = [
      // As pgBackRest tells of a folder that it cannot read.
      { name: "another", status: { code: 99 }, db: [], backup: [] },
      { name: "demo", status: { code: 0 }, db: database, backup: labels.map((label) => ({ label })) },
    ];
    host.add("pgbackrest", `[[ $* != "--no-config --repo1-path=/backup_space "* ]] || echo '${JSON.stringify(info)}'`);
    host.add("date", "[[ $* != +%Y%m%d-%H%M%S ]] || echo 20261123-120000");
    fs.writeFileSync(conf(), renderPgBackRestConf(PLAN, hostOf(PLAN, "backup-srv"), OPTIONS));
  };
  const guard = ({ stanza = "demo", version = "15", cipher = "false", folder = "/backup_space" } = {}): ScriptRun =>
    host.run("backup-plane/repository-guard.sh", [
      ...[conf(), "pgbackrest", stanza, version, folder, cipher, "lab:repositoryCipher"],
    ]);
  const content = { status: 0, stdout: "", stderr: "" };

  it("has nothing to say where there is no configuration yet, or no stanza", () => {
    expect(guard({ stanza: "other" })).toMatchObject({ ...content, calls: [] });
    holds(undefined);
    expect(guard({ stanza: "other", version: "16", folder: "/backup2" })).toMatchObject(content);
  });

  it("lets the stanza be what it is", () => {
    holds("15", "A", "B");
    expect(guard()).toMatchObject(content);
  });

  it("refuses another stanza", () => {
    holds("15", "A", "B");
    expect(guard({ stanza: "other" })).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: lab:stanza is other, but /backup_space holds stanza demo (backups: A B); hint: keep demo; a stanza cannot be renamed\n",
    });
  });

  it("refuses another major version", () => {
    holds("15");
    expect(guard({ version: "16" })).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: lab:postgresqlVersion is 16, but /backup_space holds stanza demo of PostgreSQL 15 (backups: none); hint: keep 15; docs/major-upgrade.md comes before the key changes\n",
    });
  });

  it("reads an encrypted repository with its passphrase, and refuses it to be plain, or a plain one to be encrypted", () => {
    holds("15", "A");
    const refusal = (wanted: boolean): string =>
      `pg1-srv: lab:repositoryCipher is ${wanted}, but /backup_space holds stanza demo (backups: A), for which it is ${!wanted}; ` +
      `hint: keep ${!wanted}; a repository is encrypted from its first file on, or never\n`;
    expect(guard({ cipher: "true" })).toMatchObject({ status: 1, stderr: refusal(true) });
    fs.mkdirSync(host.path("conf.d"));
    fs.writeFileSync(host.path("conf.d/cipher.conf"), renderSecretsConf({ "repo1-cipher-pass": "a=b-c_d" }));
    const plain = fs.readFileSync(host.path("bin/pgbackrest"), "utf8").split("\n").at(-2) ?? "";
    host.add(
      "pgbackrest",
      `[[ $PGBACKREST_REPO1_CIPHER_TYPE/$PGBACKREST_REPO1_CIPHER_PASS == aes-256-cbc/a=b-c_d ]] || exit 95\n${plain}`,
    );
    expect(guard({ cipher: "true" })).toMatchObject(content);
    expect(guard()).toMatchObject({ status: 1, stderr: refusal(false) });
  });

  it("refuses what cannot be told", () => {
    holds("15");
    host.add("pgbackrest", "echo broken >&2; exit 1");
    expect(guard()).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: cannot read the repository in /backup_space; hint: pgbackrest --no-config --repo1-path=/backup_space info, as user pgbackrest\nbroken\n",
    });
  });

  it("reads the repository whatever has become of its configuration: a power cut leaves zeros in a file", () => {
    holds("15", "A");
    fs.writeFileSync(conf(), Buffer.alloc(500));
    expect(guard()).toMatchObject(content);
    expect(guard({ version: "16" }).stderr).toContain(
      "lab:postgresqlVersion is 16, but /backup_space holds stanza demo",
    );
  });

  it("says what stays behind in the old folder, and since when backups must be new", () => {
    holds("15", "A", "B");
    expect(guard({ folder: "/backup2" })).toMatchObject({
      status: 0,
      stdout: "/backup2 20261123-120000\n",
      stderr: `left behind: pg1-srv keeps stanza demo in /backup_space (backups: A B); /backup2 gets a new full backup; hint: pgbackrest --config=${host.path("left-behind")}/backup_space.conf --repo=1 info, as user pgbackrest\n`,
    });
  });

  describe("of a repository in a store", () => {
    const STORE = {
      ...{ type: "s3" as const, path: "/demo", retentionFull: 2 },
      ...{ s3Bucket: "backups", s3Endpoint: "s3.example.net", s3Region: "eu" },
    };
    const look = (answer: object | "", version = "15", wanted = ["s3://backups/demo"]): ScriptRun => {
      const file = host.path("pgbackrest.conf");
      const asked = `--config=${file} --config-include-path=${host.path("conf.d")} --repo=1 --io-timeout=3 `;
      host.add("pgbackrest", `[[ $* != "${asked}"* ]] || echo '${answer === "" ? "" : JSON.stringify(answer)}'`);
      host.add("date", "echo 20261123-120000");
      fs.writeFileSync(
        file,
        renderPgBackRestConf(PLAN, hostOf(PLAN, "backup-srv"), { ...OPTIONS, repositories: [STORE] }),
      );
      return host.run("backup-plane/repository-guard.sh", [
        ...[file, "pgbackrest", "demo", version],
        ...wanted.flatMap((path) => [path, "false", "lab:repositories[0].cipherType"]),
      ]);
    };
    const HELD = [{ name: "demo", status: { code: 0 }, db: [{ version: "15" }], backup: [{ label: "A" }] }];

    it("reads it by its configuration, and names its place", () => {
      expect(look(HELD)).toMatchObject(content);
      expect(look(HELD, "16").stderr).toContain(
        "lab:postgresqlVersion is 16, but s3://backups/demo holds stanza demo of PostgreSQL 15 (backups: A)",
      );
      expect(look(HELD, "15", ["s3://others/demo"]).stderr).toContain(
        `left behind: pg1-srv keeps stanza demo in s3://backups/demo (backups: A); s3://others/demo gets a new full backup; hint: pgbackrest --config=${host.path("left-behind")}/s3-backups-demo.conf --repo=1 info, as user pgbackrest\n`,
      );
    });

    it("takes one that does not answer for no empty one, and says what it said", () => {
      expect(look("")).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("\nit does not answer within a minute\n") as string,
      });
      const message = "[HostConnectError] unable to connect to s3.example.net:443";
      const silent = [
        { name: "[invalid]", status: { code: 99 }, db: [], backup: [], repo: [{ status: { code: 99, message } }] },
      ];
      expect(look(silent)).toMatchObject({
        status: 1,
        stderr: `pg1-srv: cannot read the repository in s3://backups/demo; hint: pgbackrest --repo=1 info, as user pgbackrest\n${message}\n`,
      });
      expect(look([])).toMatchObject(content);
    });
  });

  describe("of several repositories", () => {
    const several = OPTIONS.repositories.concat({ type: "posix", path: "/srv/second", retentionFull: 2 });
    /** What each folder holds: a stanza's name and PostgreSQL's version; a folder without any cannot be read. */
    const hold = (stanzas: Record<string, [name: string, version: string]>): void => {
      const cases = Object.entries(stanzas).map(([folder, [name, version]]) => {
        const info = [{ name, status: { code: 0 }, db: [{ version }], backup: [{ label: "A" }] }];
        return `*--repo1-path=${folder}" "*) echo '${JSON.stringify(info)}' ;;`;
      });
      host.add("pgbackrest", `case $* in ${cases.join(" ")} *) echo gone >&2; exit 1 ;; esac`);
      host.add("date", "echo 20261123-120000");
      const conf = renderPgBackRestConf(PLAN, hostOf(PLAN, "backup-srv"), { ...OPTIONS, repositories: several });
      fs.writeFileSync(host.path("pgbackrest.conf"), conf);
    };
    const want = (...paths: string[]): ScriptRun =>
      host.run("backup-plane/repository-guard.sh", [
        ...[host.path("pgbackrest.conf"), "pgbackrest", "demo", "15"],
        ...paths.flatMap((path) => [path, String(path === "/srv/third"), "lab:repositories[1].cipherType"]),
      ]);
    const DEMO: [string, string] = ["demo", "15"];

    it("lets each keep what it has, whatever its number, and says which is new", () => {
      hold({ "/backup_space": DEMO, "/srv/second": DEMO });
      expect(want("/srv/second", "/backup_space")).toMatchObject(content);
      expect(want("/backup_space", "/srv/second", "/srv/third")).toMatchObject({
        ...content,
        stdout: "/srv/third 20261123-120000\n",
      });
    });

    it("says what stays behind in one that is removed", () => {
      hold({ "/backup_space": DEMO, "/srv/second": DEMO });
      expect(want("/srv/second")).toMatchObject({
        ...content,
        stderr: `left behind: pg1-srv keeps stanza demo in /backup_space (backups: A); hint: pgbackrest --config=${host.path("left-behind")}/backup_space.conf --repo=1 info, as user pgbackrest\n`,
      });
    });

    it("goes on where one cannot be read, and says so: it may be the one that is removed", () => {
      hold({ "/srv/second": DEMO });
      expect(want("/srv/second")).toMatchObject({
        status: 0,
        stderr: expect.stringMatching(/^pg1-srv: cannot read the repository in \/backup_space; .*\ngone\n$/) as string,
      });
      hold({});
      expect(want("/srv/second").status).toBe(1);
    });

    it.each<[string, [string, string], string]>([
      ["another stanza", ["other", "15"], "lab:stanza is demo, but /srv/second holds stanza other"],
      [
        "another major version",
        ["demo", "14"],
        "lab:postgresqlVersion is 15, but /srv/second holds stanza demo of PostgreSQL 14",
      ],
    ])("refuses %s in any", (_, held, said) => {
      hold({ "/backup_space": DEMO, "/srv/second": held });
      expect(want("/backup_space", "/srv/second")).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(said) as string,
      });
    });

    it("refuses to encrypt one that is plain, by the name of its own key", () => {
      hold({ "/backup_space": DEMO, "/srv/third": DEMO });
      fs.writeFileSync(host.path("pgbackrest.conf"), "[global]\nrepo1-path=/backup_space\nrepo2-path=/srv/third\n");
      expect(want("/backup_space", "/srv/third")).toMatchObject({
        status: 1,
        stderr:
          "pg1-srv: lab:repositories[1].cipherType is aes-256-cbc, but /srv/third holds stanza demo (backups: A), for which it is none; " +
          "hint: keep none; a repository is encrypted from its first file on, or never\n",
      });
    });
  });
});
