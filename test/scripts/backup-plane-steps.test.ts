import * as fs from "node:fs";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptRun, StandIns } from "../support/stand-ins";

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
});
afterEach(() => {
  host.remove();
});

describe("backup-plane/packages-install-debian.sh", () => {
  const { ID = "", VERSION_ID = "" } = parseEnv(fs.readFileSync("/etc/os-release", "utf8"));
  const HERE = `debian12: ${ID} ${VERSION_ID}`;
  const install = (there: string, source = "distribution", from = "", locks = "", version = "2.45"): ScriptRun => {
    host.add("lslocks", locks).add("apt-get", `[[ $* != *--no-download* || -e ${host.path("fetched")} ]]`);
    for (const program of ["apt-mark", "install"]) host.add(program, "");
    host.add("dpkg-query", `printf '${there}'`).add("pgbackrest", `echo pgBackRest ${version}`);
    host.add("systemctl", "[[ $1 != show ]] || echo 412").add("readlink", `cat ${host.path("program")}`);
    fs.writeFileSync(host.path("bin/apt.postgresql.org.sh"), `#!/bin/bash\necho pgdg "$@" >>${host.path("calls")}\n`, {
      mode: 0o755,
    });
    return host.run("backup-plane/packages-install-debian.sh", [HERE, source, from, "2.45", "postgresql-15"], "", {
      "/usr/share/postgresql-common/pgdg/": "",
      "/etc/pgbackrest/pgbackrest.conf": host.path("pgbackrest.conf"),
    });
  };
  const changes = ({ calls }: ScriptRun): string[] => calls.filter((call) => /^(apt|pgdg|systemctl [^s])/.test(call));
  const HELD = "hold ok installed pgbackrest 2.45-1\\n";
  const TOOLS = "install ok installed openssl 3.5-1\\ninstall ok installed jq 1.7-1\\n";
  const SERVER = `${TOOLS}install ok installed postgresql-15 15.20-0\\n`;
  const APT = "apt-get install -y --no-install-recommends --allow-change-held-packages";
  const ALL = "pgbackrest=2.45-* openssl jq postgresql-15";

  it("leaves a host that has them as it is", () => {
    expect(changes(install(HELD + SERVER))).toEqual([]);
  });

  it("holds what is there and not held", () => {
    expect(changes(install(HELD.replace("hold", "install") + SERVER))).toEqual(["apt-mark hold pgbackrest"]);
  });

  it.each([
    ["nothing", "", ALL, ["apt-mark hold pgbackrest"]],
    ["pgBackRest alone", HELD, ALL.slice(18), []],
    ["an older version", HELD.replace("2.45", "2.39") + SERVER, "pgbackrest=2.45-*", ["apt-mark hold pgbackrest"]],
    [
      "a server that was removed",
      HELD + SERVER.replace("install ok installed postgresql", "deinstall ok config-files postgresql"),
      "postgresql-15",
      [],
    ],
  ])("installs exactly what is missing where there is %s", (_, there, missing, hold) => {
    expect(changes(install(there))).toEqual([
      `${APT} --no-download ${missing}`,
      "apt-get update",
      `${APT} ${missing}`,
      ...hold,
    ]);
  });

  it("installs what was fetched without asking for more", () => {
    fs.writeFileSync(host.path("fetched"), "");
    expect(changes(install(HELD.replace("2.45", "2.39") + SERVER))).toEqual([
      `${APT} --no-download pgbackrest=2.45-*`,
      "apt-mark hold pgbackrest",
    ]);
  });

  it("restarts a server that still runs the program that was replaced, also after an interruption", () => {
    fs.writeFileSync(host.path("pgbackrest.conf"), "");
    fs.writeFileSync(host.path("program"), "/usr/bin/pgbackrest");
    expect(changes(install(HELD + SERVER))).toEqual([]);
    fs.writeFileSync(host.path("program"), "/usr/bin/pgbackrest (deleted)");
    expect(changes(install(HELD + SERVER))).toEqual(["systemctl restart pgbackrest"]);
  });

  it("leaves a newer version alone, with the reason", () => {
    const run = install(HELD.replace("2.45", "2.60.0") + SERVER, "distribution", "", "", "2.60.0");
    expect(changes(run)).toEqual([]);
    expect(run).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: pgBackRest 2.60.0 is installed and is not downgraded to 2.45, which may not read what 2.60.0 has written; hint: set lab:pgbackrestVersion to 2.60.0\n",
    });
  });

  it("adds PGDG by its own package", () => {
    expect(changes(install("", "pgdg", "postgresql-common"))).toEqual([
      `${APT} --no-download ${ALL}`,
      "apt-get update",
      "apt-get install -y --no-install-recommends postgresql-common ca-certificates",
      "pgdg -y",
      ...["apt-get update", `${APT} ${ALL}`, "apt-mark hold pgbackrest"],
    ]);
  });

  it("waits for other programs that work on packages, and tells which one keeps it waiting", () => {
    const held = "echo 'unattended-upgr 412 /var/lib/dpkg/lock-frontend'";
    const once = `[[ -e ${host.path("asked")} ]] || ${held}; touch ${host.path("asked")}`;
    expect(changes(install(SERVER, "distribution", "", once))[0]).toBe(`${APT} --no-download pgbackrest=2.45-*`);
    expect(install(SERVER, "distribution", "", held)).toMatchObject({
      status: 1,
      stderr: `pg1-srv: other programs still work on packages: ${held.slice(6, -1)}; hint: wait for them\n`,
    });
    expect(install(HELD.replace("hold", "install") + SERVER, "distribution", "", held)).toMatchObject({ status: 1 });
  });
});

