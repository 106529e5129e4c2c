import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CertificateFacts, HostFacts } from "../../observe/facts";
import { UNMANAGED } from "../../observe/lab";
import { questionsFor } from "../../observe/questions";
import { hostOf } from "../../plan/plan";
import { deployedLab, judged, POSTGRESQL_UNIT, STREAMS, TALKS, told, UNIT } from "../support/observed-lab";
import { type Issued, TestAuthority } from "../support/test-authority";

const FOLDER = "/etc/pgbackrest/cert";
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-certificates-"));
let authority: TestAuthority;
let good: CertificateFacts;

function factsOf({ certificate, key }: Issued): CertificateFacts {
  return {
    now: Math.floor(Date.now() / 1000) + 60,
    certificate: fs.readFileSync(certificate, "utf8"),
    trusted: fs.readFileSync(authority.certificate, "utf8"),
    key: "postgres 600",
    publicKey: execFileSync("openssl", ["pkey", "-in", key, "-pubout"], { encoding: "utf8" }),
  };
}

/** Without what is told of the tests' own CA, which expires soon. */
function causes(certificates: CertificateFacts, others: Record<string, HostFacts> = {}): string[] {
  const found = judged({ "pg2-srv": { certificates }, ...others }).causes;
  return told(found.filter(({ code }) => !code.startsWith("LAB-CA-"))).map((each) => each.replace(" pg2-srv: ", ": "));
}

/** What is found on pg2-srv in twenty years, a code to its remedy, when a file that the program wrote with digest `a` has this one. */
function remedies(name: string, digest: string): Record<string, string> {
  const file = `${FOLDER}/${name}`;
  const kept = { path: file, owner: "postgres", mode: "0644", digest: "a", steps: ["install"] };
  const lab = { ...deployedLab(), managed: { "pg2-srv": { units: [], packages: [], files: [kept] } } };
  const certificates = { ...good, now: good.now + 20 * 365 * 86_400 };
  const files = { [file]: { owner: "postgres", mode: "644", digest, content: "" } };
  const { causes } = judged({ "pg2-srv": { certificates, files } }, lab);
  return Object.fromEntries(causes.map(({ code, remedy }) => [code, remedy]));
}

