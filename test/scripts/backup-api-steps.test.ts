import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StandIns } from "../support/stand-ins";

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
});
afterEach(() => {
  host.remove();
});

/** The calls of a preparation, which edits files of the machine: `sed -i` is seen, not done. */
function prepare(family: string): readonly string[] {
  const { status, stderr, calls } = host
    .add("sed", "")
    .add("install", "")
    .add("systemctl", "")
    .run(`backup-api/apache-prepare-${family}.sh`, [host.path("pgbapi.conf")]);
  expect(status, stderr).toBe(0);
  return calls;
}

describe("backup-api/apache-prepare-el.sh", () => {
  it("closes port 80, takes the stock host out of ssl.conf, and lets httpd connect", () => {
    host.add("rpm", "exit 1").add("dnf", "").add("selinuxenabled", "").add("setsebool", "").add("firewall-cmd", "");
    expect(prepare("el")).toEqual([
      "rpm -q httpd mod_ssl curl",
      "dnf install -y httpd mod_ssl curl",
      "sed -i s/^Listen 80$/#Listen 80/ /etc/httpd/conf/httpd.conf",
      "sed -i /^<VirtualHost /,/^<\\/VirtualHost>/s/^[^#]/#&/ /etc/httpd/conf.d/ssl.conf",
      `install -m 0644 /dev/null ${host.path("pgbapi.conf")}`,
      "selinuxenabled ",
      "setsebool -P httpd_can_network_connect on",
      "systemctl is-active --quiet firewalld",
      "firewall-cmd --quiet --permanent --add-service=https",
      "firewall-cmd --quiet --add-service=https",
      "systemctl enable --quiet httpd",
    ]);
  });

  it("leaves packages that are there, and a host without SELinux, as they are", () => {
    host.add("rpm", "").add("dnf", "").add("selinuxenabled", "exit 1").add("setsebool", "").add("firewall-cmd", "");
    expect(prepare("el").filter((call) => /^(dnf|setsebool)/.test(call))).toEqual([]);
  });

  it("comments out every line of the stock host, once, and keeps `Listen 443`", () => {
    const text = fs.readFileSync(
      path.join(__dirname, "..", "..", "scripts", "backup-api/apache-prepare-el.sh"),
      "utf8",
    );
    const edit = /sed -i '(\/\^<VirtualHost[^']*)'/.exec(text)?.[1] ?? "";
    const stock =
      "Listen 443 https\n<VirtualHost _default_:443>\n# a comment\nSSLEngine on\n\n</VirtualHost>\nSSLRandomSeed x\n";
    const once = execFileSync("sed", [edit], { input: stock, encoding: "utf8" });
    expect(once).toBe(
      "Listen 443 https\n#<VirtualHost _default_:443>\n# a comment\n#SSLEngine on\n\n#</VirtualHost>\nSSLRandomSeed x\n",
    );
    expect(execFileSync("sed", [edit], { input: once, encoding: "utf8" })).toBe(once);
  });
});

describe("backup-api/apache-prepare-suse.sh", () => {
  it("listens on port 443 in place of 80, with its modules, through firewalld", () => {
    host.add("rpm", "exit 1").add("zypper", "").add("a2enmod", "").add("grep", "exit 1").add("firewall-cmd", "");
    expect(prepare("suse")).toEqual([
      "rpm -q apache2",
      "rpm -q curl",
      "zypper --quiet --non-interactive install --no-recommends apache2 curl",
      "grep -qE ^APACHE_SERVER_FLAGS=.*\\bSSL\\b /etc/sysconfig/apache2",
      "sed -i s/^Listen 80$/Listen 443/ /etc/apache2/listen.conf",
      "a2enmod ssl",
      "a2enmod proxy",
      "a2enmod proxy_http",
      "a2enmod allowmethods",
      `install -m 0644 /dev/null ${host.path("pgbapi.conf")}`,
      "systemctl is-active --quiet firewalld",
      "firewall-cmd --quiet --permanent --add-service=https",
      "firewall-cmd --quiet --add-service=https",
      "systemctl enable --quiet apache2",
    ]);
  });
});

