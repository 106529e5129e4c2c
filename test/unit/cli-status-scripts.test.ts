import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
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

describe("status-handshakes.sh", () => {
  const run = (body: string, ...peers: string[]): unknown => {
    const { status, stdout } = standIns
      .add("openssl", body)
      .run("status-handshakes.sh", ["postgres", FOLDER, ...peers]);
    expect(status).toBe(0);
    return JSON.parse(stdout);
  };

  it("takes the server's greeting as the proof, and does not wait for the connection's end", () => {
    const start = performance.now();
    const greet = `echo 'depth=1 CN = root-ca' >&2; echo '${GREETING}'; exec sleep 8`;
    expect(run(greet, "pg1-srv", "pg2-srv")).toEqual({ "pg1-srv": "", "pg2-srv": "" });
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("tells the first error, even when s_client believes that all is well", () => {
    const refuse = `echo 'depth=0 CN = "pg1"' >&2; echo 'verify error:num=62:"hostname" mismatch' >&2; echo 'error:late' >&2`;
    expect(run(refuse, "pg1-srv")).toEqual({ "pg1-srv": "verify error:num=62:hostname mismatch" });
  });

  it("does not take silence for consent", () => {
    expect(run("echo 'verify return:1' >&2", "pg1-srv")).toEqual({ "pg1-srv": "no greeting from port 8432" });
  });

  it("checks the name and the chain, with the host's own pair", () => {
    const { calls } = standIns
      .add("openssl", `echo '${GREETING}'`)
      .run("status-handshakes.sh", ["pgbackrest", FOLDER, "pg1-srv"]);
    expect(calls).toEqual([
      "openssl s_client -connect pg1-srv:8432 -verify_hostname pg1-srv -verify_return_error " +
        `-cert ${FOLDER}/host.crt -key ${FOLDER}/host.key -CAfile ${FOLDER}/ca.crt -quiet`,
    ]);
  });
});

describe("status-repository.sh", () => {
  const MANIFESTS = `
    case $* in
      *repo-ls*) printf '20261123-184305F\\n20261123-184313F\\n20261123-190000F\\n' ;;
      *20261123-184305F*) printf '[backup:option]\\noption-backup-standby=false\\noption-delta=true\\n' ;;
      *20261123-184313F*) printf '[backup:option]\\noption-backup-standby=true\\n' ;;
      *) exit 1 ;;
    esac`;

  it("reads who delivered each backup from its manifest, and leaves out one that is under way", () => {
    const { status, stdout } = standIns
      .add("pgbackrest", MANIFESTS)
      .run("status-repository.sh", ["pgbackrest", "demo"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ "20261123-184305F": "false", "20261123-184313F": "true" });
  });

  it("fails when the repository cannot be read", () => {
    const { status } = standIns.add("pgbackrest", "exit 37").run("status-repository.sh", ["pgbackrest", "demo"]);
    expect(status).toBe(37);
  });
});

describe("status-certificates.sh", () => {
  const run = (): unknown => {
    const { status, stdout } = standIns
      .add("openssl", `if [[ $1 == x509 ]]; then echo "notAfter=Feb 21 18:00:00 2027 GMT"; fi`)
      .run("status-certificates.sh", ["postgres", standIns.path("cert")]);
    expect(status).toBe(0);
    return JSON.parse(stdout);
  };

  it("tells the ends of the certificate that is shown and of the authority", () => {
    fs.mkdirSync(standIns.path("cert"));
    for (const name of ["host.crt", "ca.crt"]) fs.writeFileSync(standIns.path(`cert/${name}`), "");
    expect(run()).toEqual({ served: "Feb 21 18:00:00 2027 GMT", authority: "Feb 21 18:00:00 2027 GMT" });
  });

  it("tells nothing on a host that has none yet", () => {
    expect(run()).toEqual({ served: "", authority: "" });
  });
});

describe("status-host.sh", () => {
  const ARGUMENTS = ["postgres", "demo", FOLDER, "pgbackrest.service", "postgresql@15-main.service"];

  it("prints the state of every unit, failed ones too", () => {
    standIns.add("pgbackrest", 'if [[ $1 == version ]]; then echo "pgBackRest 2.45"; else echo "[]"; fi');
    standIns.add("systemctl", "if [[ $2 == postgresql* ]]; then echo failed; exit 3; else echo active; fi");
    standIns.add("openssl", "if [[ $1 == x509 ]]; then echo 'notAfter=Feb 21 18:00:00 2027 GMT'; fi");
    const { status, stdout } = standIns.run("status-host.sh", ARGUMENTS);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      pgbackrest: "2.45",
      units: { "pgbackrest.service": "active", "postgresql@15-main.service": "failed" },
      servedCertificateEnd: "Feb 21 18:00:00 2027 GMT",
      info: [],
    });
  });

  it("fails when pgBackRest does", () => {
    const { status } = standIns.add("pgbackrest", "exit 31").run("status-host.sh", ARGUMENTS);
    expect(status).toBe(31);
  });
});
