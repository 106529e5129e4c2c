import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CERTIFICATE, OTHER_CERTIFICATE } from "../support/certificates";
import { StandIns } from "../support/stand-ins";

const FOLDER = "/etc/pgbackrest/cert";
const GREETING = '{"name":"pgBackRest","service":"remote","version":"2.45"}';

let standIns: StandIns;

beforeEach(() => {
  standIns = new StandIns();
});

afterEach(() => {
  standIns.remove();
});

describe("observe/status-handshakes.sh", () => {
  const run = (body: string, ...peers: string[]): unknown => {
    const { status, stdout } = standIns
      .add("openssl", body)
      .run("observe/status-handshakes.sh", ["postgres", FOLDER, ...peers]);
    expect(status).toBe(0);
    return JSON.parse(stdout);
  };

  it("takes the server's greeting as the proof, and does not wait for the connection's end", () => {
    const start = performance.now();
    const greet = `echo 'depth=1 CN = root-ca' >&2; echo 'Server certificate\n${CERTIFICATE}'; echo '${GREETING}'; exec sleep 8`;
    const welcome = { problem: "", certificate: CERTIFICATE };
    expect(run(greet, "pg1-srv", "pg2-srv")).toEqual({ "pg1-srv": welcome, "pg2-srv": welcome });
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("tells the first error, even when s_client believes that all is well", () => {
    const refuse = `echo 'depth=0 CN = "pg1"' >&2; echo 'verify error:num=62:"hostname" mismatch' >&2; echo 'error:late' >&2`;
    expect(run(refuse, "pg1-srv")).toEqual({
      "pg1-srv": { problem: "verify error:num=62:hostname mismatch", certificate: "" },
    });
  });

  it("does not take silence for consent", () => {
    expect(run("echo 'verify return:1' >&2", "pg1-srv")).toEqual({
      "pg1-srv": { problem: "no greeting from port 8432", certificate: "" },
    });
  });

  it("checks the name and the chain, with the host's own pair", () => {
    const { calls } = standIns
      .add("openssl", `echo '${GREETING}'`)
      .run("observe/status-handshakes.sh", ["pgbackrest", FOLDER, "pg1-srv"]);
    expect(calls).toEqual([
      "openssl s_client -connect pg1-srv:8432 -verify_hostname pg1-srv -verify_return_error -ign_eof " +
        `-cert ${FOLDER}/host.crt -key ${FOLDER}/host.key -CAfile ${FOLDER}/ca.crt`,
    ]);
  });
});

describe("observe/status-repository.sh", () => {
  const LIST = `[backup:current]
20261123-184305F={"backup-error":false,"backup-type":"full","option-backup-standby":false,"option-online":true}
20261123-184305F_20261123-185000D={"backup-error":false,"option-backup-standby":true,"option-online":true}
[db]
db-id=1`;
  const read = (list: string): unknown => {
    const { status, stdout } = standIns
      .add("pgbackrest", `echo '${list}'`)
      .run("observe/status-repository.sh", ["pgbackrest", "demo"]);
    expect(status).toBe(0);
    return JSON.parse(stdout);
  };

  it("reads who delivered each backup from the repository's list", () => {
    expect(read(LIST)).toEqual({ "20261123-184305F": false, "20261123-184305F_20261123-185000D": true });
  });

  it("tells nothing of a stanza that has no backup yet", () => {
    expect(read("")).toEqual({});
  });

  it("fails when the repository cannot be read", () => {
    const { status } = standIns
      .add("pgbackrest", "exit 37")
      .run("observe/status-repository.sh", ["pgbackrest", "demo"]);
    expect(status).toBe(37);
  });
});

describe("observe/status-host.sh", () => {
  const ARGUMENTS = ["postgres", "demo", FOLDER, "pgbackrest.service", "postgresql@15-main.service"];

  it("prints the state of every unit, failed ones too", () => {
    standIns.add("pgbackrest", 'if [[ $1 == version ]]; then echo "pgBackRest 2.45"; else echo "[]"; fi');
    standIns.add(
      "systemctl",
      "shift; for unit; do [[ $unit == postgresql* ]] && echo failed || echo active; done; exit 3",
    );
    fs.mkdirSync(standIns.path("cert"));
    fs.writeFileSync(standIns.path("cert/host.crt"), `${CERTIFICATE}\n`.replaceAll("\n", "\r\n"));
    fs.writeFileSync(standIns.path("cert/ca.crt"), `${OTHER_CERTIFICATE}\n${CERTIFICATE}\n`);
    const { status, stdout } = standIns.run("observe/status-host.sh", [
      "postgres",
      "demo",
      standIns.path("cert"),
      ...ARGUMENTS.slice(3),
    ]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      pgbackrest: "2.45",
      units: { "pgbackrest.service": "active", "postgresql@15-main.service": "failed" },
      certificate: CERTIFICATE,
      authority: OTHER_CERTIFICATE,
      info: [],
    });
  });

  it("tells no certificate on a host that has none", () => {
    standIns.add("pgbackrest", 'if [[ $1 == version ]]; then echo "pgBackRest 2.45"; else echo "[]"; fi');
    const { stdout } = standIns.add("systemctl", "echo active").run("observe/status-host.sh", ARGUMENTS);
    expect(JSON.parse(stdout)).toMatchObject({ certificate: "", authority: "" });
  });

  it("fails when pgBackRest does", () => {
    const { status } = standIns.add("pgbackrest", "exit 31").run("observe/status-host.sh", ARGUMENTS);
    expect(status).toBe(31);
  });
});
