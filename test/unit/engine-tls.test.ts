import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { utils } from "ssh2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateEd25519 } from "../../engine/drivers/ed25519";
import { tlsDrivers } from "../../engine/drivers/tls";
import type { Properties } from "../../engine/values";

let folder: string;
const task = { signal: new AbortController().signal, log: () => undefined };

function write(file: string, text: unknown): string {
  const to = path.join(folder, file);
  fs.writeFileSync(to, String(text), { mode: 0o600 });
  return to;
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

async function make(type: string, inputs: Properties): Promise<Properties> {
  const driver = tlsDrivers[`tls:index/${type}`];
  if (!driver) throw new Error(`no driver of ${type}`);
  return (await driver.create({ inputs, outputs: { uuid: "" }, provider: {} }, task)).outputs;
}

describe("the tls driver", () => {
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-tls-"));
  });
  afterAll(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it("makes only ed25519 keys that can be read", () => {
    // Of a thousand that ssh2 makes, six cannot.
    const unreadable = Array.from({ length: 1000 }, generateEd25519).filter(
      (pair) => utils.parseKey(pair.private) instanceof Error,
    );
    expect(unreadable).toEqual([]);
  });

  const KEYS: Record<string, [Properties, string]> = {
    ed25519: [{ algorithm: "ED25519" }, "BEGIN PRIVATE KEY"],
    p256: [{ algorithm: "ECDSA", ecdsaCurve: "P256" }, "BEGIN EC PRIVATE KEY"],
    rsa: [{ algorithm: "RSA", rsaBits: 2048 }, "BEGIN RSA PRIVATE KEY"],
  };

  it.each(Object.entries(KEYS))("makes an %s key that openssl and ssh-keygen read", async (name, [inputs, kind]) => {
    const key = await make("privateKey:PrivateKey", inputs);
    expect(key["privateKeyPem"]).toContain(kind);
    expect(run("openssl", "pkey", "-in", write(`${name}.pem`, key["privateKeyPem"]), "-pubout")).toBe(
      key["publicKeyPem"],
    );
    const file = write(`${name}.ssh`, key["privateKeyOpenssh"]);
    expect(`${run("ssh-keygen", "-y", "-f", file).trim()}\n`).toBe(key["publicKeyOpenssh"]);
  });

  it("refuses a key of another kind, by its name", async () => {
    await expect(make("privateKey:PrivateKey", { algorithm: "ECDSA" })).rejects.toThrow(
      "a key must be ED25519, RSA, or ECDSA on P256, got ECDSA on P224",
    );
  });

  it.each([...Object.keys(KEYS), "outside P-384"])(
    "signs, with an %s key, certificates that openssl verifies",
    async (name) => {
      const outside = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
      const inputs = KEYS[name]?.[0];
      const { privateKeyPem: caKey } = inputs
        ? await make("privateKey:PrivateKey", inputs)
        : { privateKeyPem: outside.export({ type: "sec1", format: "pem" }) };
      const authority = await make("selfSignedCert:SelfSignedCert", {
        privateKeyPem: caKey,
        subject: { commonName: "root-ca", organization: "lab, the" },
        isCaCertificate: true,
        setSubjectKeyId: true,
        validityPeriodHours: 48,
        allowedUses: ["cert_signing", "crl_signing"],
      });
      const { privateKeyPem } = await make("privateKey:PrivateKey", { algorithm: "ECDSA", ecdsaCurve: "P256" });
      const request = await make("certRequest:CertRequest", {
        privateKeyPem,
        subject: { commonName: "pg1-srv", organization: "lab, the", emailAddress: "dba@example.com" },
        dnsNames: ["pg1-srv"],
        ipAddresses: ["10.0.0.11"],
      });
      const certificate = await make("locallySignedCert:LocallySignedCert", {
        certRequestPem: request["certRequestPem"],
        caPrivateKeyPem: caKey,
        caCertPem: authority["certPem"],
        validityPeriodHours: 24,
        earlyRenewalHours: 1,
        allowedUses: ["digital_signature", "server_auth", "client_auth"],
      });
      const ca = write("ca.crt", authority["certPem"]);
      const file = write("host.crt", certificate["certPem"]);
      const strict = ["verify", "-x509_strict", "-check_ss_sig", "-CAfile", ca];
      for (const purpose of ["sslserver", "sslclient"])
        expect(run("openssl", ...strict, "-purpose", purpose, "-verify_hostname", "pg1-srv", file)).toContain("OK");
      expect(run("openssl", ...strict, "-verify_ip", "10.0.0.11", file)).toContain("OK");
      expect(() => run("openssl", ...strict, "-verify_hostname", "pg2-srv", file)).toThrow("hostname mismatch");
      expect(run("openssl", "x509", "-in", file, "-noout", "-subject", "-nameopt", "RFC2253")).toBe(
        "subject=emailAddress=dba@example.com,O=lab\\, the,CN=pg1-srv\n",
      );
      const text = run("openssl", "x509", "-in", file, "-noout", "-text");
      expect(text).toContain("Digital Signature");
      expect(text).toContain("TLS Web Server Authentication, TLS Web Client Authentication");
      expect(text).toContain("CA:FALSE");
      expect(run("openssl", "x509", "-in", ca, "-noout", "-ext", "basicConstraints,keyUsage")).toMatch(
        /critical\n\s+CA:TRUE[^]*Certificate Sign, CRL Sign/,
      );
      expect(
        Date.parse(String(certificate["validityEndTime"])) - Date.parse(String(certificate["validityStartTime"])),
      ).toBe(24 * 3_600_000);
      expect(certificate["validityStartTime"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    },
  );

  it("renews a certificate when its time has come, and replaces on every other change", async () => {
    const driver = tlsDrivers["tls:index/locallySignedCert:LocallySignedCert"];
    const ending = (hours: number) => ({
      inputs: { earlyRenewalHours: 10 },
      outputs: { validityEndTime: new Date(Date.now() + hours * 3_600_000).toISOString() },
      provider: {},
    });
    expect(await driver?.observe?.([ending(9), ending(11)])).toEqual([
      { path: "readyForRenewal", found: true },
      undefined,
    ]);
    expect(driver?.change(["earlyRenewalHours"], {})).toBe("update");
    for (const path of ["readyForRenewal", "validityPeriodHours", "caCertPem"])
      expect(driver?.change([path], {})).toBe("replace");
  });
});
