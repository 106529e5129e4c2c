import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ScriptRun } from "../support/stand-ins";
import { StandIns } from "../support/stand-ins";

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
});
afterEach(() => {
  host.remove();
});

const info = (code: number, ...labels: string[]): string =>
  JSON.stringify([
    {
      status: { code, message: code === 0 ? "ok" : "missing stanza path" },
      backup: labels.map((label) => ({ label, type: "full" })),
    },
  ]);

describe("backup-plane/stanza-create.sh", () => {
  const ASK = "pgbackrest --stanza=demo --output=json --log-level-console=off --log-level-file=off info";

  it("creates, then checks", () => {
    host.add("pgbackrest", `[[ $* != *info ]] || echo '${info(1)}'`);
    const { status, calls } = host.run("backup-plane/stanza-create.sh", ["pgbackrest", "demo"]);
    expect(calls).toEqual([ASK, "pgbackrest --stanza=demo stanza-create", "pgbackrest --stanza=demo check"]);
    expect(status).toBe(0);
  });

  it.each([0, 2])(
    "only checks a stanza that is there (status %i): creating it again would lock archiving out",
    (code) => {
      host.add("pgbackrest", `[[ $* != *info ]] || echo '${info(code)}'`);
      const { status, calls } = host.run("backup-plane/stanza-create.sh", ["pgbackrest", "demo"]);
      expect(calls).toEqual([ASK, "pgbackrest --stanza=demo check"]);
      expect(status).toBe(0);
    },
  );

  it("does not check what could not be created, and fails with its status", () => {
    host.add("pgbackrest", "exit 56");
    const { status, calls } = host.run("backup-plane/stanza-create.sh", ["pgbackrest", "demo"]);
    expect(calls).toEqual([ASK, "pgbackrest --stanza=demo stanza-create"]);
    expect(status).toBe(56);
  });
});

describe("backup-plane/backup-full.sh", () => {
  const BACKUP = "pgbackrest --stanza=demo --type=full backup";
  const LIST = "pgbackrest --log-level-console=off --log-level-stderr=off repo-get backup/demo/backup.info";
  const line = (label: string, ...facts: string[]): string =>
    `${label}={${[...facts, '"option-online":true'].join(",")}}`;
  const FROM_PRIMARY = '"option-backup-standby":false';
  const FROM_STANDBY = '"option-backup-standby":true';

  /** A repository that lists these, and as soon as a backup was taken the last of them too. */
  const repository = (last: string, ...listed: string[]): void => {
    const taken = host.path("taken");
    const lines = ["[backup:current]", ...listed].map((text) => `echo '${text}'`).join("; ");
    host.add(
      "pgbackrest",
      `case $* in *repo-get*) ${lines}; [[ ! -e ${taken} ]] || echo '${last}' ;; *backup) touch ${taken} ;; esac`,
    );
  };
  const run = (...args: string[]): ScriptRun =>
    host.run("backup-plane/backup-full.sh", ["pgbackrest", "demo", ...args]);

  it("takes a backup when there is none, and none the second time", () => {
    repository(line("20261123-120000F", FROM_PRIMARY));
    expect(run("any")).toMatchObject({ status: 0, calls: [LIST, BACKUP, LIST, LIST] });
    expect(run("any")).toMatchObject({ status: 0, calls: [LIST] });
  });

  it.each([
    ["one from the primary", line("20261123-120000F", FROM_PRIMARY)],
    ["a differential one", line("20261123-120000F_20261123-121000D", FROM_STANDBY)],
    ["one with page checksum errors", line("20261123-120000F", FROM_STANDBY, '"backup-error":true')],
  ])("does not count %s as a full backup from a standby", (_, listed) => {
    repository(line("20261123-130000F", FROM_STANDBY), listed);
    expect(run("standby").calls).toContain(BACKUP);
    expect(run("standby")).toMatchObject({ status: 0, calls: [LIST] });
  });

  it("takes a newer one than those from before a label", () => {
    repository(line("20261123-130000F", FROM_PRIMARY), line("20261123-120000F", FROM_PRIMARY));
    expect(run("any", "20261123-125959").calls).toContain(BACKUP);
    expect(run("any", "20261123-125959").calls).toEqual([LIST]);
  });

  it("says so when no standby delivered the backup", () => {
    repository(line("20261123-120000F", FROM_PRIMARY));
    expect(run("standby")).toMatchObject({
      status: 1,
      stderr: "pgBackRest took a full backup of stanza demo, but the repository lists none from host: standby\n",
    });
  });

  it("fails with pgBackRest's status when no backup can be taken", () => {
    host.add("pgbackrest", "[[ $* != *backup ]] || exit 56");
    expect(run("any")).toMatchObject({ status: 56, calls: [LIST, BACKUP] });
  });

  it("waits while another backup runs, whose lock is error 50", () => {
    const asked = host.path("asked");
    const held = line("20261123-120000F", FROM_STANDBY);
    host.add(
      "pgbackrest",
      `case $* in *repo-get*) [[ ! -e ${asked} ]] || echo '${held}' ;; *backup) touch ${asked}; exit 50 ;; esac`,
    );
    host.add("sleep", "");
    expect(run("standby")).toMatchObject({ status: 0, calls: [LIST, BACKUP, "sleep 5", LIST] });
  });
});

