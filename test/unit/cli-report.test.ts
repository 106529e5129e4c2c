import { describe, expect, it } from "vitest";
import { renderFinding } from "../../cli/show/findings";
import { renderDiagnosis, renderStatus } from "../../cli/show/report";
import type { ReadHost } from "../../observe/facts";
import { judgeLab } from "../../observe/observe";
import type { Report } from "../../observe/report";
import { CERTIFICATE } from "../support/certificates";
import { type Changes, deployedLab, GOOD, PRIMARY, UNIT } from "../support/observed-lab";

function report(changes: Changes = {}): Report {
  const read = Object.entries(GOOD).map(([name, facts]): [string, ReadHost] => {
    const change = changes[name] ?? {};
    return typeof change === "string"
      ? [name, { facts: {}, unread: {}, unreachable: change }]
      : [name, { facts: { ...facts, ...change }, unread: {} }];
  });
  return judgeLab(deployedLab(), new Map(read));
}

/** The cells of the tables, line by line. */
function cells(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("│"))
    .map((line) =>
      line
        .split("│")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const STOPPED: Changes = {
  "backup-srv": { units: { "pgbackrest.service": { ...UNIT, state: "inactive", sub: "dead" } } },
  "pg1-srv": { peers: { "backup-srv": { tcp: "Connection refused", said: "" } } },
};

describe("status", () => {
  it("shows a line per host", () => {
    const certificates = { now: Date.parse("2026-11-23T18:43:05Z") / 1000, certificate: CERTIFICATE, trusted: "" };
    const text = renderStatus(report({ "pg1-srv": { certificates } }));
    const [head, ...rows] = cells(text);
    expect(head).toEqual([
      ...["host", "role", "address", "PostgreSQL", "pgBackRest", "certificate expires", "replication"],
    ]);
    expect(rows).toEqual([
      ["backup-srv", "repository", "10.83.14.10", "-", "2.45", "-", "-"],
      ["pg1-srv", "primary", "10.83.14.11", "15.20", "2.45", "2027-02-21", "1 of 1 stream"],
      ["pg2-srv", "standby", "10.83.14.12", "15.20", "2.45", "-", "streaming"],
    ]);
    expect(text).toContain("\nlast backup: 20261123-184305F full, from a standby; later ones are yours to schedule\n");
  });

  it("ends with the verdict and why, and holds no colours", () => {
    expect(renderStatus(report())).toMatch(/\nproven\n$/);
    expect(renderStatus(report(STOPPED))).toMatch(
      /\nnot proven:\n {2}fail LAB-PGBACKREST-DOWN backup-srv: pgbackrest\.service is inactive; hint: \.\/lab drift --stack container --fix\n$/,
    );
    expect(renderStatus(report())).not.toContain("\u001b");
  });

  it("is proven with a warning", () => {
    const slots = [{ name: "forgotten", active: false, status: "reserved", keeps: 0 }];
    expect(renderStatus(report({ "pg1-srv": { postgresql: { ...PRIMARY, slots } } }))).toMatch(
      /\nproven\n {2}warn LAB-SLOT-UNUSED pg1-srv: /,
    );
  });
});

describe("the doctor", () => {
  it("shows hosts, pairs and causes, and counts what follows from them", () => {
    const text = renderDiagnosis(report(STOPPED));
    expect(cells(text)).toEqual([
      ["host", "certificate", "units", "files", "versions", "PostgreSQL", "stanza", "disk"],
      ["backup-srv", "-", "fail", "-", "ok", "-", "ok", "ok"],
      ["pg1-srv", "-", "ok", "-", "ok", "ok", "ok", "-"],
      ["pg2-srv", "-", "ok", "-", "ok", "ok", "ok", "-"],
      ["client", "server", "port", "TCP", "TLS", "version", "authorization", "protocol"],
      ["backup-srv", "pg1-srv", "8432", "ok", "ok", "ok", "ok", "TLSv1.3"],
      ["backup-srv", "pg2-srv", "8432", "ok", "ok", "ok", "ok", "TLSv1.3"],
      ["pg1-srv", "backup-srv", "8432", "fail", "-", "-", "-", "-"],
      ["pg2-srv", "backup-srv", "8432", "ok", "ok", "ok", "ok", "TLSv1.3"],
      ["pg2-srv", "pg1-srv", "5432", "ok", "ok", "-", "ok", "TLSv1.3"],
    ]);
    expect(text).toMatch(/\nfail LAB-PGBACKREST-DOWN .*\n1 more finding follows from these; hint: --json lists them\n/);
    expect(text).toMatch(/\nnot proven, something failed\n$/);
    expect(renderDiagnosis(report())).toMatch(/\nproven, nothing failed\n$/);
  });

  it("shows a host that cannot be asked", () => {
    const rows = cells(renderDiagnosis(report({ "pg2-srv": "timed out" })));
    expect(rows[3]).toEqual(["pg2-srv: fail", "-", "-", "-", "-", "-", "-", "-"]);
  });
});

it("shows a finding in a line, with the file that it is about, and the difference", () => {
  expect(
    renderFinding({
      ...{ level: "fail", code: "LAB-FILE-CONTENT", area: "files", host: "pg1-srv", subject: "/etc/a" },
      ...{ cause: "the file is not what the program wrote", remedy: "./lab drift --fix", diff: "===\n--- a\n+++ b\n" },
    }),
  ).toBe(
    "fail LAB-FILE-CONTENT pg1-srv: /etc/a: the file is not what the program wrote; hint: ./lab drift --fix\n     --- a\n     +++ b",
  );
});
