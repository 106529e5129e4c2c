import * as fs from "node:fs";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptRun, StandIns } from "../support/stand-ins";

const { ID = "", VERSION_ID = "" } = parseEnv(fs.readFileSync("/etc/os-release", "utf8"));

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
});
afterEach(() => {
  host.remove();
});

const changes = ({ calls }: ScriptRun): string[] => calls.filter((call) => /^(apt-get|dnf)/.test(call));
const NEWER =
  "pg1-srv: pgBackRest 2.60.0 is installed and is not downgraded to 2.55.1, which may not read what 2.60.0 has written; hint: set lab:pgbackrestVersion to 2.60.0\n";

describe("backup-plane/packages-fetch-debian.sh", () => {
  const fetch = (installed: string, wanted: string, apt = ""): ScriptRun => {
    host.add("lslocks", "").add("apt-get", apt).add("dpkg-query", `printf 'installed ${installed}-1'`);
    host.add("pgbackrest", `echo pgBackRest ${installed}`);
    return host.run("backup-plane/packages-fetch-debian.sh", [
      ...[`debian13: ${ID} ${VERSION_ID}`, "distribution", "", wanted, "postgresql-17"],
    ]);
  };

  it("fetches the version with what it needs, and installs nothing", () => {
    const run = fetch("2.55.1", "2.60.0");
    expect(run.status, run.stderr).toBe(0);
    expect(changes(run)).toEqual([
      "apt-get update",
      "apt-get install -y --no-install-recommends --allow-change-held-packages --download-only pgbackrest=2.60.0-*",
    ]);
  });

  it("has nothing to do where the version is installed", () => {
    expect(changes(fetch("2.60.0", "2.60.0"))).toEqual([]);
  });

  it("refuses an older one, with the reason", () => {
    const run = fetch("2.60.0", "2.55.1");
    expect(run).toMatchObject({ status: 1, stderr: NEWER });
    expect(changes(run)).toEqual([]);
  });

  it("tells what the host cannot get, in the package manager's words", () => {
    const apt =
      "[[ $1 == update ]] || { echo Reading; echo \"E: Version '2.60.0-*' for 'pgbackrest' was not found\" >&2; exit 100; }";
    expect(fetch("2.55.1", "2.60.0", apt)).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: pgBackRest 2.60.0 cannot be fetched; no host is upgraded; hint: lab:packages is distribution: the host must reach it, and find this version there\n" +
        "E: Version '2.60.0-*' for 'pgbackrest' was not found\n",
    });
  });
});

describe("backup-plane/packages-fetch-el.sh", () => {
  const fetch = (installed: string, wanted: string): ScriptRun => {
    host.add("rpm", `[[ $* == "-q pgbackrest-${installed}" ]]`).add("dnf", "");
    host.add("pgbackrest", `echo pgBackRest ${installed}`);
    return host.run("backup-plane/packages-fetch-el.sh", [
      ...[`el8: ${ID} ${VERSION_ID}`, "mirror", "https://pgdg/repo.rpm", wanted, "postgresql14-server"],
    ]);
  };

  it("fetches the version with what it needs, whatever version is locked, and installs nothing", () => {
    const run = fetch("2.55.1", "2.60.0");
    expect(run.status, run.stderr).toBe(0);
    expect(changes(run)).toEqual([
      "dnf -qy module disable postgresql",
      "dnf install -y --disableplugin=versionlock --downloadonly pgbackrest-2.60.0",
    ]);
  });

  it("has nothing to do where the version is installed, and refuses an older one", () => {
    expect(changes(fetch("2.60.0", "2.60.0"))).toEqual([]);
    expect(fetch("2.60.0", "2.55.1")).toMatchObject({ status: 1, stderr: NEWER });
  });
});

describe("backup-plane/archiving-prove.sh", () => {
  const prove = (code: number, { held = false, check = "", isNew = false } = {}): ScriptRun => {
    if (!isNew) fs.writeFileSync(host.path("pgbackrest.conf"), "");
    const info = JSON.stringify([{ status: { code, lock: { backup: { held } } } }]);
    host.add("pgbackrest", `if [[ $* == *info ]]; then echo '${info}'; else ${check || ":"}; fi`);
    return host.run("backup-plane/archiving-prove.sh", ["pgbackrest", "demo"], "", {
      "/etc/pgbackrest/pgbackrest.conf": host.path("pgbackrest.conf"),
    });
  };
  const checks = ({ calls }: ScriptRun): number => calls.filter((call) => call.endsWith(" check")).length;
  const failing = (words: string): string => `echo "P00  ERROR: ${words}"; exit 82`;

  it("has pgBackRest check the stanza", () => {
    const run = prove(0);
    expect([run.status, checks(run)]).toEqual([0, 1]);
  });

  it.each([
    ["a host without a configuration", 0, { isNew: true }],
    ["a repository without the stanza", 1, {}],
    ["a stanza without data", 3, {}],
  ])("passes %s: the lab was never complete", (_, code, more) => {
    const run = prove(code, more);
    expect([run.status, checks(run)]).toEqual([0, 0]);
  });

  it("passes hosts of different versions, which the upgrade makes the same", () => {
    const said = "[103]: expected value '2.60.0' for greeting key 'version' but got '2.55.1'";
    expect(prove(99, { check: failing(said) }).status).toBe(0);
  });

  it("refuses where no WAL arrives, with pgBackRest's words", () => {
    expect(prove(0, { check: failing("[082]: WAL segment was not archived") })).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: no WAL of stanza demo arrives, and pgBackRest is not upgraded before it does; hint: ./lab doctor\nP00  ERROR: [082]: WAL segment was not archived\n",
    });
  });

  it("refuses while a backup runs", () => {
    expect(prove(0, { held: true })).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: a backup of stanza demo runs, which an upgrade of pgBackRest would interrupt; hint: wait for it\n",
    });
  });
});
