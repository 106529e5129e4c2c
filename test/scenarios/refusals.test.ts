import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../observe/report";
import { LabState } from "../support/lab-state";
import { type CommandResult, reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";
import { type Issued, TestAuthority } from "../support/test-authority";

/** What must not be let in, tried on a running lab with the real pgBackRest and openssl; and what the doctor says of a host that has it. */
const lab = new ScenarioLab("container", "refusals");
const scratch = path.join(PROJECT_FOLDER, ".lab", "scenario-refusals-certificates");
const skipped = reasonToSkip();

const CERTIFICATES = "/etc/pgbackrest/cert";
const QUIET = "--io-timeout=3 --log-level-console=off --log-level-file=off --log-level-stderr=error";

let own: TestAuthority;
let other: TestAuthority;

/** A line of shell that writes a test's key and certificate into a folder of a host. */
function place({ certificate, key }: Issued, folder: string, owner = "postgres"): string {
  const write = (file: string, name: string, mode: string): string =>
    `echo ${fs.readFileSync(file).toString("base64")} | base64 -d | sudo install -D -o ${owner} -g ${owner} -m ${mode} /dev/stdin ${folder}/${name}`;
  return `${write(certificate, "host.crt", "0644")}; ${write(key, "host.key", "0600")}`;
}

/** Runs a line of shell on a host, and gives how it ended. */
function attempt(host: string, line: string): Promise<CommandResult> {
  return lab.run("ssh", host, "--", line);
}

/** Asks the repository for its list from pg2-srv, with another certificate than the host's. */
function asClient(issued: Issued): Promise<CommandResult> {
  return attempt(
    "pg2-srv",
    `${place(issued, "/tmp/refused")}; sudo -u postgres pgbackrest --stanza=demo ${QUIET} ` +
      "--repo1-host-cert-file=/tmp/refused/host.crt --repo1-host-key-file=/tmp/refused/host.key repo-ls",
  );
}

/** Asks PostgreSQL on the primary for its stream from pg2-srv, with another certificate than the host's. */
function asStandby(issued: Issued): Promise<CommandResult> {
  return attempt(
    "pg2-srv",
    `${place(issued, "/tmp/refused")}; cd /; sudo -u postgres psql -XAtc IDENTIFY_SYSTEM -d 'host=pg1-srv user=replic_user dbname=x ` +
      `replication=true sslmode=verify-full sslrootcert=${CERTIFICATES}/ca.crt sslcert=/tmp/refused/host.crt sslkey=/tmp/refused/host.key'`,
  );
}

/** Has the repository host look at a PostgreSQL host, as a backup's first steps do. */
function asRepository(server: string): Promise<CommandResult> {
  const files = ["ca-file=ca.crt", "cert-file=host.crt", "key-file=host.key"].map((option) => {
    const [name = "", file = ""] = option.split("=");
    return `--pg1-host-${name}=${CERTIFICATES}/${file}`;
  });
  return attempt(
    "backup-srv",
    `sudo -u pgbackrest pgbackrest --no-config --stanza=demo ${QUIET.replace("=error", "=warn")} --db-timeout=3 --protocol-timeout=6 ` +
      `--repo1-path=/nonexistent --pg1-path=/nonexistent --pg1-host=${server} --pg1-host-type=tls ${files.join(" ")} check`,
  );
}

async function diagnose(): Promise<Report> {
  const { stdout } = await lab.run("doctor", "--json");
  return JSON.parse(stdout) as Report;
}

/** What the doctor says of a host's certificate, key or unit, without what follows from it. */
function causes({ findings }: Report, host: string): string[] {
  return findings
    .filter((finding) => finding.host === host && (finding.area === "certificate" || finding.area === "units"))
    .map(({ cause }) => cause);
}

/** What the doctor says of pairs of hosts. */
function between({ findings, consequences }: Report): string[] {
  return [...findings, ...consequences].filter(({ peer }) => peer !== undefined).map(({ cause }) => cause);
}

/** Puts files in the place of a PostgreSQL host's own, and starts its server with them. */
function replace(host: string, issued: Issued): Promise<string> {
  return lab.on(host, `${place(issued, CERTIFICATES)}; sudo systemctl restart pgbackrest; sleep 2`);
}

async function fix(): Promise<void> {
  const { status, stdout, stderr } = await lab.run("drift", "--fix");
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/every host is as the program wants it\n$/);
}

beforeAll(async () => {
  if (skipped !== undefined) return;
  fs.rmSync(scratch, { recursive: true, force: true });
  await lab.begin();
  await lab.must("up", "--yes");
  own = new TestAuthority(path.join(scratch, "own"), new LabState(lab).authority());
  other = new TestAuthority(path.join(scratch, "other"));
});

