import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CertificateFacts } from "../../observe/doctor/facts";
import { certificateFindings } from "../../observe/doctor/host-certificate";
import type { Issued } from "../support/test-authority";
import { TestAuthority } from "../support/test-authority";

const FOLDER = "/etc/pgbackrest/cert";
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-doctor-"));
const MINUTE = 60;
let authority: TestAuthority;
let good: CertificateFacts;

function factsOf({ certificate, key }: Issued): CertificateFacts {
  const pem = fs.readFileSync(certificate, "utf8");
  return {
    now: Math.floor(Date.now() / 1000) + MINUTE,
    files: {
      [`${FOLDER}/host.key`]: "postgres 600",
      [`${FOLDER}/host.crt`]: "postgres 644",
      [`${FOLDER}/ca.crt`]: "postgres 644",
    },
    certificate: pem,
    trusted: fs.readFileSync(authority.certificate, "utf8"),
    publicKey: execFileSync("openssl", ["pkey", "-in", key, "-pubout"], { encoding: "utf8" }),
    served: pem,
  };
}

const HOST = { name: "pg2-srv", account: "postgres" };
const causes = (facts: CertificateFacts): string[] => certificateFindings(HOST, facts).map(({ cause }) => cause);

beforeAll(() => {
  authority = new TestAuthority(path.join(folder, "own"));
  good = factsOf(authority.issue({ commonName: "pg2-srv" }));
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

describe("certificateFindings", () => {
  it("finds nothing where nothing is wrong", () => {
    expect(causes(good)).toEqual([]);
  });

  it("names an end that is near, and one that was", () => {
    const [soon, ended] = [
      authority.issue({ commonName: "pg2-srv", days: 20 }),
      authority.issue({ commonName: "pg2-srv", days: -1 }),
    ].map((issued) => certificateFindings(HOST, factsOf(issued)));
    expect(soon).toMatchObject([
      { level: "warn", cause: expect.stringMatching(/^the certificate ends 2\S+Z, in (19|20) days$/) as string },
    ]);
    expect(ended).toMatchObject([
      { level: "fail", cause: expect.stringMatching(/^the certificate ended 2\S+Z$/) as string },
    ]);
  });

  it("names a clock that is before the certificate's begin", () => {
    expect(causes({ ...good, now: good.now - 400 * 86_400 })[0]).toMatch(
      /^the certificate is not valid before \S+Z, and the host's clock says \S+Z$/,
    );
  });

  it("names a stranger's common name, a missing SAN and another host's", () => {
    expect(causes(factsOf(authority.issue({ commonName: "stranger", names: ["pg2-srv"] })))).toEqual([
      'the certificate\'s common name is "stranger", but tls-server-auth of the other hosts lets in "pg2-srv"',
    ]);
    expect(causes(factsOf(authority.issue({ commonName: "pg2-srv", names: [] })))).toEqual([
      "the certificate has no subject alternative name (SAN): pgBackRest falls back on the common name, others refuse it",
    ]);
    expect(causes(factsOf(authority.issue({ commonName: "pg2-srv", names: ["pg3-srv"] })))).toEqual([
      "the certificate is for DNS:pg3-srv, not for DNS:pg2-srv: clients refuse it",
    ]);
  });

  it("names a use that is missing", () => {
    expect(causes(factsOf(authority.issue({ commonName: "pg2-srv", uses: ["serverAuth"] })))).toEqual([
      "the certificate is not for use as a client: servers refuse it",
    ]);
    expect(causes(factsOf(authority.issue({ commonName: "pg2-srv", uses: ["clientAuth"] })))).toEqual([
      "the certificate is not for use as a server: clients refuse it",
    ]);
  });

  it("names another authority, also one of the same name", () => {
    const other = new TestAuthority(path.join(folder, "other"));
    expect(causes(factsOf(other.issue({ commonName: "pg2-srv" })))).toEqual([
      `the certificate was signed by CN=another-ca, which is none of the authorities in ${FOLDER}/ca.crt`,
    ]);
  });

  it("names a key of another host, a missing file, and a file that holds nothing", () => {
    const { publicKey } = factsOf(authority.issue({ commonName: "pg3-srv" }));
    expect(causes({ ...good, publicKey })).toEqual([
      "the key does not belong to the certificate: a pgBackRest server that reloads them ends [95]",
    ]);
    expect(causes({ ...good, files: {}, certificate: "" })).toEqual(Array(3).fill("the file is missing"));
    expect(causes({ ...good, certificate: "nothing" })).toEqual(["the file holds no certificate"]);
  });

  it.each([
    ["postgres 640", "the key has mode 0640: pgBackRest refuses a key that others than its owner may read [42]"],
    ["root 644", "the key has mode 0644: pgBackRest refuses a key that others than its owner may read [42]"],
    ["backup 600", "the key belongs to backup, and pgBackRest runs as postgres: it cannot use it [42]"],
  ])("names a key's owner and mode %s", (seen, cause) => {
    expect(causes({ ...good, files: { ...good.files, [`${FOLDER}/host.key`]: seen } })).toEqual([cause]);
  });

  it("lets root keep the key for the group, as pgBackRest does", () => {
    expect(causes({ ...good, files: { ...good.files, [`${FOLDER}/host.key`]: "root 640" } })).toEqual([]);
  });

  it("names a server that shows another certificate than the installed one", () => {
    const { served } = factsOf(authority.issue({ commonName: "pg2-srv" }));
    expect(causes({ ...good, served })[0]).toMatch(
      /^the TLS server still shows the certificate with serial [0-9A-F]+, not the installed one, [0-9A-F]+$/,
    );
  });
});