describe("backup-api/apache-prepare-debian.sh", () => {
  it.each([
    ["not there", "exit 1", true],
    ["removed, with its files left, beside a curl that is there", "echo config-files; echo installed", true],
    ["there", "echo installed; echo installed", false],
  ])("installs Apache when it is %s: %s", (_, dpkg, installs) => {
    for (const program of ["apt-get", "lslocks", "a2enmod", "a2dissite", "a2ensite"]) host.add(program, "");
    host.add("dpkg-query", dpkg);
    expect(prepare("debian").includes("apt-get install -y --no-install-recommends apache2 curl")).toBe(installs);
  });
});

describe("backup-api/apache-host-install.sh", () => {
  const install = (configtest: string): ReturnType<StandIns["run"]> => {
    fs.writeFileSync(host.path("pgbapi.conf"), "old");
    fs.writeFileSync(host.path("pgbapi.conf.next"), "new");
    return host
      .add("httpdctl", configtest)
      .add("systemctl", "")
      .add("ss", "[[ $* != *443 ]] || echo LISTEN")
      .run("backup-api/apache-host-install.sh", [
        "httpd",
        "httpdctl",
        host.path("pgbapi.conf"),
        "/usr/local/lib/pgbapi",
      ]);
  };

  it("tests the configuration, then reloads", () => {
    const { status, calls } = install(`grep -qx new ${host.path("pgbapi.conf")}`);
    expect(status).toBe(0);
    expect(calls.slice(0, 3)).toEqual([
      "httpdctl configtest",
      "systemctl is-active --quiet httpd",
      "systemctl reload httpd",
    ]);
    expect(fs.readFileSync(host.path("pgbapi.conf"), "utf8")).toBe("new");
  });

  it("puts the old one back when the new one is refused, and does not touch the server", () => {
    expect(install("echo Syntax error; exit 1")).toMatchObject({
      status: 1,
      stderr: "pg1-srv: httpdctl refuses the new configuration; the old one stays: Syntax error\n",
      calls: ["httpdctl configtest"],
    });
    expect(fs.readFileSync(host.path("pgbapi.conf"), "utf8")).toBe("old");
  });
});