afterAll(async () => {
  await lab.remove();
  fs.rmSync(scratch, { recursive: true, force: true });
});

describe.skipIf(skipped)(`refusals${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("lets in a certificate that is right: what follows is refused for what is wrong with it", async () => {
    const { status, stdout } = await asClient(own.issue({ commonName: "pg2-srv" }));
    expect(stdout).toBe("archive\nbackup\n");
    expect(status).toBe(0);
    expect((await asRepository("pg3-srv")).stderr).toContain("unable to open missing file '/nonexistent/");
    expect((await asStandby(own.issue({ commonName: "pg2-srv" }))).stdout).toMatch(/^\d+\|1\|/);
  });

  it.each<[string, () => Issued, RegExp, string]>([
    [
      "a stranger's common name",
      () => own.issue({ commonName: "stranger" }),
      /^ERROR: \[105\]: raised from remote-0 tls protocol on 'backup-srv': access denied\n$/,
      'FATAL:  certificate authentication failed for user "replic_user"',
    ],
    [
      "an expired client",
      () => own.issue({ commonName: "pg2-srv", days: -1 }),
      /^ERROR: \[101\]: TLS error \[1:\d+\] (sslv3|ssl\/tls) alert certificate expired\n$/,
      "alert certificate expired",
    ],
    [
      "a certificate of another authority",
      () => other.issue({ commonName: "pg2-srv" }),
      /^ERROR: \[101\]: TLS error \[1:\d+\] tlsv1 alert unknown ca\n$/,
      "alert unknown ca",
    ],
    [
      "a certificate for servers only",
      () => own.issue({ commonName: "pg2-srv", uses: ["serverAuth"] }),
      /^ERROR: \[101\]: TLS error \[1:\d+\] (sslv3|ssl\/tls) alert unsupported certificate\n$/,
      "alert unsupported certificate",
    ],
    [
      "a key of another certificate",
      () => ({
        certificate: own.issue({ commonName: "pg2-srv" }).certificate,
        key: own.issue({ commonName: "x" }).key,
      }),
      /^ERROR: \[095\]: unable to load key file '\/tmp\/refused\/host\.key': \[\d+\] key values mismatch\n$/,
      "key values mismatch",
    ],
  ])("refuses a client with %s, and PostgreSQL a standby", async (_what, issue, message, answer) => {
    const { status, stdout, stderr } = await asClient(issue());
    expect(stdout).toBe("");
    expect(status).not.toBe(0);
    expect(stderr).toMatch(message);
    const streamed = await asStandby(issue());
    expect(streamed.stdout).toBe("");
    expect(streamed.stderr).toContain(answer);
  });

  it("refuses a right host that asks for another stanza", async () => {
    const { status, stderr } = await attempt("pg2-srv", `sudo -u postgres pgbackrest --stanza=other ${QUIET} repo-ls`);
    expect(stderr).toMatch(/^ERROR: \[105\]: raised from remote-0 tls protocol on 'backup-srv': access denied\n$/);
    expect(status).toBe(105);
  });

  it("refuses TLS 1.1", async () => {
    const client = (version: string): Promise<CommandResult> =>
      attempt(
        "pg2-srv",
        `sudo -u postgres timeout 5 openssl s_client -connect backup-srv:8432 ${version} -cipher DEFAULT@SECLEVEL=0 -cert ${CERTIFICATES}/host.crt -key ${CERTIFICATES}/host.key -CAfile ${CERTIFICATES}/ca.crt </dev/null`,
      );
    expect((await client("-tls1_2")).stdout).toContain("New, TLSv1.2, Cipher is ECDHE");
    const { stdout, stderr } = await client("-tls1_1");
    expect(stdout).toContain("New, (NONE), Cipher is (NONE)");
    expect(stderr).toMatch(/tlsv1 alert protocol version:.*SSL alert number 70/);
  });

  it("names an expired server, a missing SAN, and a key that others may read", async () => {
    await replace("pg1-srv", own.issue({ commonName: "pg1-srv", days: -1 }));
    await lab.on("pg1-srv", "sudo -iu postgres psql -XAtqc 'SELECT pg_reload_conf()'; sleep 1");
    await replace("pg3-srv", own.issue({ commonName: "pg3-srv", names: ["pg9-srv"] }));
    await lab.on("pg2-srv", `sudo chmod 0640 ${CERTIFICATES}/host.key; sudo systemctl reload pgbackrest; sleep 3`);
    for (const [server, message] of [
      [
        "pg1-srv",
        /unable to verify certificate presented by 'pg1-srv:8432(?: \(\S+\))?': \[10\] certificate has expired/,
      ],
      ["pg2-srv", /unable to connect to 'pg2-srv:8432(?: \(\S+\))?': \[111\] Connection refused/],
      ["pg3-srv", /unable to find hostname 'pg3-srv' in certificate common name or subject alternative names/],
    ] as const) {
      // A busy machine's servers take their time to read what was put in place.
      await expect
        .poll(async () => (await asRepository(server)).stderr, { timeout: 30_000, message: server })
        .toMatch(message);
    }
    let found!: Report;
    await expect
      .poll(async () => between((found = await diagnose())), { timeout: 30_000 })
      .toEqual(
        expect.arrayContaining([
          "backup-srv refuses the certificate of pg1-srv: it has expired (OpenSSL 10, certificate has expired)",
          "nothing listens on port 8432 of pg2-srv",
          ...["pg2-srv", "pg3-srv"].map(
            (standby) =>
              `${standby} and PostgreSQL on pg1-srv do not get on by mutual TLS: the server's certificate is refused, it has expired (OpenSSL 10, certificate has expired)`,
          ),
          "backup-srv refuses the certificate of pg3-srv: it does not name the host (SAN) (OpenSSL 62, hostname mismatch)",
          "backup-srv refuses the certificate of pg1-srv: certificate expired: the client's certificate has expired (TLS alert 45)",
        ]),
      );
    expect(causes(found, "pg1-srv")).toEqual([expect.stringMatching(/^the certificate expired 20\S+Z$/)]);
    expect(causes(found, "pg3-srv")).toEqual([
      "the certificate is for DNS:pg9-srv, not for DNS:pg3-srv: clients refuse it",
    ]);
    expect(causes(found, "pg2-srv")).toEqual([
      "the key has mode 0640: pgBackRest refuses a key that others than its owner may read [42]",
    ]);
    await fix();
  });

  it("names a stranger, a key of another host, and another authority", async () => {
    await replace("pg1-srv", own.issue({ commonName: "stranger", names: ["pg1-srv"] }));
    const [certificate, key] = [own.issue({ commonName: "pg2-srv" }), own.issue({ commonName: "pg3-srv" })];
    await replace("pg2-srv", { certificate: certificate.certificate, key: key.key });
    await replace("pg3-srv", other.issue({ commonName: "pg3-srv" }));
    const found = await diagnose();
    expect(causes(found, "pg1-srv")).toEqual([
      'the certificate\'s common name is "stranger", but tls-server-auth of the other hosts authorizes "pg1-srv"',
    ]);
    expect(causes(found, "pg2-srv")).toEqual([
      "the key does not belong to the certificate: a pgBackRest server that reloads them ends [95]",
    ]);
    expect(causes(found, "pg3-srv")).toEqual([
      `the certificate was signed by CN=another-ca, which is none of the CAs in ${CERTIFICATES}/ca.crt`,
    ]);
    expect(between(found)).toContain("backup-srv does not authorize CN=pg1-srv for this stanza: access denied [105]");
    await fix();
  });

  it("names a certificate that is for servers only, and one that is for clients only", async () => {
    await replace("pg2-srv", own.issue({ commonName: "pg2-srv", uses: ["serverAuth"] }));
    await replace("pg3-srv", own.issue({ commonName: "pg3-srv", uses: ["clientAuth"] }));
    expect((await asRepository("pg3-srv")).stderr).toMatch(
      /unable to verify certificate presented by 'pg3-srv:8432(?: \(\S+\))?': \[26\] unsuitable certificate purpose/,
    );
    const found = await diagnose();
    expect(causes(found, "pg2-srv")).toEqual(["the certificate is not for use as a client: servers refuse it"]);
    expect(causes(found, "pg3-srv")).toEqual(["the certificate is not for use as a server: clients refuse it"]);
    expect(between(found)).toEqual([
      "backup-srv refuses the certificate of pg3-srv: it is not for use as a server (OpenSSL 26, unsuitable certificate purpose)",
      "backup-srv refuses the certificate of pg2-srv: unsupported certificate: the client's certificate is not for use as a client (TLS alert 43)",
      "pg2-srv and PostgreSQL on pg1-srv do not get on by mutual TLS: the client's certificate is refused, unsupported certificate: the client's certificate is not for use as a client",
    ]);
    await fix();
  });

  it("still archives", async () => {
    const segment = await lab.query("pg1-srv", "SELECT pg_walfile_name(pg_switch_wal())");
    await expect
      .poll(() => lab.query("pg1-srv", `SELECT last_archived_wal >= '${segment}' FROM pg_stat_archiver`), {
        timeout: 60_000,
        interval: 1000,
      })
      .toBe("t");
    const { status, stdout } = await lab.run("doctor");
    expect(status, stdout).toBe(0);
  });
});