beforeAll(() => {
  authority = new TestAuthority(path.join(folder, "own"));
  good = factsOf(authority.issue({ commonName: "pg2-srv" }));
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

describe("a host's certificate", () => {
  it("is well, with lines of another length too", () => {
    expect(causes(good)).toEqual([]);
    const said = `${good.certificate?.replace(/(?<!-)\n(?!-)/g, "") ?? ""}\n${TALKS.said}`;
    expect(causes(good, { "backup-srv": { peers: { "pg1-srv": TALKS, "pg2-srv": { ...TALKS, said } } } })).toEqual([]);
  });

  it("expires soon, sooner, or has expired", () => {
    const expiring = (days: number): string[] => causes(factsOf(authority.issue({ commonName: "pg2-srv", days })));
    expect(expiring(20)).toEqual([
      expect.stringMatching(/^warn LAB-CERT-EXPIRES: the certificate expires in 19 days \(2\S+Z\)$/),
    ]);
    expect(expiring(5)).toEqual([
      expect.stringMatching(/^fail LAB-CERT-EXPIRES-SOON: the certificate expires in 4 days \(2\S+Z\)$/),
    ]);
    expect(expiring(-1)).toEqual([expect.stringMatching(/^fail LAB-CERT-EXPIRED: the certificate expired 2\S+Z$/)]);
  });

  it("begins after what the host's clock says", () => {
    expect(causes({ ...good, now: good.now - 400 * 86_400 })[0]).toMatch(
      /^fail LAB-CERT-NOT-YET-VALID: the certificate is not valid before \S+Z, and the host's clock says \S+Z$/,
    );
  });

  it("has an unknown common name, no SAN, or another host's", () => {
    expect(causes(factsOf(authority.issue({ commonName: "stranger", names: ["pg2-srv"] })))).toEqual([
      'fail LAB-CERT-NAME: the certificate\'s common name is "stranger", but tls-server-auth of the other hosts authorizes "pg2-srv"',
    ]);
    expect(causes(factsOf(authority.issue({ commonName: "pg2-srv", names: [] })))).toEqual([
      "warn LAB-CERT-NO-SAN: the certificate has no subject alternative name (SAN): pgBackRest falls back on the common name, others refuse it",
    ]);
    expect(causes(factsOf(authority.issue({ commonName: "pg2-srv", names: ["pg3-srv"] })))).toEqual([
      "fail LAB-CERT-SAN: the certificate is for DNS:pg3-srv, not for DNS:pg2-srv: clients refuse it",
    ]);
  });

  it("lacks a use", () => {
    expect(causes(factsOf(authority.issue({ commonName: "pg2-srv", uses: ["serverAuth"] })))).toEqual([
      "fail LAB-CERT-USE: the certificate is not for use as a client: servers refuse it",
    ]);
    expect(causes(factsOf(authority.issue({ commonName: "pg2-srv", uses: ["clientAuth"] })))).toEqual([
      "fail LAB-CERT-USE: the certificate is not for use as a server: clients refuse it",
    ]);
  });

  it("was issued by another CA, also one of the same name", () => {
    const other = new TestAuthority(path.join(folder, "other"));
    expect(causes(factsOf(other.issue({ commonName: "pg2-srv" })))).toEqual([
      `fail LAB-CERT-ISSUER: the certificate was signed by CN=another-ca, which is none of the CAs in ${FOLDER}/ca.crt`,
    ]);
  });

  it("is missing, damaged, or no certificate at all, as its CA's may be", () => {
    const damaged = (pem = ""): string => pem.replace(/\n.{20}/, "\n");
    expect(causes({ now: good.now, key: "", publicKey: "" })).toEqual([
      `fail LAB-CERT-MISSING: ${FOLDER}/host.crt is missing`,
      `fail LAB-CERT-MISSING: ${FOLDER}/ca.crt is missing`,
      `fail LAB-KEY-MISSING: ${FOLDER}/host.key is missing`,
    ]);
    const unreadable = "holds no certificate, or a damaged one";
    for (const certificate of ["", "nothing", damaged(good.certificate), good.certificate?.slice(0, 300)]) {
      expect(causes({ ...good, certificate })).toEqual([`fail LAB-CERT-UNREADABLE: ${FOLDER}/host.crt ${unreadable}`]);
    }
    expect(causes({ ...good, trusted: damaged(good.trusted) })).toEqual([
      `fail LAB-CERT-UNREADABLE: ${FOLDER}/ca.crt ${unreadable}`,
    ]);
    expect(causes({ ...good, trusted: `${good.trusted ?? ""}${damaged(good.trusted)}` })).toEqual([
      `fail LAB-CERT-UNREADABLE: ${FOLDER}/ca.crt ${unreadable}`,
    ]);
  });

  it.each([
    [
      "postgres 640",
      "LAB-KEY-MODE: the key has mode 0640: pgBackRest refuses a key that others than its owner may read [42]",
    ],
    [
      "root 644",
      "LAB-KEY-MODE: the key has mode 0644: pgBackRest refuses a key that others than its owner may read [42]",
    ],
    ["root 600", "LAB-KEY-OWNER: the key belongs to root, and pgBackRest runs as postgres: it cannot use it [42]"],
    ["backup 600", "LAB-KEY-OWNER: the key belongs to backup, and pgBackRest runs as postgres: it cannot use it [42]"],
  ])("has a key of %s", (key, cause) => {
    expect(causes({ ...good, key })).toEqual([`fail ${cause}`]);
  });

  it("may have a key that root keeps for the group, as pgBackRest allows", () => {
    expect(causes({ ...good, key: "root 640" })).toEqual([]);
  });

  it("has another host's key, or none that can be read", () => {
    const { publicKey } = factsOf(authority.issue({ commonName: "pg3-srv" }));
    expect(causes({ ...good, publicKey })).toEqual([
      "fail LAB-KEY-MISMATCH: the key does not belong to the certificate: a pgBackRest server that reloads them ends [95]",
    ]);
    expect(causes({ ...good, publicKey: "" })).toEqual([`fail LAB-KEY-UNREADABLE: ${FOLDER}/host.key holds no key`]);
  });

  it("is not the one that the server presents", () => {
    const said = `${factsOf(authority.issue({ commonName: "pg2-srv" })).certificate ?? ""}\n${TALKS.said}`;
    expect(causes(good, { "backup-srv": { peers: { "pg1-srv": TALKS, "pg2-srv": { ...TALKS, said } } } })).toEqual([
      expect.stringMatching(
        /^fail LAB-CERT-NOT-SERVED: the TLS server still presents serial [0-9A-F]+, not the installed [0-9A-F]+$/,
      ),
    ]);
  });

  it("explains a PostgreSQL that does not start with it", () => {
    const units = { [POSTGRESQL_UNIT]: { ...UNIT, state: "failed", sub: "failed" } };
    const certificates = { ...good, key: "postgres 644" };
    expect(causes(certificates, { "pg2-srv": { units, certificates } }).map((each) => each.split(":")[0])).toEqual([
      "fail LAB-KEY-MODE",
    ]);
  });

  it("has a trusted CA that expired: of a file that somebody laid there, up puts back what the program wrote", () => {
    expect(remedies("ca.crt", "a")).toMatchObject({ "LAB-CA-EXPIRED": "./lab rotate-ca" });
    expect(remedies("ca.crt", "b")).toMatchObject({ "LAB-CA-EXPIRED": "./lab drift --fix" });
  });

  it("has expired: of a file that somebody laid there, up puts back what the program wrote", () => {
    expect(remedies("host.crt", "a")["LAB-CERT-EXPIRED"]).toMatch(/^\.\/lab up renews it; /);
    expect(remedies("host.crt", "b")).toMatchObject({ "LAB-CERT-EXPIRED": "./lab drift --fix" });
  });

  it("is not the one that PostgreSQL still presents to a standby", () => {
    const installed = factsOf(authority.issue({ commonName: "pg1-srv" }));
    const presents = ({ certificate = "" }: CertificateFacts): string[] =>
      told(
        judged({ "pg1-srv": { certificates: installed }, "pg2-srv": { primary: { ...STREAMS, said: certificate } } })
          .causes,
      ).filter((each) => !each.includes("LAB-CA-"));
    expect(presents(installed)).toEqual([]);
    expect(presents(factsOf(authority.issue({ commonName: "pg1-srv" })))).toEqual([
      expect.stringMatching(
        /^fail LAB-PG-CERT-NOT-SERVED pg1-srv: PostgreSQL still presents serial [0-9A-F]+, not the installed [0-9A-F]+$/,
      ),
    ]);
  });

  it("is loaded by the steps of the servers, for which up looks", () => {
    const [installed, served] = [1, 2].map(() => factsOf(authority.issue({ commonName: "pg1-srv" })));
    const said = `${served?.certificate ?? ""}\n${TALKS.said}`;
    const { causes: found, drift } = judged({
      "pg1-srv": { certificates: installed },
      "backup-srv": { peers: { "pg1-srv": { ...TALKS, said }, "pg2-srv": TALKS } },
      "pg2-srv": { primary: { ...STREAMS, said: served?.certificate ?? "" } },
    });
    const repairs = drift.filter(({ code }) => code.endsWith("-NOT-SERVED")).map(({ code, steps }) => [code, steps]);
    expect(repairs).toEqual([
      ["LAB-CERT-NOT-SERVED", ["pg1-srv-pgbackrest-start"]],
      ["LAB-PG-CERT-NOT-SERVED", ["pg1-srv-postgresql-start"]],
    ]);
    expect(found.find(({ code }) => code === "LAB-PG-CERT-NOT-SERVED")?.remedy).toBe("./lab drift --fix");
    const { plan, managed } = deployedLab();
    const standby = { ...hostOf(plan, "pg2-srv"), managed: managed?.["pg2-srv"] ?? UNMANAGED };
    expect(questionsFor(plan, standby, "drift", 8).map(({ fact }) => fact)).toContain("primary");
    expect(questionsFor(plan, standby, "proof", 8).map(({ fact }) => fact)).not.toContain("primary");
  });

  it("explains what peers say of it, and a server that ends as soon as it is started", () => {
    const expired = factsOf(authority.issue({ commonName: "pg2-srv", days: -1 }));
    const said = "verify error:num=10:certificate has expired";
    expect(
      causes(expired, { "backup-srv": { peers: { "pg1-srv": TALKS, "pg2-srv": { ...TALKS, said } } } }).map(
        (each) => each.split(":")[0],
      ),
    ).toEqual(["fail LAB-CERT-EXPIRED"]);
  });
});
