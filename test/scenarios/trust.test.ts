import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabState } from "../support/lab-state";
import { ON_PULUMI, reasonToSkip, ScenarioLab } from "../support/scenario-lab";
import { PROJECT_FOLDER } from "../support/stack-config";

/**
 * The life of the lab's certificates while rows are written all the time: renewal, new keys, a rotation, a revocation. On Pulumi's own engine
 * unless LAB_ENGINE says otherwise.
 */
const lab = new ScenarioLab("container", "trust", ON_PULUMI);
const HOSTS = ["backup-srv", "pg1-srv", "pg2-srv", "pg3-srv"];
const FOLDER = "/etc/pgbackrest/cert";

const skipped = reasonToSkip();

/** The certificate that each host's server shows: `serial=…`, `issuer=…`, and the digest of its public key. */
async function shown(): Promise<string[][]> {
  const client = `-cert ${FOLDER}/host.crt -key ${FOLDER}/host.key -CAfile ${FOLDER}/ca.crt`;
  const ask = `openssl s_client -connect 127.0.0.1:8432 ${client} </dev/null 2>/dev/null >/run/shown
    openssl x509 -in /run/shown -noout -serial -issuer -nameopt RFC2253; openssl x509 -in /run/shown -noout -pubkey | sha256sum`;
  return Promise.all(HOSTS.map(async (host) => (await lab.on(host, ask)).split("\n")));
}

const column = (certificates: string[][], index: number): (string | undefined)[] =>
  certificates.map((one) => one[index]);

/** The common names of the authorities that each host trusts. */
function trusted(): Promise<string[]> {
  const list = `openssl crl2pkcs7 -nocrl -certfile ${FOLDER}/ca.crt | openssl pkcs7 -print_certs -noout | sed -n 's/^subject=CN *= *//p' | xargs`;
  return Promise.all(HOSTS.map((host) => lab.on(host, list)));
}

/** How often archiving failed, and why. */
const failedArchiving = async (): Promise<string[]> => [
  await lab.query("pg1-srv", "SELECT failed_count FROM pg_stat_archiver"),
  await lab.on("pg1-srv", "cat /var/log/postgresql/*.log | grep -A1 -E 'ERROR: *\\[[0-9]+\\]' || true"),
];

function setInStackFile(line: string): void {
  fs.appendFileSync(path.join(PROJECT_FOLDER, `Pulumi.${lab.stack}.yaml`), `  ${line}\n`);
}

let failedBefore: string[] = [];

beforeAll(async () => {
  if (skipped !== undefined) return;
  await lab.begin();
  await lab.must("up", "--yes");
  await lab.query("pg1-srv", "CREATE TABLE written (number int PRIMARY KEY)");
  // The number is noted when its row is committed. WAL is switched often, so that archiving is at work all the time.
  await lab.on(
    "pg1-srv",
    `printf '%s\n' 'number=0' 'while number=$((number + 1)); do' \
       'psql -XAtq -d postgres -c "INSERT INTO written VALUES ($number)" || exit 1' 'echo $number >/tmp/written' \
       '((number % 10)) || psql -XAtq -d postgres -c "SELECT pg_switch_wal()" >/dev/null' 'sleep 0.2; done' >/tmp/writer.sh
     systemd-run --quiet --unit=writer --uid=postgres bash /tmp/writer.sh`,
  );
  failedBefore = await failedArchiving();
});

afterAll(async () => {
  await lab.remove();
});