describe("backup-api/pg-backup-api-package.sh", () => {
  const WAYS = "edb, or another";
  const install = (format: string, input = "s3cret-token"): ReturnType<StandIns["run"]> =>
    host.run("backup-api/pg-backup-api-package.sh", [format, "2.2.0", WAYS], input);
  /** A curl that keeps what it is told, gives a script, and ends as said. */
  const curl = (script: string, end = ""): void => {
    fs.writeFileSync(
      host.path("bin/curl"),
      `#!/bin/bash\necho "curl $*" >>${host.path("calls")}\ncat >${host.path("input")}\nprintf '%s' '${script}' >"\${@: -1}"\n${end}\n`,
      { mode: 0o755 },
    );
  };
  const ran = (): boolean => fs.existsSync(host.path("ran"));

  it("gives curl the token as its configuration, never as an argument, and runs what it got", () => {
    host.add("dnf", "");
    curl(`touch ${host.path("ran")}`);
    const { status, calls, stderr } = install("rpm");
    expect([status, stderr, ran()]).toEqual([0, "", true]);
    expect(calls.join("\n")).not.toContain("s3cret-token");
    expect(fs.readFileSync(host.path("input"), "utf8")).toBe(
      'url = "https://downloads.enterprisedb.com/s3cret-token/enterprise/setup.rpm.sh"\n',
    );
    expect(calls.at(-1)).toBe("dnf install -y pg-backup-api-2.2.0*");
  });

  it("asks apt for the version, in apt's words, and sets the repository up each time: the token may be a new one", () => {
    host.add("apt-get", "");
    curl("");
    for (let run = 1; run <= 2; run++) {
      expect(install("deb").calls.map((call) => call.replace(/ --output .*/, ""))).toEqual([
        "curl --config - --fail --silent --show-error --max-time 60",
        "apt-get install -y --no-install-recommends pg-backup-api=2.2.0*",
      ]);
    }
  });

  it.each(['a"\noutput = "/etc/passwd', "a b", "a/../b", ""])("takes no token that curl could misread: %j", (token) => {
    host.add("dnf", "");
    curl("");
    expect(install("rpm", token)).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: the token of the EDB account must consist of letters, digits, _ and -; hint: see the file that lab:backupApiTokenFile names\n",
      calls: [],
    });
  });

  it("runs no part of a script that was cut off, and lists the four ways", () => {
    host.add("dnf", "");
    curl(`touch ${host.path("ran")}; `, "echo transfer closed >&2; exit 18");
    const run = install("rpm");
    expect(run.stderr).toBe(
      "transfer closed\npg1-srv: EDB's repository cannot be set up; hint: lab:backupApiSource may be edb, or another\n",
    );
    expect([run.status, ran(), run.calls.filter((call) => call.startsWith("dnf"))]).toEqual([1, false, []]);
  });

  it("installs nothing when EDB's script fails", () => {
    host.add("dnf", "");
    curl("echo no such account >&2; exit 3");
    const run = install("rpm");
    expect(run.stderr).toBe("no such account\npg1-srv: EDB's script that sets up its repository fails\n");
    expect([run.status, run.calls.filter((call) => call.startsWith("dnf"))]).toEqual([1, []]);
  });

  it("installs by zypper on SLES, where a file needs no signature", () => {
    host.add("zypper", "");
    curl("");
    expect(install("rpm").calls.at(-1)).toBe(
      "zypper --non-interactive install --allow-unsigned-rpm pg-backup-api-2.2.0*",
    );
  });

  it("lists the four ways when the package cannot be had", () => {
    host.add("dnf", "exit 1");
    curl("");
    expect(install("rpm")).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: pg-backup-api cannot be installed as a package; hint: lab:backupApiSource may be edb, or another\n",
    });
  });

  it("installs the file that it is sent, and leaves no copy of it", () => {
    host.add("dnf", `cp "$3" ${host.path("got")}; echo "$3" >${host.path("where")}`);
    const content = Buffer.from("a package").toString("base64");
    expect(host.run("backup-api/pg-backup-api-package.sh", ["rpm", "", WAYS], content).status).toBe(0);
    expect(fs.readFileSync(host.path("got"), "utf8")).toBe("a package");
    expect(fs.existsSync(fs.readFileSync(host.path("where"), "utf8").trim())).toBe(false);
  });
});

describe("backup-api/barman-backup.sh", () => {
  it("takes a backup when there is none, and none the second time", () => {
    const taken = host.path("taken");
    host.add(
      "barman",
      `case $* in *list-backup*) if [[ -e ${taken} ]]; then echo '{"demo":[{"status":"DONE","end_time_timestamp":"9"}]}'; else echo '{}'; fi ;;
       backup*) touch ${taken} ;; esac`,
    );
    expect(host.run("backup-api/barman-backup.sh", ["demo"])).toMatchObject({ status: 0 });
    expect(host.run("backup-api/barman-backup.sh", ["demo"]).calls).not.toContain("barman backup demo");
  });

  it("completes the segment that the backup still needs, where nobody writes", () => {
    const complete = host.path("complete");
    host.add(
      "barman",
      `case $* in *list-backup*) [[ -e ${complete} ]] && echo '{"demo":[{"status":"DONE","end_time_timestamp":"9"}]}' ||
         echo '{"demo":[{"status":"WAITING_FOR_WALS"}]}' ;;
       switch-wal*) touch ${complete} ;; esac`,
    );
    const { status, calls } = host.run("backup-api/barman-backup.sh", ["demo"]);
    expect(status).toBe(0);
    expect(calls.filter((call) => !call.includes("list-backup"))).toEqual(
      ["backup", "switch-wal", "archive-wal", "check-backup", "check"].map(
        (command) => `barman ${command} demo${command === "check-backup" ? " latest" : ""}`,
      ),
    );
  });
});