describe("backup-plane/stanza-info.sh", () => {
  it("prints the newest backup of a sound stanza", () => {
    host.add("pgbackrest", `echo '${info(0, "20261123-120000F", "20261123-130000F")}'`);
    const run = host.run("backup-plane/stanza-info.sh", ["postgres", "demo"]);
    expect(run).toMatchObject({ status: 0, stdout: "20261123-130000F\n" });
  });

  it("does not believe the exit status of info", () => {
    host.add("hostname", "echo pg2-srv");
    host.add("pgbackrest", `echo '${info(1)}'`);
    expect(host.run("backup-plane/stanza-info.sh", ["postgres", "demo"])).toMatchObject({
      status: 1,
      stderr: "stanza demo must have status 0 (ok) as seen from pg2-srv, got 1 (missing stanza path)\n",
    });
  });

  it.each([
    ["a backup that has run since", ["A", "B", "C"]],
    ["an expire that has run since", ["B"]],
    ["both", ["C"]],
  ])("agrees with B after %s", (_, labels) => {
    host.add("pgbackrest", `echo '${info(0, ...labels)}'`);
    expect(host.run("backup-plane/stanza-info.sh", ["postgres", "demo", "B"])).toMatchObject({ status: 0, stderr: "" });
  });

  it("refuses older backups than the one that is expected", () => {
    host.add("hostname", "echo pg2-srv");
    host.add("pgbackrest", `echo '${info(0, "A")}'`);
    expect(host.run("backup-plane/stanza-info.sh", ["postgres", "demo", "B"])).toMatchObject({
      status: 1,
      stderr: "pg2-srv must see backup B of stanza demo or a newer one, its newest is A\n",
    });
  });
});

describe("cluster/standby-restore.sh", () => {
  const restore = (body: string): string => {
    const data = host.path("main");
    host.add("pgbackrest", body.replaceAll("DATA", data));
    return data;
  };
  const RESTORES = "mkdir -p DATA/global && touch DATA/global/pg_control DATA/standby.signal";

  it("restores into an empty folder, and leaves a standby as it is the second time", () => {
    const data = restore(RESTORES);
    expect(host.run("cluster/standby-restore.sh", ["demo", data])).toMatchObject({
      status: 0,
      calls: ["pgbackrest --stanza=demo --type=standby restore"],
    });
    expect(host.run("cluster/standby-restore.sh", ["demo", data])).toMatchObject({ status: 0, calls: [] });
  });

  it("does not touch a cluster that is no standby", () => {
    const data = restore(RESTORES);
    fs.mkdirSync(`${data}/global`, { recursive: true });
    fs.writeFileSync(`${data}/global/pg_control`, "precious");
    host.add("hostname", "echo pg2-srv");
    const run = host.run("cluster/standby-restore.sh", ["demo", data]);
    expect(run.status).toBe(1);
    expect(run.stderr).toBe(
      `${data} on pg2-srv holds a cluster that is no standby; it is not touched. Hint: move it aside if you do not need it\n`,
    );
    expect(fs.readFileSync(`${data}/global/pg_control`, "utf8")).toBe("precious");
  });

  it("moves aside what an interrupted restore left, and says so", () => {
    const data = restore(RESTORES);
    fs.mkdirSync(data);
    fs.writeFileSync(`${data}/half`, "half");
    const run = host.run("cluster/standby-restore.sh", ["demo", data]);
    const [aside = ""] = fs.readdirSync(host.folder).filter((name) => name.startsWith("main.incomplete-"));
    expect(run.status).toBe(0);
    expect(run.stderr).toBe(`moved aside: ${data} held no complete cluster; it is now ${host.path(aside)}\n`);
    expect(fs.readFileSync(host.path(`${aside}/half`), "utf8")).toBe("half");
  });
});

