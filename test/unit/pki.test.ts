import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "../../components/lab";
import { checkPki, type Pki } from "../../config/pki";
import { runMocked } from "../support/run-mocked";
import { labArgs, stackSettings } from "../support/stack-config";

const NAMES = ["backup-srv", "pg1-srv"];
const SOUND = ["subjectAltName=DNS:pg1-srv", "extendedKeyUsage=serverAuth,clientAuth"];

let folder: string;
const file = (name: string): string => path.join(folder, name);
const text = (name: string): string => fs.readFileSync(file(name), "utf8");

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: "ignore", cwd: folder });
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function makeAuthority(name: string): void {
  openssl(
    "req",
    "-x509",
    ...NEW_KEY,
    "-days",
    "9",
    "-subj",
    `/CN=${name}`,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.crt`,
  );
}

function sign(name: string, commonName: string, extensions: string[], authority = "ca"): void {
  const added = extensions.flatMap((extension) => ["-addext", extension]);
  openssl("req", ...NEW_KEY, "-subj", `/CN=${commonName}`, ...added, "-keyout", `${name}.key`, "-out", `${name}.csr`);
  const signer = ["-CA", `${authority}.crt`, "-CAkey", `${authority}.key`, "-CAcreateserial"];
  openssl(
    "x509",
    "-req",
    "-in",
    `${name}.csr`,
    "-copy_extensions",
    "copy",
    ...signer,
    "-days",
    "9",
    "-out",
    `${name}.crt`,
  );
}

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-pki-"));
  makeAuthority("ca");
  makeAuthority("other-ca");
  sign("backup", "backup-srv", ["subjectAltName=DNS:backup-srv", "extendedKeyUsage=serverAuth,clientAuth"]);
  sign("sound", "pg1-srv", SOUND);
  sign("nameless", "pg1-srv", ["subjectAltName=DNS:elsewhere", "extendedKeyUsage=serverAuth,clientAuth"]);
  sign("stranger", "pg7-srv", SOUND);
  sign("server-only", "pg1-srv", ["subjectAltName=DNS:pg1-srv", "extendedKeyUsage=serverAuth"]);
  sign("foreign", "pg1-srv", SOUND, "other-ca");
  sign("useless", "pg1-srv", ["subjectAltName=DNS:pg1-srv"]);
  fs.writeFileSync(file("nonsense"), "nothing of use\n");
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

function check(raw: Record<string, unknown>, now?: number): { pki: Pki; problems: string[] } {
  const problems: string[] = [];
  const values = { caCertificate: "", caKey: "", caTrusted: "", hostCertificates: {}, ...raw };
  const refuse = (key: string, problem: string): void => void problems.push(`lab:${key} ${problem}`);
  const pki = checkPki(values, NAMES, folder, refuse, now);
  return { pki, problems };
}

const hosts = (pg1: string, key = pg1) => ({
  "backup-srv": { certificate: "backup.crt", key: "backup.key" },
  "pg1-srv": { certificate: `${pg1}.crt`, key: `${key}.key` },
});

describe("a PKI from outside", () => {
  it("takes an authority with its key, and others to trust, as files or as PEM", () => {
    const { pki, problems } = check({ caCertificate: text("ca.crt"), caKey: "ca.key", caTrusted: "other-ca.crt" });
    expect(problems).toEqual([]);
    expect(pki).toMatchObject({
      authority: { certificatePem: text("ca.crt") },
      trustedPem: text("other-ca.crt"),
      hosts: {},
    });
    expect(pki.authority?.privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  });

  it("takes ready-made host certificates, with every use or with both that are needed, and an authority without its key", () => {
    for (const name of ["sound", "useless"]) {
      const { pki, problems } = check({ caCertificate: "ca.crt", hostCertificates: hosts(name) });
      expect(problems).toEqual([]);
      expect(pki.authority).toEqual({ certificatePem: text("ca.crt") });
      expect(pki.hosts["pg1-srv"]?.certificatePem).toBe(text(`${name}.crt`));
    }
  });

  const own = (pg1: string, key?: string) => ({ caCertificate: "ca.crt", hostCertificates: hosts(pg1, key) });
  it.each<[string, Record<string, unknown>, string]>([
    [
      "no CA",
      { caCertificate: "sound.crt", caKey: "sound.key" },
      "lab:caCertificate must be a CA certificate, got CN=pg1-srv, which is not a CA's (basicConstraints)",
    ],
    [
      "a key that does not match",
      { caCertificate: "ca.crt", caKey: "other-ca.key" },
      "lab:caKey does not match lab:caCertificate (CN=ca)",
    ],
    ["a key alone", { caKey: "ca.key" }, "lab:caKey needs lab:caCertificate, the certificate of that key"],
    [
      "no file",
      { caCertificate: "missing.crt", caKey: "ca.key" },
      "lab:caCertificate must be PEM or the path of a PEM file, got neither; hint: relative paths are taken from the project's folder",
    ],
    ["nonsense", { caTrusted: "nonsense" }, "lab:caTrusted holds no readable certificate"],
    [
      "a key that is none",
      { caCertificate: "ca.crt", caKey: "nonsense" },
      "lab:caKey holds no private key that can be read without a passphrase",
    ],
    [
      "nobody who signs",
      { caCertificate: "ca.crt" },
      "lab:hostCertificates has no certificate for backup-srv, pg1-srv, and without lab:caKey none can be signed here",
    ],
    [
      "a missing name",
      own("nameless"),
      "lab:hostCertificates pg1-srv: the subject alternative names must hold DNS:pg1-srv, got DNS:elsewhere",
    ],
    [
      "another common name",
      own("stranger"),
      "lab:hostCertificates pg1-srv: the common name must be pg1-srv, got CN=pg7-srv",
    ],
    [
      "a missing use",
      own("server-only"),
      "lab:hostCertificates pg1-srv: the extended key usages must hold clientAuth; each host is server and client",
    ],
    ["another CA's", own("foreign"), "lab:hostCertificates pg1-srv: was not signed by lab:caCertificate (CN=ca)"],
    [
      "another host's key",
      own("sound", "backup"),
      "lab:hostCertificates does not match the certificate of pg1-srv (CN=pg1-srv)",
    ],
    [
      "a host that is none",
      {
        hostCertificates: { "pg9-srv": { certificate: "sound.crt", key: "sound.key" } },
        caCertificate: "ca.crt",
        caKey: "ca.key",
      },
      "lab:hostCertificates has an unknown host: pg9-srv; the hosts are backup-srv, pg1-srv",
    ],
    [
      "no authority",
      { hostCertificates: { "pg1-srv": { certificate: "sound.crt", key: "sound.key" } } },
      "lab:hostCertificates needs lab:caCertificate, the CA that signed them",
    ],
  ])("refuses %s", (_, raw, problem) => {
    expect(check(raw).problems).toContain(problem);
  });

  it("refuses what has expired and what is not valid yet", () => {
    const raw = { caCertificate: "ca.crt", caKey: "ca.key" };
    expect(check(raw, Date.now() + 20 * 86_400_000).problems).toEqual([
      expect.stringMatching(/^lab:caCertificate has expired: CN=ca expired on \d{4}-\d\d-\d\d$/),
    ]);
    expect(check(raw, Date.now() - 86_400_000).problems).toEqual([
      expect.stringMatching(/^lab:caCertificate is not valid yet: CN=ca is valid from \d{4}-\d\d-\d\d$/),
    ]);
  });

  it("never tells a key", () => {
    const damaged = text("ca.key").replaceAll("-----", "");
    expect(check({ caCertificate: "ca.crt", caKey: damaged }).problems.join()).not.toContain(
      damaged.split("\n")[1] ?? "?",
    );
  });

  it("has no key in the configuration, which is an open output", () => {
    const given = { caCertificate: text("ca.crt"), caKey: text("ca.key"), hostCertificates: {} };
    const { configuration, pki } = stackSettings("container", given);
    expect(pki.authority?.privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(configuration).toMatchObject({ caCertificate: text("ca.crt"), caKey: "[secret]", hostCertificates: "" });
    expect(JSON.stringify(configuration)).not.toContain("PRIVATE KEY");
  });

  it("makes no authority and no keys of its own for hosts that bring theirs, and keeps them secret", async () => {
    const { pki } = check({ caCertificate: "ca.crt", hostCertificates: hosts("sound"), caTrusted: "other-ca.crt" });
    const resources = await runMocked(() => new Lab("lab", { ...labArgs("container", { standbys: 0 }), pki }));
    expect(resources.filter(({ name }) => /lab-ca-|certificate-(1-key|request)/.test(name))).toEqual([]);
    const install = resources.find(({ name }) => name === "pg1-srv-pgbackrest-certificate");
    const key = pki.hosts["pg1-srv"]?.privateKeyPem ?? "";
    expect(JSON.stringify(install?.inputs.stdin)).toContain(
      JSON.stringify(`${key}${text("sound.crt")}${text("ca.crt")}${text("other-ca.crt")}`).slice(1, -1),
    );
    expect(install?.inputs.logging).toBe("none");
    const others = resources.filter(({ name }) => name !== "pg1-srv-pgbackrest-certificate");
    expect(JSON.stringify(others.map(({ inputs }) => inputs))).not.toContain(key.split("\n")[1]);
  });
});
