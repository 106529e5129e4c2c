import type { Seed } from "./seed";

const SECTOR = 2048;
/** Sectors of an image: the system area, two descriptors, two path tables, the root folder, meta-data, user-data. */
const SYSTEM = 16;
const PATH_TABLES = SYSTEM + 2;
const ROOT = PATH_TABLES + 2;
const META_DATA = ROOT + 1;
const USER_DATA = META_DATA + 1;
const END = USER_DATA + 3;

/** Size of a seed's volume and of every image, so that one overwrites another completely. */
export const SEED_BYTES = END * SECTOR;

/**
 * The image with a virtual machine's seed: ISO 9660 (ECMA-119) with label `cidata` (cloud-init, "NoCloud").
 * @returns base64 of the image without its system area, which is empty.
 * @throws RangeError when the seed is too long.
 */
export function renderSeedImage({ metaData, userData }: Seed): string {
  const root = folder(ROOT);
  const records = [
    record("\0", root),
    record("\x01", root),
    record("META-DATA.;1", place("meta-data", META_DATA, USER_DATA, metaData)),
    record("USER-DATA.;1", place("user-data", USER_DATA, END, userData)),
  ];
  const image = Buffer.alloc(SEED_BYTES);
  const write = (sector: number, ...parts: Buffer[]): number => Buffer.concat(parts).copy(image, sector * SECTOR);
  write(SYSTEM, descriptor(record("\0", root)));
  write(SYSTEM + 1, Buffer.from("\xffCD001\x01", "latin1"));
  // The path table of one folder, the root, in each byte order.
  write(PATH_TABLES, Buffer.from([1, 0, ...both(ROOT, 4).subarray(0, 4), 1, 0, 0, 0]));
  write(PATH_TABLES + 1, Buffer.from([1, 0, ...both(ROOT, 4).subarray(4), 0, 1, 0, 0]));
  write(ROOT, ...records);
  write(META_DATA, Buffer.from(metaData));
  write(USER_DATA, Buffer.from(userData));
  return image.subarray(SYSTEM * SECTOR).toString("base64");
}

interface Extent {
  readonly sector: number;
  readonly bytes: number;
  readonly isFolder: boolean;
}

function folder(sector: number): Extent {
  return { sector, bytes: SECTOR, isFolder: true };
}

function place(file: string, sector: number, end: number, text: string): Extent {
  const [bytes, most] = [Buffer.byteLength(text), (end - sector) * SECTOR];
  if (bytes > most) throw new RangeError(`a seed's ${file} must have at most ${most} bytes, got ${bytes}`);
  return { sector, bytes, isFolder: false };
}

/** A directory record (ECMA-119, 9.1). */
function record(name: string, { sector, bytes, isFolder }: Extent): Buffer {
  const length = 33 + name.length + (name.length % 2 === 0 ? 1 : 0);
  const date = [80, 1, 1, 0, 0, 0, 0];
  const head = [length, 0, ...both(sector, 4), ...both(bytes, 4), ...date, isFolder ? 2 : 0, 0, 0, ...both(1, 2)];
  return Buffer.concat([Buffer.from([...head, name.length]), Buffer.from(name, "latin1")], length);
}

/** The primary volume descriptor (ECMA-119, 8.4). Texts are blanks, dates are zeros: not specified. */
function descriptor(root: Buffer): Buffer {
  const dates = Buffer.concat(Array.from({ length: 4 }, () => Buffer.from(`${"0".repeat(16)}\0`)));
  const parts: [number, Buffer][] = [
    [0, Buffer.from("\x01CD001\x01")],
    [8, Buffer.from(" ".repeat(32) + "cidata".padEnd(32))],
    [80, both(END, 4)],
    [120, Buffer.concat([both(1, 2), both(1, 2), both(SECTOR, 2), both(10, 4)])],
    [140, both(PATH_TABLES, 4).subarray(0, 4)],
    [148, both(PATH_TABLES + 1, 4).subarray(4)],
    [156, root],
    [190, Buffer.from(" ".repeat(813 - 190))],
    [813, dates],
    [881, Buffer.from([1])],
  ];
  const sector = Buffer.alloc(SECTOR);
  for (const [offset, part] of parts) part.copy(sector, offset);
  return sector;
}

/** A number in both byte orders, little-endian first. */
function both(number: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(2 * bytes);
  buffer.writeUIntLE(number, 0, bytes);
  buffer.writeUIntBE(number, bytes, bytes);
  return buffer;
}
