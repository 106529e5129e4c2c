import type { DiskFacts } from "./facts";
import type { Finding } from "./findings";
import { FREE_PERCENT } from "./thresholds";

/** File systems that are, or will soon be, full: one finding each, although several folders may lie on one. */
export function diskFindings(host: string, disks: Readonly<Record<string, DiskFacts>>): Finding[] {
  const seen = new Set<string>();
  return Object.entries(disks).flatMap(([folder, { size, free }]): Finding[] => {
    const percent = Math.floor((free / size) * 100);
    if (percent >= FREE_PERCENT.warn || seen.has(String(size))) return [];
    seen.add(String(size));
    return [
      {
        level: percent < FREE_PERCENT.fail ? "fail" : "warn",
        host,
        area: "disk",
        subject: folder,
        cause: `the file system of ${folder} has ${percent} % free (${Math.floor(free / 1024 ** 2)} MiB)`,
        remedy: "make room: see retentionFull in lab:repositories, replication slots, and WAL that is not archived",
      },
    ];
  });
}