describe("backup-plane/repository-holds.sh", () => {
  // The script looks for the configuration of the host that it runs on: here there is none.
  it("says none on a host that was never configured, without asking pgBackRest", () => {
    host.add("pgbackrest", "exit 99");
    expect(host.run("backup-plane/repository-holds.sh", ["pgbackrest", "demo"])).toMatchObject({
      status: 0,
      stdout: "none\n",
      calls: [],
    });
  });
});

describe("cluster/primary-restore.sh", () => {
  const restored = "pgbackrest --stanza=demo restore";
  const pgbackrest = (data: string): void => {
    host.add(
      "pgbackrest",
      `case $* in *info) echo '${info(0, "A")}' ;; *restore) mkdir -p ${data}/global && touch ${data}/global/pg_control ;; esac`,
    );
  };

  it("restores where the repository holds a backup and there is no cluster, once", () => {
    const data = host.path("main");
    pgbackrest(data);
    expect(host.run("cluster/primary-restore.sh", ["demo", data, "backup"])).toMatchObject({ status: 0 });
    expect(host.run("cluster/primary-restore.sh", ["demo", data, "backup"]).calls).toEqual([]);
  });

  it("leaves the folder to the step that makes a new cluster where there is no backup", () => {
    const data = host.path("main");
    pgbackrest(data);
    expect(host.run("cluster/primary-restore.sh", ["demo", data, "none"])).toMatchObject({ status: 0, calls: [] });
    expect(fs.existsSync(data)).toBe(false);
  });

  it("moves aside what an interrupted restore left, and says so", () => {
    const data = host.path("main");
    pgbackrest(data);
    fs.mkdirSync(data);
    fs.writeFileSync(`${data}/half`, "half");
    const run = host.run("cluster/primary-restore.sh", ["demo", data, "backup"]);
    const [aside = ""] = fs.readdirSync(host.folder).filter((name) => name.startsWith("main.incomplete-"));
    expect(run.stderr).toBe(`moved aside: ${data} held no complete cluster; it is now ${host.path(aside)}\n`);
    expect(run.calls).toContain(restored);
    expect(fs.readFileSync(host.path(`${aside}/half`), "utf8")).toBe("half");
  });
});