describe("backup-api/barman-backup.sh, of a server that began anew", () => {
  it("takes another backup, whose WAL has no hole, and none the second time", () => {
    const taken = host.path("taken");
    fs.mkdirSync(host.path("demo/streaming.diverged-20261127T145217Z"), { recursive: true });
    const listed = (...ends: number[]): string =>
      JSON.stringify({ demo: ends.map((end) => ({ status: "DONE", end_time_timestamp: String(end) })) });
    const later = Math.floor(Date.now() / 1000) + 60;
    host.add(
      "barman",
      `case $* in *list-backup*) [[ -e ${taken} ]] && echo '${listed(9, later)}' || echo '${listed(9)}' ;; backup*) touch ${taken} ;; esac`,
    );
    const run = () => host.run("backup-api/barman-backup.sh", ["demo"], "", { "/var/lib/barman": host.folder });
    expect(run().calls).toContain("barman backup demo");
    const { status, calls } = run();
    expect([status, calls.includes("barman backup demo")]).toEqual([0, false]);
  });
});

describe("backup-api/barman-restore-prove.sh", () => {
  const prove = (spaces: readonly string[]) => {
    const backup = JSON.stringify({ demo: { tablespaces: spaces.map((name) => ({ name, location: "/srv/space" })) } });
    host
      .add(
        "barman",
        `case $* in *show-backup*) echo '${backup}' ;; *list-backup*) echo '{"demo":[{"backup_id":"B"}]}' ;; esac`,
      )
      .add("psql", "echo 7");
    fs.mkdirSync(host.path("bin15"));
    fs.writeFileSync(host.path("bin15/pg_ctl"), "#!/bin/bash\n", { mode: 0o755 });
    const run = host.run("backup-api/barman-restore-prove.sh", ["demo", "host=pg1-srv", host.path("bin15")], "", {
      "/var/lib/barman": host.folder,
    });
    expect(run).toMatchObject({ status: 0, stdout: "B\n" });
    const scratch = new RegExp(`${host.path("restore")}\\.\\w{8}`, "g");
    return run.calls.filter((call) => call.includes("recover")).map((call) => call.replaceAll(scratch, "SCRATCH"));
  };

  it("restores into a folder of its own", () => {
    expect(prove([])).toEqual(["barman recover demo latest SCRATCH/data"]);
  });

  it("restores no tablespace to its own place, which may be somebody else's on this host", () => {
    expect(prove(["space", "a b"])).toEqual([
      "barman recover --tablespace space:SCRATCH/tablespace-0 --tablespace a b:SCRATCH/tablespace-2 demo latest SCRATCH/data",
    ]);
  });
});

describe("backup-api/barman-packages-el.sh", () => {
  it("installs what is missing from PGDG and EPEL, with the module off that hides them", () => {
    host.add("rpm", "exit 1").add("dnf", "").add("barman", "");
    const { status, calls } = host.run("backup-api/barman-packages-el.sh", [
      "pgdg",
      "pgdg.rpm epel.rpm",
      "postgresql14-server",
      "barman",
    ]);
    expect(status).toBe(0);
    expect(calls.filter((call) => call.startsWith("dnf"))).toEqual([
      "dnf install -y pgdg.rpm epel.rpm",
      "dnf -qy module disable postgresql",
      "dnf install -y postgresql14-server barman",
    ]);
  });
});

