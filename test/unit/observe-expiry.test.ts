import { describe, expect, it } from "vitest";
import { judgeExpiry } from "../../cli/gates/expiry";
import type { Change, Operation } from "../../engine/engine";
import { expiryFindings } from "../../observe/expiry";
import type { ReadHost } from "../../observe/facts";
import { hostOf } from "../../plan/plan";
import type { ManagedHost } from "../../steps/inventory";
import { CERTIFICATE, OTHER_CERTIFICATE } from "../support/certificates";
import { deployedLab, told } from "../support/observed-lab";

/** When CERTIFICATE expires, seconds since 1970. */
const END = Date.parse("2027-02-21T18:00:00Z") / 1000;
const OTHER_END = Date.parse("2027-01-01T00:00:00Z") / 1000;
const DAY = 86_400;
const FOLDER = "/etc/pgbackrest/cert";

function managedWith(certificate: string, ca: string): ManagedHost {
  const file = (name: string, content: string): ManagedHost["files"][number] => ({
    ...{ path: `${FOLDER}/${name}`, owner: "postgres", mode: "0644", content },
    steps: ["pg2-srv-certificate-install", "pg2-srv-pgbackrest-start"],
  });
  return { files: [file("host.crt", certificate), file("ca.crt", ca)], units: [], packages: [] };
}

/** A lab whose outputs tell the certificate of pg2-srv alone. */
const LAB = { ...deployedLab(), managed: { "pg2-srv": managedWith(CERTIFICATE, "") } };

const expiries = (daysLeft: number, renewDays = 30, read = new Map<string, ReadHost>()): string[] =>
  told(expiryFindings(LAB, read, renewDays, END - daysLeft * DAY));

describe("what expires soon", () => {
  it("is told under 30 days, and fails under 7", () => {
    expect(expiries(30)).toEqual([]);
    expect(expiries(29.9)).toEqual([
      "warn LAB-CERT-EXPIRES pg2-srv: the certificate expires in 29 days (2027-02-21T18:00:00Z)",
    ]);
    expect(expiries(6.5)).toEqual([
      "fail LAB-CERT-EXPIRES-SOON pg2-srv: the certificate expires in 6 days (2027-02-21T18:00:00Z)",
    ]);
    expect(expiries(-1)).toEqual(["fail LAB-CERT-EXPIRED pg2-srv: the certificate expired 2027-02-21T18:00:00Z"]);
  });

  it("is left alone while a short-lived certificate is not due, and looked at when none is ever renewed", () => {
    expect(expiries(4, 2)).toEqual([]);
    expect(expiries(1, 2)).toHaveLength(1);
    expect(expiries(4, 0)).toHaveLength(1);
  });

  it("is told by the stack's outputs for a host that cannot be asked, and by the host where it can", () => {
    const certificates = { now: OTHER_END - 3 * DAY, certificate: OTHER_CERTIFICATE, trusted: OTHER_CERTIFICATE };
    const off: ReadHost = { facts: {}, unread: {}, unreachable: "timed out" };
    const read = new Map<string, ReadHost>([
      ["pg1-srv", { facts: { certificates }, unread: {} }],
      ["pg2-srv", off],
    ]);
    expect(expiries(3, 30, read).sort()).toEqual([
      "fail LAB-CA-EXPIRES-SOON pg1-srv: the CA's certificate expires in 3 days (2027-01-01T00:00:00Z)",
      "fail LAB-CERT-EXPIRES-SOON pg1-srv: the certificate expires in 3 days (2027-01-01T00:00:00Z)",
      "fail LAB-CERT-EXPIRES-SOON pg2-srv: the certificate expires in 3 days (2027-02-21T18:00:00Z)",
    ]);
  });

  it("is not told of a certificate that up replaces by what the program wrote", () => {
    const files = (certificate: string): Map<string, ReadHost> =>
      new Map([["pg2-srv", { facts: { certificates: { now: OTHER_END, certificate } }, unread: {} }]]);
    const lab = { ...LAB, managed: { "pg2-srv": managedWith(OTHER_CERTIFICATE, "") } };
    expect(expiries(40, 30, files(OTHER_CERTIFICATE))).toEqual([]);
    expect(told(expiryFindings(lab, files(CERTIFICATE), 30, OTHER_END))).toEqual([
      "fail LAB-CERT-EXPIRED pg2-srv: the certificate expired 2027-01-01T00:00:00Z",
    ]);
  });

  it("is told of a CA once, however many trust it", () => {
    const managed = Object.fromEntries(
      ["backup-srv", "pg1-srv", "pg2-srv"].map((name) => [name, managedWith("", OTHER_CERTIFICATE)]),
    );
    expect(told(expiryFindings({ ...LAB, managed }, new Map(), 30, OTHER_END - 20 * DAY))).toEqual([
      "warn LAB-CA-EXPIRES backup-srv: the CA's certificate expires in 20 days (2027-01-01T00:00:00Z)",
    ]);
  });
});

describe("what a run does about it", () => {
  const change = (name: string, operation: Operation): Change => ({ urn: name, type: "", name, operation, diff: [] });
  const signed = hostOf(LAB.plan, "pg2-srv").resources.certificate;
  const [finding] = expiryFindings(LAB, new Map(), 30, END - 3 * DAY);
  const tell = (changes: readonly Change[], isOutside = false) => {
    if (finding === undefined) throw new Error("nothing expires");
    return judgeExpiry(finding, LAB, changes, { renewDays: 30, isRotating: false, isOutside });
  };
  const text = "pg2-srv: the certificate expires in 3 days (2027-02-21T18:00:00Z)";

  it("is to renew what the lab's CA signs, or to hint at a new key", () => {
    expect(tell([change(signed, "replace")])).toMatchObject({ text, isRenewed: true });
    // A summary of changes leaves out what stays the same.
    for (const changes of [[change(signed, "same")], []]) {
      expect(tell(changes)).toEqual({
        ...{ text, isRenewed: false },
        hint: "lab:renewDays is 30; a higher lab:keyGeneration renews it now",
      });
    }
  });

  it("is to install what comes from outside, where a higher lab:keyGeneration does nothing", () => {
    expect(tell([change("pg2-srv-certificate-install", "update")], true)).toMatchObject({ text, isRenewed: true });
    const installed = [change("pg2-srv-certificate-install", "same"), change("pg2-srv-pgbackrest-start", "update")];
    expect(tell(installed, true)).toEqual({
      ...{ text, isRenewed: false },
      hint: "put a new certificate and key into the files of lab:hostCertificates",
    });
  });
});