describe("cluster/standby-follow.sh", () => {
  const args = (data: string): string[] => [
    host.path("bin"),
    ...["postgresql@15-main", data, "pg1-srv", "replic_user"],
  ];

  /** A standby at 0/7000060 of timeline 1 and system 42, whose primary answers as given. */
  const standby = (identity: string, history = ""): string => {
    const data = host.path("main");
    for (const folder of ["global", "pg_wal"]) fs.mkdirSync(`${data}/${folder}`, { recursive: true });
    for (const file of ["global/pg_control", "standby.signal", "pg_wal/000000010000000000000007"]) {
      fs.writeFileSync(`${data}/${file}`, "");
    }
    host.add("hostname", "echo pg2-srv").add("systemctl", "");
    host.add(
      "psql",
      `case $* in
        *IDENTIFY_SYSTEM) echo '${identity}' ;;
        *TIMELINE_HISTORY*) printf '%b' '${history}' ;;
        *pg_control_system*) echo 42 ;;
        *receive_lsn*) echo 0/7000060 ;;
        *"'0/7000060' > '0/7000028'"*) echo t ;;
        *"'0/7000060' > '0/8000000'"*) echo f ;;
      esac`,
    );
    return data;
  };
  const asides = (): string[] => fs.readdirSync(host.folder).filter((name) => name.startsWith("main.diverged-"));

  it.each([
    ["on the primary's timeline", "42|1|0/7000060|", ""],
    ["on one that the primary left later", "42|2|0/8000060|", "00000002.history|1\\t0/8000000\\tno target\\n\\n"],
  ])("leaves data that is %s", (_, identity, history) => {
    const data = standby(identity, history);
    expect(host.run("cluster/standby-follow.sh", args(data))).toMatchObject({ status: 0, stderr: "" });
    expect(asides()).toEqual([]);
  });

  it.each([
    ["ahead of where the primary left its timeline", "42|2|0/8000060|", "1\\t0/7000028\\tno target\\n", "0/7000028"],
    ["of another cluster", "43|1|0/1000060|", "", "no time"],
  ])("moves data aside that is %s, and says so", (_, identity, history, left) => {
    const data = standby(identity, `00000002.history|${history}`);
    const run = host.run("cluster/standby-follow.sh", args(data));
    expect(run.status).toBe(0);
    expect(run.stderr).toBe(
      `moved aside: pg2-srv is at 0/7000060 of timeline 1, which pg1-srv left at ${left}; its data is now ${host.path(asides()[0] ?? "")}\n`,
    );
    expect(run.calls.filter((call) => call.startsWith("systemctl stop"))).toEqual([
      "systemctl stop postgresql@15-main",
    ]);
    expect(fs.existsSync(host.path(`${asides()[0] ?? ""}/global/pg_control`))).toBe(true);
  });

  it("touches nothing when the primary cannot be asked", () => {
    const data = standby("");
    host.add("psql", "case $* in *IDENTIFY_SYSTEM) exit 2 ;; *control*) echo 42 ;; *) echo 0/7 ;; esac");
    expect(host.run("cluster/standby-follow.sh", args(data)).status).toBe(2);
    expect(asides()).toEqual([]);
  });

  it("touches no cluster that is no standby, and needs none", () => {
    const data = standby("43|1|0/1|");
    fs.rmSync(`${data}/standby.signal`);
    expect(host.run("cluster/standby-follow.sh", args(data))).toMatchObject({ status: 0, calls: [] });
    expect(host.run("cluster/standby-follow.sh", args(host.path("nowhere")))).toMatchObject({ status: 0, calls: [] });
  });
});

describe("site/host-ready.sh", () => {
  it("proves every name forward and backward", () => {
    host.add(
      "getent",
      'case $* in "ahostsv4 pg1-srv") echo "10.0.0.11 STREAM pg1-srv" ;; "hosts 10.0.0.11") echo "10.0.0.11 pg1-srv.lab" ;; esac',
    );
    expect(host.run("site/host-ready.sh", ["pg1-srv=10.0.0.11"]).status).toBe(0);
  });
});

describe("cluster/streaming-read.sh", () => {
  it("asks for the row until it is there", () => {
    const asked = host.path("asked");
    host.add("psql", `if [[ -e ${asked} ]]; then echo t; else touch ${asked}; fi`);
    const run = host.run("cluster/streaming-read.sh", [host.path("bin"), "pg2-srv", "2026-11-23 12:00:00"]);
    expect(run.status).toBe(0);
    expect(run.calls.filter((call) => call.startsWith("psql"))).toHaveLength(2);
  });
});

describe("cluster/replication-role-create.sh", () => {
  it("gives psql the password as input, never as an argument", () => {
    host.add("psql", "");
    fs.writeFileSync(
      host.path("bin/psql"),
      `#!/bin/bash\necho "psql $*" >>${host.path("calls")}\ncat >${host.path("input")}\n`,
    );
    const run = host.run("cluster/replication-role-create.sh", [host.path("bin"), "replic_user"], "s3cret-pass");
    expect(run.status).toBe(0);
    expect(run.calls.join()).not.toContain("s3cret-pass");
    expect(fs.readFileSync(host.path("input"), "utf8")).toContain("\\set password 's3cret-pass'");
  });
});