describe("backup-api/pg-backup-api-install.sh", () => {
  const LINK = "pg-backup-api";
  /** A python3 whose virtual environment has a pip that ends as said. */
  const python = (pip = ""): void => {
    const inner = `#!/bin/bash\necho "pip $*" >>${host.path("calls")}\n[[ $* != *pip* ]] || { cat >/dev/null; ${pip || ":"}; }\n`;
    fs.writeFileSync(host.path("inner"), inner, { mode: 0o755 });
    host.add("python3.11", `mkdir -p "\${@: -1}/bin"; cp ${host.path("inner")} "\${@: -1}/bin/python3"`);
    fs.writeFileSync(host.path("bin/barman"), `#!${host.path("bin/python3.11")} -s\n`, { mode: 0o755 });
  };
  const install = (digest: string) =>
    host.run("backup-api/pg-backup-api-install.sh", [
      ...[host.path(LINK), digest, "https://index.example", "pg-backup-api==2.2.0", "edb, or another"],
    ]);
  const environments = (): string[] => fs.readdirSync(host.folder).filter((name) => name.startsWith(LINK));

  it("links a complete environment, keeps the one that runs, and takes older ones away", () => {
    python();
    for (const digest of ["one", "two", "three"]) expect(install(digest)).toMatchObject({ status: 0, stderr: "" });
    expect(fs.readlinkSync(host.path(LINK))).toBe(`${LINK}.three`);
    expect(environments()).toEqual([LINK, `${LINK}.three`, `${LINK}.two`]);
    expect(install("three").calls).toEqual([]);
  });

  it("leaves the link where it is when the new environment cannot be made", () => {
    python();
    install("one");
    python("echo no route >&2; exit 1");
    expect(install("two")).toMatchObject({
      status: 1,
      stderr:
        "no route\npg1-srv: pg-backup-api cannot be installed from https://index.example; hint: lab:backupApiSource may be edb, or another\n",
    });
    expect(fs.readlinkSync(host.path(LINK))).toBe(`${LINK}.one`);
    expect(fs.existsSync(host.path(`${LINK}.two/complete`))).toBe(false);
  });
});

describe("backup-api/barman-check.sh", () => {
  const check = () => host.run("backup-api/barman-check.sh", ["demo", "host=pg1-srv", "barman.timer", "barman_srv"]);

  it("switches to a new segment until one has arrived", () => {
    const switched = host.path("switched");
    host.add("systemctl", "").add("psql", `[[ $* != *pg_switch_wal* ]] || touch ${switched}`);
    host.add("barman", `[[ $1 != check || -e ${switched} ]] || { echo "WAL archive: FAILED"; exit 1; }`);
    const { status, stderr, calls } = check();
    expect([status, stderr]).toEqual([0, ""]);
    expect(calls.filter((call) => call.startsWith("barman"))).toEqual([
      ...["barman check demo", "barman archive-wal demo", "barman cron", "barman check demo"],
    ]);
  });

  it("first drops a slot that PostgreSQL has given up, from which Barman may stream nevertheless", () => {
    host.add("systemctl", "").add("psql", "[[ $* != *invalidation_reason*barman_srv* ]] || echo t").add("barman", "");
    expect(check().calls.filter((call) => call.startsWith("barman"))).toEqual([
      "barman receive-wal --stop demo",
      "barman receive-wal --drop-slot demo",
      "barman check demo",
    ]);
  });

  it("says what barman says when it goes on to fail", () => {
    host.add("systemctl", "").add("psql", "exit 2");
    host.add("barman", '[[ $1 != check ]] || { echo "WAL archive: FAILED"; exit 1; }');
    expect(check()).toMatchObject({
      status: 1,
      stderr: "pg1-srv: barman check demo fails: WAL archive: FAILED\n",
    });
  });
});

