import { describe, expect, it } from "vitest";
import { renderDiagnosis, renderStatus } from "../../cli/show/report";
import type { BackupInfo, HostFacts, WalArchive } from "../../observe/facts";
import { describeReach } from "../../observe/rules/wal";
import { reportOn } from "../../observe/report";
import { type Reach, reaches } from "../../observe/wal";
import {
  BACKUP,
  type Changes,
  deployedLab,
  INFO,
  judged,
  NOW,
  observed,
  PRIMARY,
  segmentsUpTo,
  told,
  walOf,
} from "../support/observed-lab";

const SIZE = 16 * 1024 ** 2;
const [first, second] = ["20261123-184305F", "20261124-184305F"];

/** The name of a segment on a timeline: 16 MiB each, all in the first log. */
const at = (timeline: number, number: number): string =>
  [timeline, 0, number].map((part) => part.toString(16).toUpperCase().padStart(8, "0")).join("");
const run = (timeline: number, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => at(timeline, from + index));
const archive = (segments: readonly string[], histories: Readonly<Record<string, string>> = {}): WalArchive =>
  walOf(segments, histories)["15-1"] ?? { segments: {}, histories };
const backup = (label: string, start: string, stop = start): BackupInfo => ({
  ...{ ...BACKUP, label, archive: { start, stop } },
  lsn: { start: `0/${start.slice(-2)}000028`, stop: `0/${stop.slice(-2)}000100` },
});
const said = (found: readonly Reach[]): string[] => found.map((reach) => `${reach.label} ${describeReach(reach)}`);

describe("how far a backup restores", () => {
  const all = [backup(first, at(1, 3), at(1, 4)), backup(second, at(1, 7))];

  it("is the newest moment where no segment is missing, whatever lies before the backup", () => {
    expect(reaches(all, archive([at(1, 1), ...run(1, 3, 9)]), { segmentSize: SIZE })).toEqual([
      { label: first, newest: true, segment: at(1, 9), time: NOW, missing: [] },
      { label: second, newest: true, segment: at(1, 9), time: NOW, missing: [] },
    ]);
  });

  it("is the hole's start from before it, and the newest moment from after it", () => {
    const found = reaches(all, archive([...run(1, 3, 4), ...run(1, 7, 9)]), { segmentSize: SIZE });
    expect(found).toEqual([
      { label: first, newest: false, segment: at(1, 4), time: NOW - 180, missing: [`${at(1, 5)} to ${at(1, 6)}`] },
      { label: second, newest: true, segment: at(1, 9), time: NOW, missing: [] },
    ]);
    expect(said(found)).toEqual([
      `${first} restores to 2026-11-23T19:40:09Z at most, the end of ${at(1, 4)}`,
      `${second} restores to the newest moment`,
    ]);
  });

  it("is no moment where the backup's own WAL is missing", () => {
    expect(said(reaches(all, archive([at(1, 3), ...run(1, 5, 9)]), { segmentSize: SIZE }))).toEqual([
      `${first} restores to no moment: WAL that makes it consistent is missing`,
      `${second} restores to the newest moment`,
    ]);
    expect(reaches(all, archive([]), { segmentSize: SIZE }).map(({ missing }) => missing)).toEqual([
      [`${at(1, 3)} to ${at(1, 4)}`],
      [at(1, 7)],
    ]);
  });

  it("counts segments of any size across logs", () => {
    const found = (segmentSize: number, start: string, ...others: string[]): string[] =>
      reaches([{ ...BACKUP, archive: { start, stop: start } }], archive([start, ...others]), { segmentSize }).flatMap(
        ({ missing }) => missing,
      );
    const [first, second, third] = ["00000001000000010000003F", "000000010000000200000000", "000000010000000200000001"];
    expect(found(64 * 1024 ** 2, first, second, third)).toEqual([]);
    expect(found(64 * 1024 ** 2, first, third)).toEqual([second]);
    expect(found(1024 ** 3, "000000010000000100000003", second, third)).toEqual([]);
    expect(found(1024 ** 3, "000000010000000100000002", second)).toEqual(["000000010000000100000003"]);
    expect(found(SIZE, "0000000100000001000000FE", second)).toEqual(["0000000100000001000000FF"]);
  });

  it("does not judge what several processes may still be archiving", () => {
    const racing = archive([...run(1, 3, 7), at(1, 9)]);
    const found = (before?: number): boolean[] =>
      reaches([backup(first, at(1, 3))], racing, { segmentSize: SIZE, before }).map(({ newest }) => newest);
    expect([found(NOW - 60), found()]).toEqual([[true], [false]]);
  });
});