describe.skipIf(skipped)(`certificates that last${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  it("renews host certificates whose end is near, for the same keys, and shows them", async () => {
    const before = await shown();
    expect(new LabState(lab).expireCertificates(20)).toBe(4);
    await lab.must("up", "--yes");
    const after = await shown();
    for (const [index, serial] of column(after, 0).entries()) expect(serial).not.toBe(before[index]?.[0]);
    expect(column(after, 2)).toEqual(column(before, 2));
    expect(await lab.must("up", "--yes")).toContain("nothing to change");
  });

  it("makes new keys when it is asked to", async () => {
    const before = await shown();
    setInStackFile("lab:keyGeneration: 2 # kept");
    await lab.must("up", "--yes");
    for (const [index, key] of column(await shown(), 2).entries()) expect(key).not.toBe(before[index]?.[2]);
  });

  it("refuses a stage that is left out, before the first resource", async () => {
    const before = await shown();
    const { status, stderr } = await lab.run("up", "--yes", "--config=lab:caGeneration=2");
    expect(status).toBe(1);
    expect(stderr).toContain(
      "the CA's rotation must go stage by stage: the hosts are at lab:caGeneration 1, lab:caStage retire; got " +
        "lab:caGeneration 2, lab:caStage retire, allowed is lab:caGeneration 2, lab:caStage trust\nhint: ./lab rotate-ca goes through the stages",
    );
    expect(await shown()).toEqual(before);
  });

  it("is interrupted in a rotation, and goes back", async () => {
    const rotation = lab.launch("rotate-ca");
    await rotation.printed(/lab:caStage issue: CA 2 signs[^]*certificate /);
    rotation.kill("SIGINT");
    expect((await rotation.result).status).toBe(130);
    // What is begun is not proven.
    const skipping = await lab.run("up", "--yes", "--config=lab:caStage=retire");
    expect(skipping.stderr).toContain(
      "the hosts are at lab:caGeneration 2, lab:caStage issue, which is not proven yet",
    );
    await lab.must("rotate-ca", "--abort");
    expect(await trusted()).toEqual(HOSTS.map(() => "root-ca"));
    expect(column(await shown(), 1)).toEqual(HOSTS.map(() => "issuer=CN=root-ca"));
    const { status, stderr } = await lab.run("rotate-ca", "--abort");
    expect(status).toBe(1);
    expect(stderr).toContain("no rotation is under way: the hosts trust CA 1 alone");
  });

  it("is killed in a rotation, and goes on to its end: every host shows and trusts the new authority alone", async () => {
    const rotation = lab.launch("rotate-ca");
    await rotation.printed(/lab:caStage trust: CA 1 signs[^]*pgbackrest-certificate/);
    rotation.kill("SIGKILL");
    await rotation.result;
    await lab.must("rotate-ca");
    expect(await trusted()).toEqual(HOSTS.map(() => "root-ca-2"));
    expect(column(await shown(), 1)).toEqual(HOSTS.map(() => "issuer=CN=root-ca-2"));
    const file = fs.readFileSync(path.join(PROJECT_FOLDER, `Pulumi.${lab.stack}.yaml`), "utf8");
    expect(file).toMatch(/lab:keyGeneration: 2 # kept\n {2}lab:caGeneration: 2\n {2}lab:caStage: retire\n$/);
    expect(await lab.must("up", "--yes")).toContain("nothing to change");
  });

  it("looks at the ends of the certificates that are shown before it changes anything", async () => {
    const short = ["--config=lab:hostCertificateDays=5", "--config=lab:renewDays=0"];
    await lab.must("up", "--yes", ...short);
    const { status, stderr } = await lab.run("preview", ...short);
    expect(status).toBe(1);
    for (const host of HOSTS) {
      expect(stderr).toMatch(
        new RegExp(
          `${host}: the certificate expires in 4 days \\(\\S+Z\\); hint: lab:renewDays is 0; a higher lab:keyGeneration renews it now`,
        ),
      );
    }
    expect(stderr).toContain("hint: --allow-expiring continues anyway");
    expect((await lab.run("preview", "--allow-expiring", ...short)).status).toBe(0);
    const renewing = await lab.run("preview");
    expect(renewing.status).toBe(0);
    expect(renewing.stderr).toContain("this run renews it");
  });

  it("takes a standby out of all that lets it in, and proves that it is refused", async () => {
    await lab.must("up", "--yes", '--config=lab:revoked=["pg3-srv"]');
    const denied = await lab.run("ssh", "pg3-srv", "--", "sudo -u postgres pgbackrest --stanza=demo repo-ls");
    expect(denied.status).toBe(105);
    expect(denied.stdout + denied.stderr).toContain("access denied");
    expect(await lab.on("backup-srv", "cat /etc/pgbackrest/pgbackrest.conf /etc/pgbackrest/conf.d/*")).not.toMatch(
      /pg3-srv/,
    );
    const { proven, findings, hosts } = await lab.status();
    expect({ proven, findings }).toEqual({ proven: true, findings: [] });
    expect(hosts.filter(({ revoked }) => revoked).map(({ name }) => name)).toEqual(["pg3-srv"]);
  });

  it("has every row that was committed meanwhile, and archived without a failure", async () => {
    expect(await lab.on("pg1-srv", "systemctl is-active writer")).toBe("active");
    await lab.on("pg1-srv", "systemctl stop writer");
    const noted = Number(await lab.on("pg1-srv", "cat /tmp/written"));
    const [count, last] = (await lab.query("pg1-srv", "SELECT count(*), max(number) FROM written"))
      .split("|")
      .map(Number);
    expect(noted).toBeGreaterThan(100);
    expect(count).toBe(last);
    // The last one may have been committed, but not noted.
    expect([noted, noted + 1]).toContain(last);
    expect(await failedArchiving()).toEqual(failedBefore);
    process.stderr.write(`  ${noted} rows written, none lost\n`);
  });
});
