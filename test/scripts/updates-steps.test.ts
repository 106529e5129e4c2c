import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptRun, StandIns } from "../support/stand-ins";

let host: StandIns;
beforeEach(() => {
  host = new StandIns();
});
afterEach(() => {
  host.remove();
});

const changes = ({ calls }: ScriptRun): string[] =>
  calls.filter((call) => /^(apt-get|dnf|zypper|systemctl|psql)/.test(call));

describe("updates/updates-read-debian.sh", () => {
  const LISTED = [
    "Listing...",
    "libssl3t64/stable-security 3.5.1-2 amd64 [upgradable from: 3.5.1-1]",
    "postgresql-17/stable-security 17.7-0 amd64 [upgradable from: 17.6-0]",
    "pgbackrest/unknown 2.60.0-2 amd64 [upgradable from: 2.55.1-1]",
    "libheld17/stable 17.7-0 amd64 [upgradable from: 17.6-0]",
    "libpq5/stable-backports 18.1-1 amd64 [upgradable from: 17.6-0]",
    "tzdata/stable-updates,now 2026b all [upgradable from: 2026a]",
  ];
  const read = (): ScriptRun => {
    host.add("lslocks", "").add("apt-mark", "printf 'pgbackrest\\nlibheld17\\n'");
    host.add("dpkg-query", "printf 'postgresql-17 %s\\n' postgresql-17 libheld17 libpq5; echo openssl libssl3t64");
    host.add("apt", `cat <<'END'\n${LISTED.join("\n")}\nEND`);
    return host.run("updates/updates-read-debian.sh", ["17"]);
  };

  it("tells what waits, and what is held; another major version is none of PostgreSQL's", () => {
    host.add("apt-get", "");
    const run = read();
    expect(run).toMatchObject({
      status: 0,
      stdout: [
        "security libssl3t64 3.5.1-1 3.5.1-2",
        "postgresql postgresql-17 17.6-0 17.7-0",
        "held pgbackrest 2.55.1-1 2.60.0-2",
        "held libheld17 17.6-0 17.7-0",
        "other libpq5 17.6-0 18.1-1",
        "other tzdata 2026a 2026b",
        "",
      ].join("\n"),
    });
    expect(changes(run)).toEqual(["apt-get update"]);
  });

  it("fails where the lists cannot be read", () => {
    host.add("apt-get", "echo 'E: no space' >&2; exit 100");
    expect(read()).toMatchObject({ status: 1, stderr: "pg1-srv: cannot read the package lists\nE: no space\n" });
  });
});

it("updates/updates-read-el.sh tells what waits, and what is locked", () => {
  host.add(
    "rpm",
    "printf 'installed %s\\n' 'postgresql14-server 14.22-1' 'postgresql14 14.22-1' 'openssl 1-1' 'pgbackrest 2.55.1-1' 'tar 1-1'",
  );
  host.add(
    "dnf",
    `case $* in
      *versionlock*) printf '%s\\n' 'postgresql14-server 14.23-1' 'openssl 1-2' 'pgbackrest 2.60.0-1' 'tar 1-2' ;;
      *--security*) echo 'openssl 1-2' ;;
      *) printf '%s\\n' 'postgresql14-server 14.23-1' 'openssl 1-2' 'tar 1-2' ;;
    esac`,
  );
  expect(host.run("updates/updates-read-el.sh", ["14"])).toMatchObject({
    status: 0,
    stdout: [
      "postgresql postgresql14-server 14.22-1 14.23-1",
      "security openssl 1-1 1-2",
      "held pgbackrest 2.55.1-1 2.60.0-1",
      "other tar 1-1 1-2",
      "",
    ].join("\n"),
  });
});

describe.each([
  ["debian", "apt-get install -y --no-install-recommends --allow-change-held-packages --only-upgrade"],
  ["el", "dnf upgrade -y"],
  ["suse", "zypper --quiet --non-interactive update --no-recommends"],
])("updates/postgresql-update-%s.sh", (family, install) => {
  const update = (program: string, manager = ""): ScriptRun => {
    for (const one of ["apt-get", "dnf", "zypper"]) host.add(one, manager);
    host.add("lslocks", "").add("systemctl", "").add("readlink", `echo '${program}'`);
    fs.writeFileSync(host.path("psql"), '#!/bin/bash\necho "psql ${*: -1}" >>"${0%/*}/calls"\n', { mode: 0o755 });
    return host.run(`updates/postgresql-update-${family}.sh`, [
      ...[host.folder, host.folder, "postgresql.service", "postgresql-17", "libpq5"],
    ]);
  };
  const UPDATED = ["psql CHECKPOINT", `${install} postgresql-17 libpq5`];

  it("leaves a server that the package has restarted alone", () => {
    fs.writeFileSync(host.path("postmaster.pid"), "412\n");
    expect(changes(update("/usr/lib/postgresql/17/bin/postgres"))).toEqual([...UPDATED, "psql SELECT 1"]);
  });

  it("restarts one that still runs the old program, and one that the package has stopped", () => {
    const restarted = [...UPDATED, "systemctl restart postgresql.service", "psql SELECT 1"];
    expect(changes(update(""))).toEqual(restarted);
    fs.writeFileSync(host.path("postmaster.pid"), "412\n");
    expect(changes(update("/usr/lib/postgresql/17/bin/postgres (deleted)"))).toEqual(restarted);
  });

  it("restarts nothing where the packages cannot be had, and tells why", () => {
    const run = update("", "echo 'E: no space' >&2; exit 100");
    expect(run).toMatchObject({ status: 1, stderr: "pg1-srv: PostgreSQL's packages were not updated\nE: no space\n" });
    expect(changes(run)).toEqual(UPDATED);
  });
});