describe("backup-plane/repository-create.sh", () => {
  const create = (repository = host.path("repository")): ScriptRun => {
    for (const program of ["useradd", "install", "sed"]) host.add(program, "");
    return host.run("backup-plane/repository-create.sh", ["pgbackrest", repository], "", {
      "/etc/logrotate.d/pgbackrest": host.path("logrotate"),
    });
  };

  it("makes the account and its folders where they are missing", () => {
    host.add("id", "exit 1");
    expect(create().calls).toEqual([
      "id -u pgbackrest",
      "useradd --system --user-group --create-home --home-dir /var/lib/pgbackrest --shell /bin/bash pgbackrest",
      `install -d -o pgbackrest -g pgbackrest -m 0750 ${host.path("repository")}`,
      "install -d -o pgbackrest -g pgbackrest -m 0770 /var/log/pgbackrest",
    ]);
  });

  it("makes no folder for a store", () => {
    host.add("id", "");
    expect(create("")).toMatchObject({
      status: 0,
      calls: ["id -u pgbackrest", "install -d -o pgbackrest -g pgbackrest -m 0770 /var/log/pgbackrest"],
    });
  });

  it("keeps a repository that is there, with its owner and mode", () => {
    fs.mkdirSync(host.path("repository"));
    host.add("id", "");
    const { status, calls } = create();
    expect([status, calls.filter((call) => call.includes(host.path("repository")))]).toEqual([0, []]);
  });

  it("says whose a repository must be that its account cannot write to", () => {
    fs.mkdirSync(host.path("repository"));
    host.add("id", "").add("setpriv", "exit 1");
    const place = host.path("repository");
    expect(create()).toMatchObject({
      status: 1,
      stderr: `pg1-srv: account pgbackrest cannot write to repository ${place}; hint: chown -R pgbackrest:pgbackrest ${place}\n`,
    });
  });
});

describe("backup-plane/handshake-prove.sh", () => {
  const prove = (openssl: string): ScriptRun => {
    host.add("openssl", openssl);
    return host.run("backup-plane/handshake-prove.sh", ["postgres", "/etc/pgbackrest/cert", "backup-srv"]);
  };

  it("takes the server's greeting as the proof", () => {
    expect(prove(`echo depth=0; echo '{"name":"pgBackRest","version":"2.45"}'; exec sleep 8`)).toMatchObject({
      status: 0,
      stderr: "",
    });
  });

  it.each([
    ["verify error:num=10:certificate has expired", "echo 'verify error:num=10:certificate has expired'; echo error"],
    ["no greeting from port 8432", "echo 'verify return:1'"],
  ])("fails with what OpenSSL says first: %s", (problem, openssl) => {
    expect(prove(openssl)).toMatchObject({
      status: 1,
      stderr: `pg1-srv: no TLS handshake as postgres with the pgBackRest server on backup-srv, port 8432: ${problem}\n`,
    });
  });
});