describe("how far a backup restores over timelines", () => {
  const history = "1\t0/5000060\tno recovery target specified\n";
  const all = [backup(first, at(1, 3))];
  const on = (timeline: string) => ({ timeline, segmentSize: SIZE });

  it("follows the history: the segment in which a timeline was left is read from the next one", () => {
    const segments = [...run(1, 3, 4), ...run(2, 5, 9)];
    expect(reaches(all, archive(segments, { "00000002": history }), on("00000002"))).toMatchObject([
      { newest: true, segment: at(2, 9), missing: [] },
    ]);
    const without = segments.filter((name) => name !== at(2, 5));
    expect(reaches(all, archive([...without, at(1, 5)], { "00000002": history }), on("00000002"))).toMatchObject([
      { newest: false, segment: at(1, 4), missing: [at(2, 5)] },
    ]);
  });

  it("follows several, each for its part", () => {
    const third = `${history}\n2\t0/8000000\tno recovery target specified\n`;
    const segments = [...run(1, 3, 6), ...run(2, 5, 9), ...run(3, 8, 11)];
    expect(reaches(all, archive(segments, { "00000003": third }), on("00000003"))).toMatchObject([
      { newest: true, segment: at(3, 11) },
    ]);
    const hole = segments.filter((name) => name !== at(2, 7));
    expect(reaches(all, archive(hole, { "00000003": third }), on("00000003"))).toMatchObject([
      { newest: false, segment: at(2, 6), missing: [at(2, 7)] },
    ]);
  });

  it("names a history that is missing", () => {
    expect(reaches(all, archive([...run(1, 3, 5), ...run(2, 5, 9)]), on("00000002"))).toMatchObject([
      { newest: false, segment: at(1, 5), missing: ["00000002.history"] },
    ]);
  });

  it("leaves out the timeline of a standby that was promoted beside the primary", () => {
    const rogue = archive([...run(2, 5, 40), ...run(1, 3, 9)], { "00000002": history });
    expect(reaches(all, rogue, on("00000001"))).toMatchObject([{ newest: true, segment: at(1, 9) }]);
    // Where PostgreSQL does not tell, it is the timeline that archived last.
    expect(reaches(all, rogue, { segmentSize: SIZE })).toMatchObject([{ newest: true, segment: at(1, 9) }]);
  });

  it("ends on a backup's own timeline where the cluster left that before the backup ended", () => {
    const [late] = reaches(
      [backup(second, at(1, 5), at(1, 6))],
      archive([...run(1, 3, 7), ...run(2, 5, 9)], { "00000002": history }),
      on("00000002"),
    );
    expect(late).toMatchObject({ newest: false, segment: at(1, 7), missing: [] });
    // In the same segment, the position decides.
    const [same] = reaches(
      [backup(second, at(1, 4), at(1, 5))].map((each) => ({ ...each, lsn: { start: "0/4000028", stop: "0/5000061" } })),
      archive([...run(1, 3, 7), ...run(2, 5, 9)], { "00000002": history }),
      on("00000002"),
    );
    expect(same).toMatchObject({ newest: false, segment: at(1, 7) });
  });
});

