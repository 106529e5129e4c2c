import * as fs from "node:fs";
import * as path from "node:path";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** What a PostgreSQL host writes in a small lab, beside its image: packages' caches, data, WAL, logs. */
const HOST_BYTES = 512 * MIB;
/** What the build of a guest image takes: a root file system, and the image that is made of it. */
const BUILD_BYTES = 3 * GIB;
/** An image whose size is not known, for it is not there yet. */
const IMAGE_BYTES = GIB;

export interface SpaceNeeds {
  /** File of the image that hosts start from; what is not there is built or fetched. */
  readonly image: string;
  /** Whether the lab builds it. */
  readonly isBuilt: boolean;
  /** How many hosts have no disk yet. */
  readonly hosts: number;
  /** Whether each has a copy of the image of its own, and not a layer over one copy. */
  readonly isCopied: boolean;
}

/** How many bytes of disk it takes to bring a lab up. */
export function bytesNeeded({ image, isBuilt, hosts, isCopied }: SpaceNeeds): number {
  // Images are sparse: their blocks count, not their length.
  const blocks = fs.statSync(image, { throwIfNoEntry: false })?.blocks;
  const build = isBuilt && blocks === undefined ? BUILD_BYTES : 0;
  const bytes = blocks === undefined ? IMAGE_BYTES : blocks * 512;
  const copies = isCopied ? hosts : Math.min(hosts, 1);
  return build + copies * bytes + hosts * HOST_BYTES;
}

/**
 * Refuses what would not fit.
 * @param folder Where it would go; it need not be there yet.
 * @throws Error with what is free and what is needed.
 */
export function requireSpace(folder: string, needed: number, freeBytes = freeBytesOf): void {
  const free = freeBytes(folder);
  if (free >= needed) return;
  const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;
  throw new Error(
    `too little disk for the lab: ${folder} has ${gib(free)} free, and ${gib(needed)} are needed; ` +
      `hint: fewer standbys (lab:standbys), or make room`,
  );
}

function freeBytesOf(folder: string): number {
  let there = folder;
  while (!fs.existsSync(there)) there = path.dirname(there);
  const { bavail, bsize } = fs.statfsSync(there);
  return bavail * bsize;
}