describe("backup-api/barman-check.sh, of a primary that has not the WAL that Barman asks for", () => {
  it.each([
    "ERROR:  requested WAL segment 00000001000000000000000D has already been removed",
    "ERROR:  requested starting point 0/9000000 is ahead of the WAL flush position of this server 0/8000148",
    "ERROR:  requested starting point 0/9000000 on timeline 1 is not in this server's history",
  ])("begins anew, and keeps what Barman was writing: %s", (answer) => {
    const [log, streaming] = [host.path("log"), host.path("demo/streaming")];
    fs.mkdirSync(streaming, { recursive: true });
    fs.writeFileSync(path.join(streaming, "00000001000000000000000D.partial"), "WAL");
    fs.writeFileSync(log, "ERROR:  requested WAL segment 000000010000000000000001 has already been removed\n");
    host.add("systemctl", "").add("psql", "");
    host.add(
      "barman",
      `case $* in check*) [[ ! -e ${streaming} ]] || exit 1 ;; cron) [[ ! -e ${streaming} ]] || printf '%s\\n' "${answer}" >>${log} ;; receive-wal*) exit 1 ;; esac`,
    );
    const run = host.run("backup-api/barman-check.sh", ["demo", "host=pg1-srv", "cron", "barman_srv"], "", {
      "/var/lib/barman": host.folder,
      "/var/log/barman/barman.log": log,
    });
    expect([run.status, run.stderr]).toEqual([
      0,
      expect.stringMatching(
        /^moved aside: pg1-srv: the primary does not have the WAL that Barman asks for next; it is now \S+\/demo\/streaming\.diverged-\d{8}T\d{6}Z\n$/,
      ),
    ]);
    const [aside = ""] = fs.readdirSync(host.path("demo"));
    expect(fs.readdirSync(host.path(`demo/${aside}`))).toEqual(["00000001000000000000000D.partial"]);
    expect(run.calls.filter((call) => call.startsWith("barman receive-wal"))).toEqual([
      "barman receive-wal --stop demo",
      "barman receive-wal --drop-slot demo",
    ]);
  });
});

describe("backup-api/ports-prove.sh", () => {
  const prove = (open: string) => {
    host.add("timeout", `[[ $* == *"/${open}"* ]]`);
    return host.run("backup-api/ports-prove.sh", ["barman-srv", "443", "80", "7480"]);
  };

  it("wants the one open and the others closed", () => {
    expect(prove("443")).toMatchObject({ status: 0, stderr: "" });
    expect(prove("80")).toMatchObject({
      status: 1,
      stderr: "pg1-srv: port 443 of barman-srv must be open, but is closed\n",
    });
    expect(prove("")).toMatchObject({
      status: 1,
      stderr: "pg1-srv: port 80 of barman-srv must be closed, but is open\n",
    });
  });
});

describe("backup-api/pg-backup-api-start.sh", () => {
  const start = (curl: string, listens: string) => {
    for (const program of ["install", "systemctl", "tail"]) host.add(program, "");
    host.add("journalctl", "echo last words").add("curl", curl).add("ss", `echo "LISTEN 0 5 ${listens} *"`);
    return host.run("backup-api/pg-backup-api-start.sh", ["127.0.0.1:7480"]);
  };

  it("is content with an answer on its own address alone", () => {
    expect(start("echo '\"OK\"'", "127.0.0.1:7480")).toMatchObject({ status: 0, stderr: "" });
  });

  it("says what it answers, and what it said last, when that is not OK", () => {
    expect(start("echo refused; exit 7", "127.0.0.1:7480")).toMatchObject({
      status: 1,
      stderr: 'pg1-srv: pg-backup-api does not answer "OK" at 127.0.0.1:7480: refused\nlast words\n',
    });
  });

  it("refuses an address that others reach", () => {
    expect(start("echo '\"OK\"'", "0.0.0.0:7480")).toMatchObject({
      status: 1,
      stderr: "pg1-srv: pg-backup-api listens on other addresses than 127.0.0.1:7480; hint: ss -ltnp\n",
    });
  });
});