it("takes less than a second for 10,000 segments and 50 backups", () => {
  const names = Array.from({ length: 10_000 }, (_, number) =>
    [1, Math.floor(number / 256), number % 256]
      .map((part) => part.toString(16).toUpperCase().padStart(8, "0"))
      .join(""),
  );
  const backups = names
    .filter((_, number) => number % 200 === 0)
    .map((name) => ({ ...BACKUP, archive: { start: name, stop: name } }));
  const started = performance.now();
  const found = reaches(backups, archive(names), { segmentSize: SIZE });
  const seconds = (performance.now() - started) / 1000;
  expect(found.filter(({ newest }) => newest)).toHaveLength(50);
  expect(seconds).toBeLessThan(1);
});

describe("the doctor", () => {
  const wal = (segments: readonly string[], more: readonly BackupInfo[] = []): Record<string, HostFacts> => {
    const backups = [BACKUP, ...more];
    const labels = backups.map(({ label }) => label);
    return {
      "backup-srv": {
        stanza: { version: "2.45", stopped: [], info: [{ ...INFO, backup: backups }], labels: { 1: labels } },
        repositories: {
          1: { fromStandby: Object.fromEntries(labels.map((label) => [label, true])), wal: walOf(segments) },
        },
      },
    };
  };
  const causes = (changes: Changes, lab = deployedLab()): string[] => told(judged(changes, lab).causes);
  const holed = segmentsUpTo(8).filter((name) => !/[56]$/.test(name));

  it("names a hole that no backup gets past: the lab is not proven, and a full backup puts it right", () => {
    const found = judged(wal(holed));
    expect(found.proven).toBe(false);
    expect(found.causes).toMatchObject([
      {
        ...{ code: "LAB-WAL-HOLE", level: "fail", fullBackup: true, remedy: "./lab drift --fix" },
        cause:
          `no backup restores to the newest moment: WAL is missing: ${at(1, 5)} to ${at(1, 6)}; ` +
          `${first} restores to 2026-11-23T19:41:09Z at most, the end of ${at(1, 4)}`,
      },
    ]);
  });

  it("is content once a later backup restores to the newest moment; status and doctor tell what the earlier one can", () => {
    const healed = wal(holed, [backup(second, at(1, 7))]);
    const lab = observed(healed);
    const found = judged(healed);
    expect(found).toMatchObject({ proven: true, causes: [] });
    const line = `\nbackup ${first} restores to 2026-11-23T19:41:09Z at most, the end of ${at(1, 4)}\n`;
    const report = reportOn(lab, found, "container");
    expect([renderStatus(report), renderDiagnosis(report)]).toEqual([
      expect.stringContaining(line),
      expect.stringContaining(line),
    ]);
    expect(report.backups.map(({ reach }) => reach?.newest)).toEqual([false, true]);
  });

  it("judges the WAL of the present cluster alone, by the size that a PostgreSQL tells", () => {
    const [id, database] = ["15-2", { id: 2 }];
    const upgraded = { ...INFO, archive: [...(INFO.archive ?? []), { id, database, max: at(1, 9) }] };
    const now = [BACKUP, { ...backup(second, at(1, 8)), database }];
    const { repositories } = wal(holed, [backup(second, at(1, 7))])["backup-srv"] ?? {};
    const stanza = {
      version: "2.45",
      stopped: [],
      info: [{ ...upgraded, backup: now }],
      labels: { 1: [first, second] },
    };
    const both = { ...walOf(holed), [id]: { segments: { [at(1, 8)]: NOW }, histories: {} } };
    const facts = { stanza, repositories: { 1: { fromStandby: repositories?.[1]?.fromStandby ?? {}, wal: both } } };
    expect(causes({ "backup-srv": facts })).toEqual([]);
    expect(causes({ ...wal(["00000001000000000000003F", "000000010000000100000000"]) })[0]).toContain("LAB-WAL-HOLE");
    const start = "00000001000000000000003F";
    const large = { ...BACKUP, archive: { start, stop: start } };
    const bytes = 64 * 1024 ** 2;
    const sized: Changes = {
      "backup-srv": {
        stanza: { version: "2.45", stopped: [], info: [{ ...INFO, backup: [large] }], labels: { 1: [first] } },
        repositories: { 1: { fromStandby: { [first]: true }, wal: walOf([start, "000000010000000100000000"]) } },
      },
      "pg1-srv": { postgresql: { ...PRIMARY, segment: "000000010000000100000001", segmentSize: bytes } },
    };
    expect(causes(sized).filter((each) => each.includes("WAL-HOLE"))).toEqual([]);
  });

  it("says so when the WAL cannot be listed, and when the cluster left the timeline of every backup", () => {
    const listed = { fromStandby: { [first]: true }, wal: "ERROR: [041]: unable to open" };
    const { causes: found } = judged({ "backup-srv": { repositories: { 1: listed } } });
    expect(told(found)).toEqual([
      "fail LAB-WAL-UNLISTED backup-srv: pgBackRest cannot list the WAL in the repository: ERROR: [041]: unable to open",
    ]);
    expect(found[0]?.remedy).toBe(
      "./lab ssh backup-srv -- sudo -u pgbackrest pgbackrest --stanza=demo repo-ls archive/demo",
    );
    const history = { "00000002": "1\t0/4000060\tno recovery target specified" };
    const left = { fromStandby: { [first]: true }, wal: walOf([...segmentsUpTo(4), at(2, 4), at(2, 5)], history) };
    const on = { ...PRIMARY, segment: at(2, 6) };
    expect(causes({ "backup-srv": { repositories: { 1: left } }, "pg1-srv": { postgresql: on } })).toEqual([
      `fail LAB-WAL-HOLE backup-srv: no backup restores to the newest moment: the cluster left their timeline; ${first} restores to 2026-11-23T19:41:09Z at most, the end of ${at(1, 4)}`,
    ]);
  });

  it.each(["archive-push-queue-max", "repo1-retention-archive"])("warns of %s", (option) => {
    const { proven, unproven } = judged({}, deployedLab({ pgbackrest: { [option]: "1" } }));
    expect([proven, told(unproven)]).toEqual([
      true,
      [`warn LAB-WAL-DROPPED backup-srv: with ${option}, pgBackRest drops WAL that a restore to a later moment needs`],
    ]);
    expect(unproven[0]?.remedy).toBe(
      `take ${option} out of lab:pgbackrest or lab:repositories, and watch the free disk space instead`,
    );
  });

  it("warns of it for each repository", () => {
    const repositories = [{}, { path: "/srv/second", retentionArchive: 1 }];
    expect(told(judged({}, deployedLab({ repositories })).unproven)).toContain(
      "warn LAB-WAL-DROPPED backup-srv: with repo2-retention-archive, pgBackRest drops WAL that a restore to a later moment needs",
    );
  });

  it("leaves segments of the last minute alone with archive-async", () => {
    const racing = wal([...segmentsUpTo(6), at(1, 8)]);
    expect(causes(racing, deployedLab({ pgbackrest: { "archive-async": "n" } }))).toHaveLength(1);
    expect(causes(racing)).toEqual([]);
  });

  it("judges what PostgreSQL was told is archived, however new it is, unless that was while it looked", () => {
    const racing = wal([...segmentsUpTo(6), at(1, 8)]);
    const telling = (archivedWal: string, archived = NOW - 6): number =>
      causes({
        ...racing,
        "pg1-srv": { postgresql: { ...PRIMARY, archiver: { ...PRIMARY.archiver, archivedWal, archived } } },
      }).length;
    expect(telling(at(1, 8))).toBe(1);
    expect(telling(`${at(1, 8)}.00000028.backup`)).toBe(1);
    expect(telling(at(1, 6))).toBe(0);
    expect(telling("00000002.history")).toBe(0);
    expect(telling(at(1, 8), NOW - 4)).toBe(0);
  });
});