describe("backup-plane/packages-install-el.sh", () => {
  const { ID, VERSION_ID, PRETTY_NAME } = parseEnv(fs.readFileSync("/etc/os-release", "utf8"));
  const here = `el8: rocky ${ID} ${VERSION_ID}`;
  const install = (system: string): ScriptRun =>
    host.run("backup-plane/packages-install-el.sh", [
      ...[system, "pgdg", "https://pgdg/repo.rpm https://epel/release.rpm", "2.59.1"],
      ...["postgresql14-server", "postgresql14-contrib"],
    ]);

  it("leaves a host that has them as it is", () => {
    host.add("rpm", "").add("dnf", "").add("pgbackrest", "echo pgBackRest 2.59.1");
    const { status, calls } = install(here);
    expect(calls.filter((call) => call.startsWith("dnf"))).toEqual(["dnf versionlock add pgbackrest-2.59.1"]);
    expect(status).toBe(0);
  });

  it("installs PGDG's packages after the module that hides them is off", () => {
    host.add("rpm", "exit 1").add("dnf", "").add("pgbackrest", "echo pgBackRest 2.59.1");
    expect(install(here).calls.filter((call) => call.startsWith("dnf"))).toEqual([
      "dnf install -y https://pgdg/repo.rpm https://epel/release.rpm",
      "dnf -qy module disable postgresql",
      "dnf install -y pgbackrest-2.59.1 openssl jq postgresql14-server postgresql14-contrib dnf-command(versionlock)",
      "dnf versionlock add pgbackrest-2.59.1",
    ]);
  });

  it("fails on a version that is not the one that was asked for", () => {
    host.add("rpm", "").add("dnf", "").add("pgbackrest", "echo pgBackRest 2.45");
    expect(install(here).status).toBe(1);
  });

  it.each([`el8: rocky rhel ${VERSION_ID}`, `el8: rocky ${ID} ${VERSION_ID}0`])(
    "refuses another system than %s",
    (system) => {
      host.add("rpm", "").add("dnf", "").add("hostname", "echo pg1-srv");
      expect(install(system)).toMatchObject({
        status: 1,
        stderr: `lab:family is el8, but pg1-srv runs ${PRETTY_NAME}; hint: set lab:family or lab:imagePath\n`,
        calls: ["hostname "],
      });
    },
  );
});

describe("backup-plane/guards-open-el.sh", () => {
  const open = (): ScriptRun => host.run("backup-plane/guards-open-el.sh", ["8432", "5432"]);

  it("changes nothing where neither SELinux nor firewalld is on", () => {
    host.add("selinuxenabled", "exit 1").add("systemctl", "exit 3").add("semanage", "").add("firewall-cmd", "");
    expect(open()).toMatchObject({ status: 0, calls: ["selinuxenabled ", "systemctl is-active --quiet firewalld"] });
  });

  it("labels what PostgreSQL's archive command needs, and leaves SELinux on", () => {
    host.add("selinuxenabled", "").add("systemctl", "exit 3").add("semanage", "").add("restorecon", "");
    expect(open()).toMatchObject({
      status: 0,
      calls: [
        "selinuxenabled ",
        "semanage port -a -t postgresql_port_t -p tcp 8432",
        "semanage fcontext -a -t postgresql_log_t /var/log/pgbackrest(/.*)?",
        "restorecon -R /var/log/pgbackrest",
        "semanage fcontext -a -t postgresql_db_t /var/spool/pgbackrest(/.*)?",
        "restorecon -R /var/spool/pgbackrest",
        "systemctl is-active --quiet firewalld",
      ],
    });
  });

  it("changes a label that is there already, and fails when it may not", () => {
    host.add("selinuxenabled", "").add("systemctl", "exit 3").add("restorecon", "");
    host.add("semanage", "[[ $2 != -a ]]");
    expect(open()).toMatchObject({ status: 0 });
    expect(open().calls).toContain("semanage fcontext -m -t postgresql_db_t /var/spool/pgbackrest(/.*)?");
    host.add("semanage", "exit 1");
    expect(open().status).toBe(1);
  });

  it("opens the ports in a firewalld that runs, now and for good", () => {
    host.add("selinuxenabled", "exit 1").add("systemctl", "").add("firewall-cmd", "");
    expect(open().calls.slice(2)).toEqual([
      "firewall-cmd --quiet --permanent --add-port=8432/tcp",
      "firewall-cmd --quiet --add-port=8432/tcp",
      "firewall-cmd --quiet --permanent --add-port=5432/tcp",
      "firewall-cmd --quiet --add-port=5432/tcp",
    ]);
  });
});

