import { describe, expect, it } from "vitest";
import { parseVerify, repositoryFileFindings } from "../../observe/doctor/repository-files";
import { brokenOffFindings } from "../../observe/doctor/stanza";
import type { StanzaInfo } from "../../observe/proofs";

const SAID = `2026-11-24 10:38:25.982 P00   INFO: verify command begin 2.45: --exec-id=347-4a5c8c97 --stanza=demo
2026-11-24 10:38:26.385 P01   INFO: invalid checksum '20261124-071447F/pg_data/pg_xact/0000.gz'
2026-11-24 10:38:26.452 P02   INFO: invalid result 15-1/0000000100000000/000000010000000000000007-6879db.gz: [29] raised from local-2 protocol: unexpected eof in compressed data
2026-11-24 10:38:41.453 P00   INFO: stanza: demo
                                    status: error
                                      backup: 20261124-071447F, status: invalid, total files checked: 965, total valid files: 964
2026-11-24 10:38:41.454 P00   INFO: verify command end: completed successfully (15475ms)`;

const backup = (label: string, start: string): StanzaInfo["backup"][number] => ({
  label,
  type: "full",
  error: false,
  timestamp: { start: 0, stop: 100 },
  archive: { start, stop: start },
});

const info = (...backups: StanzaInfo["backup"]): StanzaInfo => ({
  name: "demo",
  status: { code: 0, message: "ok", lock: { backup: { held: false } } },
  backup: backups,
});

describe("the repository's files", () => {
  it("reads what verify says, which ends with 0", () => {
    expect(parseVerify(SAID)).toEqual([
      { path: "20261124-071447F/pg_data/pg_xact/0000.gz", problem: "invalid checksum" },
      {
        path: "15-1/0000000100000000/000000010000000000000007-6879db.gz",
        problem: "invalid result ([29] raised from local-2 protocol: unexpected eof in compressed data)",
      },
    ]);
  });

  it("fails for what the last full backup and its WAL need, and takes a new one for it", () => {
    const found = repositoryFileFindings(
      "backup-srv",
      { "1": SAID },
      info(backup("20261124-071447F", "000000010000000000000007")),
    );
    expect(found).toMatchObject([
      {
        level: "fail",
        subject: "20261124-071447F/pg_data/pg_xact/0000.gz",
        cause: "repo1 holds a damaged file: invalid checksum",
        remedy: "take a new full backup: ./lab drift --verify --fix",
        needsFullBackup: true,
      },
      { level: "fail", needsFullBackup: true },
    ]);
  });

  it("warns of what a later full backup does without", () => {
    const later = info(
      backup("20261124-071447F", "000000010000000000000007"),
      backup("20261124-103900F", "000000020000000000000009"),
    );
    const found = repositoryFileFindings("backup-srv", { "1": SAID }, later);
    expect(found.map(({ level, needsFullBackup }) => [level, needsFullBackup])).toEqual([
      ["warn", undefined],
      ["warn", undefined],
    ]);
  });

  it("tells why a verify failed", () => {
    expect(
      repositoryFileFindings(
        "backup-srv",
        { "2": "P00  ERROR: [055]: unable to open missing file\nstatus 55" },
        info(),
      ),
    ).toMatchObject([
      { level: "fail", cause: "pgbackrest verify of repo2 failed: ERROR: [055]: unable to open missing file" },
    ]);
  });

  it("tells of a backup that was broken off, but not of one at work", () => {
    const known = info(backup("20261124-071447F", "000000010000000000000007"));
    const labels = ["20261124-071447F", "20261124-104500F"];
    expect(brokenOffFindings("backup-srv", known, labels)).toMatchObject([
      { level: "warn", cause: "backup 20261124-104500F was broken off" },
    ]);
    const status = { code: 0, message: "ok", lock: { backup: { held: true } } };
    expect(brokenOffFindings("backup-srv", { ...known, status }, labels)).toEqual([]);
  });
});
