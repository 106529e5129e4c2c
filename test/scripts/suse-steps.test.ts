import * as fs from "node:fs";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptRun, StandIns } from "../support/stand-ins";

const { ID = "", VERSION_ID = "" } = parseEnv(fs.readFileSync("/etc/os-release", "utf8"));
const HERE = `sles15: ${ID} ${VERSION_ID}`;
const URLS = "https://pgdg/KEY https://pgdg/repo.rpm";

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
});
afterEach(() => {
  host.remove();
});

const ZYPPER = "zypper --quiet --non-interactive";
const HOLD = `${ZYPPER} addlock pgbackrest`;
const SOURCES = [
  "rpm --import https://pgdg/KEY",
  `${ZYPPER} install https://pgdg/repo.rpm`,
  `${ZYPPER} modifyrepo --priority 90 pgdg-common pgdg-17`,
  `${ZYPPER} refresh`,
];
const changes = ({ calls }: ScriptRun): string[] => calls.filter((call) => /^(zypper|rpm --import|psql)/.test(call));

/** A host with these packages, and a zypper that does as said. */
function packages(installed: readonly string[], pgbackrest: string, zypper = ""): Readonly<Record<string, string>> {
  host.add("rpm", `[[ $1 == --import || " ${installed.join(" ")} " == *" $2 "* ]]`).add("zypper", zypper);
  host.add("pgbackrest", `echo pgBackRest ${pgbackrest}`);
  fs.writeFileSync(host.path("pgdg.repo"), "[pgdg-common]\nname=x\n\n[pgdg-17]\nname=y\n");
  return { "/etc/zypp/repos.d/pgdg-sles-all.repo": host.path("pgdg.repo") };
}

describe("backup-plane/packages-install-suse.sh", () => {
  const install = (installed: readonly string[], source = "pgdg", zypper = "", there = "2.60.0"): ScriptRun => {
    const places = packages(installed, there, zypper);
    const args = [HERE, source, URLS, "2.60.0", "postgresql17-server"];
    return host.run("backup-plane/packages-install-suse.sh", args, "", places);
  };

  it("installs what is missing, PGDG's before SLES's of the same name, and holds pgBackRest", () => {
    const run = install(["jq"]);
    expect(run.status, run.stderr).toBe(0);
    expect(changes(run)).toEqual([
      ...SOURCES,
      `${ZYPPER} removelock pgbackrest`,
      `${ZYPPER} install --no-recommends pgbackrest=2.60.0 openssl postgresql17-server`,
      HOLD,
      HOLD,
    ]);
  });

  it("leaves a host that has them as it is, and held", () => {
    const run = install(["pgbackrest-2.60.0", "openssl", "jq", "postgresql17-server"]);
    expect([run.status, changes(run)]).toEqual([0, [HOLD]]);
  });

  it("holds pgBackRest again when the packages cannot be had", () => {
    const run = install(["openssl", "jq", "postgresql17-server"], "mirror", "[[ $* != *install* ]] || exit 104");
    expect(run.status).toBe(104);
    expect(changes(run)).toEqual([
      `${ZYPPER} refresh`,
      `${ZYPPER} removelock pgbackrest`,
      `${ZYPPER} install --no-recommends pgbackrest=2.60.0`,
      HOLD,
    ]);
  });

  it("refuses a newer pgBackRest, before it changes anything", () => {
    const run = install([], "pgdg", "", "2.61.0");
    expect(run).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: pgBackRest 2.61.0 is installed and is not downgraded to 2.60.0, which may not read what 2.61.0 has written; hint: set lab:pgbackrestVersion to 2.61.0\n",
    });
    expect(changes(run)).toEqual([]);
  });

  it("refuses another system", () => {
    packages([], "2.60.0");
    const run = host.run("backup-plane/packages-install-suse.sh", ["sles15: sles 15", "pgdg", URLS, "2.60.0"]);
    expect([run.status, run.calls]).toEqual([1, []]);
    expect(run.stderr).toMatch(/^pg1-srv: lab:family is sles15, but the system is .*; hint: set lab:family or /);
  });
});

describe("backup-plane/packages-fetch-suse.sh", () => {
  const fetch = (installed: string, zypper = ""): ScriptRun => {
    const places = packages([`pgbackrest-${installed}`], installed, zypper);
    return host.run("backup-plane/packages-fetch-suse.sh", [HERE, "pgdg", URLS, "2.60.0"], "", places);
  };

  it("fetches the version with what it needs, and installs nothing", () => {
    const run = fetch("2.55.1");
    expect(run.status, run.stderr).toBe(0);
    expect(changes(run)).toEqual([
      ...SOURCES,
      `${ZYPPER} removelock pgbackrest`,
      `${ZYPPER} install --no-recommends --download-only pgbackrest=2.60.0`,
      HOLD,
    ]);
  });

  it("has nothing to do where the version is installed", () => {
    expect(changes(fetch("2.60.0"))).toEqual([]);
  });

  it("tells what the host cannot get, in the package manager's words, and holds pgBackRest again", () => {
    const run = fetch(
      "2.55.1",
      `[[ $* != *download-only* ]] || { echo "No provider of 'pgbackrest=2.60.0' found." >&2; exit 104; }`,
    );
    expect(run).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: pgBackRest 2.60.0 cannot be fetched; no host is upgraded; hint: lab:packages is pgdg: the host must reach it, and find this version there\n" +
        "No provider of 'pgbackrest=2.60.0' found.\n",
    });
    expect(changes(run).at(-1)).toBe(HOLD);
  });
});