describe("site/image-verify.sh", () => {
  const args = (checksum: string): string[] => ["qemu:///system", "lab-dev", "base.qcow2", `sha256:${checksum}`];
  const digest = "8d777f385d3dfec8815d20f7496026dcf37c46e2f5e8c98e1cf4e0b0b2d1cbc6";

  it("takes the image that it expects, and refuses another, with how to fetch it anew", () => {
    host.add("virsh", "printf image");
    const found = createHash("sha256").update("image").digest("hex");
    expect(host.run("site/image-verify.sh", args(found))).toMatchObject({
      status: 0,
      calls: ["virsh -q -c qemu:///system vol-download --pool lab-dev base.qcow2 /dev/stdout"],
    });
    expect(host.run("site/image-verify.sh", args(digest))).toMatchObject({
      status: 1,
      stderr:
        `lab:imageChecksum must be that of the image, which is sha256:${found} as it was fetched, got "sha256:${digest}"; hint: if the checksum ` +
        "is right, virsh -c qemu:///system vol-delete base.qcow2 --pool lab-dev has the next up fetch it anew\n",
    });
    host.add("virsh", "exit 1");
    expect(host.run("site/image-verify.sh", args(found)).status).toBe(1);
  });
});

describe("site/domain-undefine.sh", () => {
  it("ends and forgets a domain that runs, and does nothing for one that is not there", () => {
    host.add("virsh", "[[ $3 != domstate ]] || echo running");
    expect(host.run("site/domain-undefine.sh", ["lxc:///system", "pg1-srv"]).calls.slice(-2)).toEqual([
      "virsh -c lxc:///system destroy pg1-srv",
      "virsh -c lxc:///system undefine pg1-srv",
    ]);
    host.add("virsh", "exit 1");
    expect(host.run("site/domain-undefine.sh", ["lxc:///system", "pg1-srv"])).toMatchObject({
      status: 0,
      calls: ["virsh -c lxc:///system dominfo pg1-srv"],
    });
  });
});

