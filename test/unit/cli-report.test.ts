import { describe, expect, it } from "vitest";
import { renderReport } from "../../cli/show/report";
import type { HostReport, Report } from "../../observe/proofs";

function host(name: string, role: HostReport["role"], changes: Partial<HostReport> = {}): HostReport {
  return {
    name,
    role,
    address: "10.83.14.10",
    postgresql: "15.18",
    pgbackrest: "2.45",
    units: {},
    certificateEnd: "2027-02-21T18:00:00Z",
    streaming: null,
    handshakes: {},
    ...changes,
  };
}

const REPORT: Report = {
  proven: true,
  findings: [],
  hosts: [
    host("backup-srv", "repository", { postgresql: null }),
    host("pg1-srv", "primary"),
    host("pg2-srv", "standby", { streaming: true }),
    host("pg3-srv", "standby", { streaming: false }),
  ],
  stanza: { name: "demo", status: "ok" },
  backups: [{ label: "20261123-184313F", type: "full", fromStandby: true, start: "", stop: "" }],
};

/** The cells of the table, line by line. */
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

describe("renderReport", () => {
  it("shows a line per host", () => {
    expect(cells(renderReport(REPORT))).toEqual([
      ["host", "role", "address", "PostgreSQL", "pgBackRest", "certificate until", "replication", "last backup"],
      [
        "backup-srv",
        "repository",
        "10.83.14.10",
        "-",
        "2.45",
        "2027-02-21",
        "-",
        "20261123-184313F full, from a standby",
      ],
      ["pg1-srv", "primary", "10.83.14.10", "15.18", "2.45", "2027-02-21", "1 of 2 stream", "-"],
      ["pg2-srv", "standby", "10.83.14.10", "15.18", "2.45", "2027-02-21", "streaming", "-"],
      ["pg3-srv", "standby", "10.83.14.10", "15.18", "2.45", "2027-02-21", "not streaming", "-"],
    ]);
  });

  it("ends with the verdict and what was found", () => {
    expect(renderReport(REPORT)).toMatch(/\nproven\n$/);
    expect(renderReport({ ...REPORT, proven: false, findings: ["pg3-srv: does not stream"] })).toMatch(
      /\nnot proven:\n {2}pg3-srv: does not stream\n$/,
    );
  });

  it("holds no colours", () => {
    expect(renderReport(REPORT)).not.toContain("\u001b");
  });
});
