import * as fs from "node:fs";
import * as path from "node:path";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** A PostgreSQL host's data in a small lab, beside its image: packages' caches, data, WAL, logs. */
const HOST_BYTES = 512 * MIB;
/** The build of a guest image: a root file system, and the image. */
const BUILD_BYTES = 3 * GIB;
/** An image that does not exist yet, so its size is unknown. */
const IMAGE_BYTES = GIB;

interface SpaceNeeds {
  /** File of the hosts' image; a missing one is built or downloaded. */
  readonly image: string;
  /** Whether the lab builds it. */
  readonly isBuilt: boolean;
  /** How many hosts have no disk yet. */
  readonly hosts: number;
  /** Whether each has its own copy of the image, rather than an overlay on one copy. */
  readonly isCopied: boolean;
}

/** Bytes of disk that a lab needs to come up. */
export function bytesNeeded({ image, isBuilt, hosts, isCopied }: SpaceNeeds): number {
  // Images are sparse: their blocks count, not their length.
  const blocks = fs.statSync(image, { throwIfNoEntry: false })?.blocks;
  const build = isBuilt && blocks === undefined ? BUILD_BYTES : 0;
  const bytes = blocks === undefined ? IMAGE_BYTES : blocks * 512;
  const copies = isCopied ? hosts : Math.min(hosts, 1);
  return build + copies * bytes + hosts * HOST_BYTES;
}

/**
 * Checks that a folder has enough disk space.
 * @param folder It need not exist yet.
 * @throws Error with the free and the needed space.
 */
export function requireSpace(folder: string, needed: number, freeBytes = freeBytesOf): void {
  const free = freeBytes(folder);
  if (free >= needed) return;
  const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;
  throw new Error(
    `not enough disk space for the lab: ${folder} has ${gib(free)} free, the lab needs ${gib(needed)}; ` +
      `hint: free some space, or set fewer lab:standbys`,
  );
}

function freeBytesOf(folder: string): number {
  let existing = folder;
  while (!fs.existsSync(existing)) existing = path.dirname(existing);
  const { bavail, bsize } = fs.statfsSync(existing);
  return bavail * bsize;
}
