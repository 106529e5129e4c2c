import { describe, expect, it } from "vitest";
import type { CertificateEnds } from "../../observe/expiry";
import { judgeExpiry } from "../../observe/expiry";

const NOW = Date.parse("2026-11-24T00:00:00Z");
const inDays = (days: number): string => new Date(NOW + days * 86_400_000).toUTCString();

function judge(days: number, { authority = 3650, renewDays = 30, hosts = [] as string[], isRotating = false } = {}) {
  const ends: CertificateEnds = { served: inDays(days), authority: inDays(authority) };
  return judgeExpiry(new Map([["pg1-srv", ends]]), { hosts, authority: isRotating }, renewDays, NOW);
}

describe("the look at certificates' ends", () => {
  it("finds nothing in a certificate that ends in 30 days", () => {
    expect(judge(30)).toEqual({ mentions: [], warnings: [], failures: [] });
  });

  it("warns of one that ends in less than 30, and fails for one that ends in less than 7", () => {
    const hint = "hint: lab:renewDays is 30; a higher lab:keyGeneration renews it now";
    expect(judge(29.9)).toEqual({
      mentions: [],
      warnings: [`pg1-srv: its certificate ends in 29 days (2026-12-23); ${hint}`],
      failures: [],
    });
    expect(judge(7).failures).toEqual([]);
    expect(judge(6.5).failures).toEqual([`pg1-srv: its certificate ends in 6 days (2026-11-30); ${hint}`]);
    expect(judge(-1).failures).toEqual([`pg1-srv: its certificate has ended (2026-11-23); ${hint}`]);
  });

  it("only mentions one that this run renews", () => {
    expect(judge(3, { hosts: ["pg1-srv"] })).toEqual({
      mentions: ["pg1-srv: its certificate ends in 3 days (2026-11-27); this run renews it"],
      warnings: [],
      failures: [],
    });
  });

  it("leaves a short-lived certificate alone until its renewal is due, and looks at one that is never renewed", () => {
    expect(judge(4, { renewDays: 2 }).failures).toEqual([]);
    expect(judge(1, { renewDays: 2 }).failures).toHaveLength(1);
    expect(judge(4, { renewDays: 0 }).failures).toHaveLength(1);
  });

  it("looks at the authority too, and only mentions it while another one comes", () => {
    expect(judge(80, { authority: 20 }).warnings).toEqual([
      "the certificate authority ends in 20 days (2026-12-14); hint: ./lab rotate-ca",
    ]);
    expect(judge(80, { authority: 2 }).failures).toHaveLength(1);
    expect(judge(80, { authority: 2, isRotating: true })).toMatchObject({
      mentions: [expect.any(String)],
      failures: [],
    });
  });
});