describe("backup-plane/refusal-prove.sh", () => {
  it("is content when pgBackRest denies the access", () => {
    host.add(
      "pgbackrest",
      'echo "ERROR: [105]: raised from remote-0 tls protocol on backup-srv: access denied" >&2; exit 105',
    );
    const { status, calls } = host.run("backup-plane/refusal-prove.sh", ["postgres", "demo"]);
    expect(status).toBe(0);
    expect(calls).toHaveLength(1);
  });

  it("fails when the host is let in, and when something else is wrong, and says what pgBackRest answered", () => {
    const asked = host.path("asked");
    host.add(
      "pgbackrest",
      `if [[ ! -e ${asked} ]]; then touch ${asked}; else echo "ERROR: [049]: timeout" >&2; exit 49; fi`,
    );
    const { status, stderr } = host.run("backup-plane/refusal-prove.sh", ["postgres", "demo"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /is revoked, but the repository host does not deny it stanza demo; it answers:\nERROR: \[049\]: timeout\n$/,
    );
  });
});

describe("trust/certificate-install.sh", () => {
  const openssl = (...args: string[]): string =>
    execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const at = (name: string): string => host.path(name);
  const makeAuthority = (name: string): void => {
    openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
      ...["-subj", `/CN=${name}`, "-keyout", at(`${name}.key`), "-out", at(`${name}.crt`)],
    );
  };
  /** Installs a new certificate that one authority signs, on a host that then trusts these. */
  const install = (signer: string, ...trusted: string[]): ScriptRun => {
    openssl(
      ...["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=pg1-srv"],
      ...["-addext", "subjectAltName=DNS:pg1-srv", "-keyout", at("host.key"), "-out", at("host.csr")],
    );
    const sign = ["-CA", at(`${signer}.crt`), "-CAkey", at(`${signer}.key`), "-CAcreateserial", "-days", "1"];
    openssl("x509", "-req", "-in", at("host.csr"), "-copy_extensions", "copy", ...sign, "-out", at("host.crt"));
    const input = ["host.key", "host.crt", ...trusted.map((name) => `${name}.crt`)].map((file) =>
      fs.readFileSync(at(file), "utf8"),
    );
    return host.run(
      "trust/certificate-install.sh",
      [`${os.userInfo().username}:root`, "pg1-srv", at("cert/host.key"), "server", "client"],
      input.join(""),
    );
  };
  const installed = (): string =>
    fs.readFileSync(at("cert/host.crt"), "utf8") + fs.readFileSync(at("cert/ca.crt"), "utf8");

  it("goes through the stages of a rotation, and refuses every step that leaves one out: the old pair stays", () => {
    for (const name of ["old", "new"]) makeAuthority(name);
    expect(install("old", "old").status).toBe(0);
    for (const [stage, leftOut] of [
      [
        ["old", "old"],
        ["new", "new", "old"],
      ],
      [
        ["old", "new", "old"],
        ["new", "new"],
      ],
      [
        ["new", "new", "old"],
        ["old", "old"],
      ],
      [
        ["new", "new"],
        ["old", "old"],
      ],
    ] as const) {
      const [signer, ...trusted] = stage;
      expect(install(signer, ...trusted)).toMatchObject({ status: 0 });
      const before = installed();
      const { status, stderr } = install(leftOut[0], ...leftOut.slice(1));
      expect(status, `${stage.join()} to ${leftOut.join()}`).toBe(1);
      expect(stderr).toContain(
        "an unstaged rotation of the authority would part this host from the others (hint: first lab:caStage trust; ./lab rotate-ca does it); the old pair stays\n",
      );
      expect(installed()).toBe(before);
    }
    expect(fs.readdirSync(host.folder).filter((name) => /^cert\./.test(name))).toHaveLength(1);
  });

  it("waits while this host's clock is behind the one of who signed", () => {
    makeAuthority("old");
    const early = "error 9 at 0 depth lookup: certificate is not yet valid";
    // OpenSSL says so twice.
    host.add(
      "openssl",
      `[[ $1 != verify || $(grep -c "^openssl verify" "$(dirname "$0")/../calls") -gt 2 ]] || { echo "${early}" >&2; exit 2; }
       exec /usr/bin/openssl "$@"`,
    );
    const { status, calls } = install("old", "old");
    expect(status).toBe(0);
    expect(calls.filter((call) => call.startsWith("openssl verify"))).toHaveLength(4);
  });

  it("leaves no key behind when nobody vouches for the certificate, and says what OpenSSL says", () => {
    for (const name of ["old", "new"]) makeAuthority(name);
    const { status, stderr } = install("new", "old");
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/unable to get local issuer certificate/);
    expect(stderr).not.toContain("unbound");
    expect(fs.readdirSync(host.folder).filter((name) => name.startsWith("cert"))).toEqual([]);
  });

  it("leaves the old pair where it is when the new one cannot take its place", () => {
    makeAuthority("old");
    install("old", "old");
    const before = installed();
    host.add("ln", "exit 1");
    expect(install("old", "old").status).toBe(1);
    expect(installed()).toBe(before);
  });

  it("takes away what a killed run left, and nothing of anybody else's", () => {
    makeAuthority("old");
    for (const left of ["cert.lab-Ab3Xy9Zq", "cert.original"]) fs.mkdirSync(at(left));
    install("old", "old");
    expect(install("old", "old").status).toBe(0);
    const there = fs.readdirSync(host.folder).filter((name) => name.startsWith("cert"));
    expect(there).toEqual(["cert", path.basename(fs.realpathSync(at("cert"))), "cert.original"]);
  });

  it("takes any pair when the authorities that are installed have expired: nobody trusts anybody any more", () => {
    for (const name of ["old", "new"]) makeAuthority(name);
    install("old", "old");
    host.add("openssl", `[[ $* != *checkend* ]] || exit 1; exec /usr/bin/openssl "$@"`);
    expect(install("new", "new")).toMatchObject({ status: 0 });
  });
});

describe("backup-plane/pgbackrest-server-start.sh", () => {
  it("fails when the server goes on to show another certificate, and says which", () => {
    const folder = host.path("cert");
    fs.mkdirSync(folder);
    const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
    fs.writeFileSync(path.join(folder, "host.crt"), pem("new"));
    fs.writeFileSync(host.path("shown"), pem("old"));
    host
      .add("systemctl", "[[ $1 != show ]] || echo no")
      .add("install", "")
      .add("pgbackrest", "")
      .add("openssl", `if [[ $1 == s_client ]]; then echo depth=0; cat ${host.path("shown")}; else echo serial=01; fi`);
    const start = (): ScriptRun =>
      host.run("backup-plane/pgbackrest-server-start.sh", ["postgres", "postgresql", "demo", folder]);
    const { status, stderr } = start();
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^the pgBackRest server on \S+ does not show the certificate in \S+cert\/host\.crt; it shows\nserial=01\n$/,
    );
    fs.writeFileSync(host.path("shown"), pem("new"));
    expect(start()).toMatchObject({ status: 0, stderr: "" });
  });
});
