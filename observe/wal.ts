import type { BackupInfo, WalArchive } from "./facts";

/** How far a backup restores. */
export interface Reach {
  readonly label: string;
  /** Whether a restore gets to the newest moment that is archived. */
  readonly newest: boolean;
  /** The last WAL segment that a restore replays whole; null when the backup's own WAL is incomplete. */
  readonly segment: string | null;
  /** When that was archived, seconds since 1970. */
  readonly time: number | null;
  /** The WAL between it and the newest moment that is missing, `FIRST` or `FIRST to LAST`; a timeline's `.history` too. */
  readonly missing: readonly string[];
}

/** A cluster's WAL, by what PostgreSQL tells of it. */
export interface WalPosition {
  /** The timeline that the cluster is on, 8 hexadecimal digits; undefined for the last that is archived. */
  readonly timeline?: string;
  /** Bytes of a segment. */
  readonly segmentSize: number;
  /** What was archived after this, seconds since 1970, is not judged: others that come before it may be under way. */
  readonly before?: number;
  /** The segment up to which PostgreSQL was told that all are archived: they are judged, however new. */
  readonly acknowledged?: string | undefined;
}

/** A timeline on the way to the newest moment: from which segment it is read, and where the next one leaves it. */
interface Stretch {
  readonly timeline: string;
  readonly first: number;
  readonly end: number;
}

/** What is held of the WAL on a way: the segments' numbers, and the last of them that is judged. */
interface Held {
  readonly stretches: readonly Stretch[];
  readonly numbers: ReadonlySet<number>;
  readonly last: number;
}

/** A segment's name begins with its timeline, in hexadecimal digits. */
const TIMELINE_DIGITS = 8;

/** How far each backup restores: as long as WAL is continuous from its start over the timelines that led to the present one. */
export function reaches(
  backups: readonly BackupInfo[],
  { segments, histories }: WalArchive,
  { timeline = lastTimeline(segments), segmentSize, before = Infinity, acknowledged }: WalPosition,
): Reach[] {
  const numberOf = (name: string): number => segmentNumber(name, segmentSize);
  const certain = acknowledged === undefined ? -1 : numberOf(acknowledged);
  const heldOn = (stretches: readonly Stretch[]): Held => {
    const own = Object.entries(segments).filter(
      ([name]) => timelineAt(stretches, numberOf(name)) === name.slice(0, TIMELINE_DIGITS),
    );
    return {
      ...{ stretches, numbers: new Set(own.map(([name]) => numberOf(name))) },
      last: own
        .filter(([name, time]) => time <= before || numberOf(name) <= certain)
        .reduce((last, [name]) => Math.max(last, numberOf(name)), -1),
    };
  };
  const way = heldOn(wayTo(timeline, histories[timeline], segmentSize));
  return backups.map(({ label, archive, lsn }): Reach => {
    const own = archive.start.slice(0, TIMELINE_DIGITS);
    const stretch = way.stretches.find((each) => each.timeline === own);
    const isOnWay = stretch !== undefined && position(lsn.stop) <= stretch.end;
    const { stretches, numbers, last } = isOnWay ? way : heldOn([{ timeline: own, first: 0, end: Infinity }]);
    const stop = Math.max(numberOf(archive.stop), last);
    const absent: number[] = [];
    for (let number = numberOf(archive.start); number <= stop; number++) {
      if (!numbers.has(number)) absent.push(number);
    }
    const [hole = stop + 1] = absent;
    const segment = hole > numberOf(archive.stop) ? nameAt(stretches, hole - 1, segmentSize) : null;
    const missing = ranges(absent).map(([from, to]) => {
      const name = nameAt(stretches, from, segmentSize);
      return to === from ? name : `${name} to ${nameAt(stretches, to, segmentSize)}`;
    });
    const history = isOnWay || timeline in histories || own >= timeline ? [] : [`${timeline}.history`];
    return {
      ...{ label, segment, time: segment === null ? null : (segments[segment] ?? null) },
      ...{ newest: isOnWay && absent.length === 0, missing: [...missing, ...history] },
    };
  });
}

/** A segment's number: its name is timeline, log and segment of the log, 8 hexadecimal digits each (PostgreSQL, "WAL Internals"). */
export function segmentNumber(name: string, segmentSize: number): number {
  return parseInt(name.slice(8, 16), 16) * (2 ** 32 / segmentSize) + parseInt(name.slice(16, 24), 16);
}

function nameAt(stretches: readonly Stretch[], number: number, segmentSize: number): string {
  const perLog = 2 ** 32 / segmentSize;
  const parts = [Math.floor(number / perLog), number % perLog];
  const digits = parts.map((part) => part.toString(16).padStart(8, "0").toUpperCase());
  return timelineAt(stretches, number) + digits.join("");
}

/** The segment in which one timeline leaves another is read from the new one, which begins with a copy of it. */
function timelineAt(stretches: readonly Stretch[], number: number): string {
  return stretches.filter(({ first }) => first <= number).at(-1)?.timeline ?? "";
}

/** Reads a `.history`: a line for each timeline that came before, with the position where it was left (PostgreSQL, "Timelines"). */
function wayTo(timeline: string, history = "", segmentSize: number): Stretch[] {
  const left = [...history.matchAll(/^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/gm)].map(([, id = "", lsn = ""]) => ({
    timeline: Number(id).toString(16).padStart(8, "0").toUpperCase(),
    end: position(lsn),
  }));
  return [...left, { timeline, end: Infinity }].map((each, index) => ({
    ...each,
    first: Math.floor((left[index - 1]?.end ?? 0) / segmentSize),
  }));
}

/** A position such as `0/5000060`, in bytes. */
function position(lsn: string): number {
  const [log = "", offset = ""] = lsn.split("/");
  return parseInt(log, 16) * 2 ** 32 + parseInt(offset, 16);
}

/** The timeline of the segment that was archived last. */
function lastTimeline(segments: WalArchive["segments"]): string {
  const [last = ["00000001"]] = Object.entries(segments).sort(([, one], [, other]) => other - one);
  return last[0].slice(0, TIMELINE_DIGITS);
}

/** Neighbouring numbers as first and last. */
function ranges(numbers: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const number of numbers) {
    const range = found.at(-1);
    if (range?.[1] === number - 1) range[1] = number;
    else found.push([number, number]);
  }
  return found;
}
