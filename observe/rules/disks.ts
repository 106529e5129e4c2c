import { fail, rules, warn } from "../findings";

/** Free space on a file system, percent: under these. */
const FREE_PERCENT = { warn: 20, fail: 5 } as const;

const TEXT = "the file system of {subject} has {percent} % free ({free} MiB)";
const ROOM = {
  sentence:
    "make room: in a repository, see retentionFull in lab:repositories; beside PostgreSQL's data, replication slots and WAL that is not " +
    "archived",
} as const;

/** File systems that are, or will soon be, full: told once, although several folders may lie on one. */
export const DISKS = rules(
  { "LAB-DISK-FULL": fail("disk", TEXT, ROOM), "LAB-DISK-LOW": warn("disk", TEXT, ROOM) },
  ({ hosts }, tell) => {
    for (const host of hosts) {
      const told = new Set<string>();
      for (const [subject, { device, size, free }] of Object.entries(host.facts.disks ?? {})) {
        const percent = Math.floor((free / size) * 100);
        if (percent >= FREE_PERCENT.warn || told.has(device)) continue;
        told.add(device);
        const code = percent < FREE_PERCENT.fail ? "LAB-DISK-FULL" : "LAB-DISK-LOW";
        tell(code, host, { subject, percent, free: Math.floor(free / 1024 ** 2) });
      }
    }
  },
);
