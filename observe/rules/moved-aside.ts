import { rules, warn } from "../findings";

/** Folders that steps have moved aside, as no step deletes data. */
export const MOVED_ASIDE = rules(
  {
    "LAB-DATA-ASIDE": warn("disk", "{subject} was moved aside on {since}: {size} MiB", {
      sentence:
        "when nobody needs what is in it, ./lab ssh {host} -- sudo rm -r {subject}; ./lab destroy deletes it with the host",
    }),
  },
  ({ hosts }, tell) => {
    for (const host of hosts) {
      for (const [subject, { date, bytes }] of Object.entries(host.facts.movedAside ?? {})) {
        // As steps date it: 20261127T030000Z.
        const since = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)\d\dZ$/, "$1-$2-$3 $4:$5 UTC");
        tell("LAB-DATA-ASIDE", host, { subject, since, size: Math.ceil(bytes / 1024 ** 2) });
      }
    }
  },
);