it("backup-api/barman-packages-suse.sh installs what is missing", () => {
  const places = packages(["postgresql17-server"], "2.60.0");
  host.add("barman", "");
  const args = ["pgdg", URLS, "postgresql17-server", "barman", "python311-Flask"];
  const run = host.run("backup-api/barman-packages-suse.sh", args, "", places);
  expect(run.status, run.stderr).toBe(0);
  expect(changes(run)).toEqual([...SOURCES, `${ZYPPER} install --no-recommends barman python311-Flask`]);
});

describe("updates/updates-read-suse.sh", () => {
  const table = (...lines: string[]): string =>
    `printf '%s\\n' 'S  | Repository | Name' ${lines.map((line) => `'${line}'`).join(" ")}`;
  const read = (refresh = ""): ScriptRun => {
    const row = (mark: string, name: string, from: string, to: string): string =>
      `${mark} | pgdg | ${name} | ${from} | ${to} | x86_64`;
    const waiting = [row("v ", "postgresql17-server", "17.6-1", "17.7-1"), row("v ", "openssl", "1-1", "1-2")];
    host.add(
      "zypper",
      `case $* in
        *refresh) ${refresh || ":"} ;;
        *list-patches*) ${table("SLES | SUSE-2026-1 | security | important | --- | needed | 2026 | openssl", "", "1 patch needed (1 security patch)")} ;;
        *info*SUSE-2026-1) printf '%s\\n' 'Name        : SUSE-2026-1' 'Conflicts   : [2]' '    openssl.x86_64 < 1-2' '    srcpackage:openssl < 1-2' ;;
        *list-updates\\ --all) ${table(...waiting, row("vl", "pgbackrest", "2.55.1-1", "2.60.0-1"), row("v ", "postgresql17-server", "17.7-1", "18-1"))} ;;
        *list-updates) ${table(...waiting, row("v ", "postgresql17", "17.6-1", "17.7-1"), row("v ", "postgresql170", "1-1", "1-2"))} ;;
      esac`,
    );
    return host.run("updates/updates-read-suse.sh", ["17"]);
  };

  it("tells what waits, from the repositories that go first, and what is locked", () => {
    expect(read()).toMatchObject({
      status: 0,
      stdout: [
        "held pgbackrest 2.55.1-1 2.60.0-1",
        "postgresql postgresql17-server 17.6-1 17.7-1",
        "security openssl 1-1 1-2",
        "postgresql postgresql17 17.6-1 17.7-1",
        "other postgresql170 1-1 1-2",
        "",
      ].join("\n"),
    });
  });

  it("fails where the lists cannot be read", () => {
    expect(read("echo 'no route' >&2; exit 4")).toMatchObject({
      status: 1,
      stderr: "pg1-srv: cannot read the package lists\nno route\n",
    });
  });
});

describe("backup-api/apache-prepare-suse.sh", () => {
  const listen = (flags: string): string => {
    packages([], "2.60.0");
    host.add("a2enmod", "").add("systemctl", "[[ $1 != is-active ]]");
    const places = {
      "/etc/sysconfig/apache2": host.path("sysconfig"),
      "/etc/apache2/listen.conf": host.path("listen"),
    };
    fs.writeFileSync(host.path("sysconfig"), `APACHE_MODULES="ssl"\nAPACHE_SERVER_FLAGS="${flags}"\n`);
    fs.writeFileSync(host.path("listen"), "Listen 80\n<IfDefine SSL>\n    Listen 443\n</IfDefine>\n");
    const args = [host.path("pgbapi.conf")];
    for (const run of [1, 2]) {
      expect(host.run("backup-api/apache-prepare-suse.sh", args, "", places), `run ${run}`).toMatchObject({
        status: 0,
      });
    }
    return fs.readFileSync(host.path("listen"), "utf8");
  };

  it("listens on port 443 in place of 80", () => {
    expect(listen("")).toBe("Listen 443\n<IfDefine SSL>\n    Listen 443\n</IfDefine>\n");
  });

  it("listens there once where the flag SSL is set already", () => {
    expect(listen("STATUS SSL")).toBe("#Listen 80\n<IfDefine SSL>\n    Listen 443\n</IfDefine>\n");
  });
});
