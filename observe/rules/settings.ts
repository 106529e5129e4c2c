import { fail, rules } from "../findings";

const FIX = { steps: true, sentence: "see lab:postgresql" } as const;

/** Of settings in a file that somebody edited, PostgreSQL may take none. */
const EDITED = { after: ["LAB-FILE-CONTENT"], scope: "subject" } as const;

/** The lab's settings of PostgreSQL: whether they apply. */
export const SETTINGS = rules(
  {
    "LAB-SETTING-NOT-INCLUDED": fail("PostgreSQL", "postgresql.conf does not include {subject}", FIX),
    "LAB-SETTING-UNREAD": { ...fail("PostgreSQL", "{subject} was changed, and not read since", FIX), ...EDITED },
    "LAB-SETTING-INVALID": {
      ...fail("PostgreSQL", "{name} = {wanted} is not applied: {error}", { sentence: "see lab:postgresql" }),
      ...{ ...EDITED, drift: true },
    },
    "LAB-SETTING-PENDING": { ...fail("PostgreSQL", "{name} = {wanted} waits for a restart", FIX), ...EDITED },
    // An ALTER SYSTEM is somebody's will, in PostgreSQL's own file: no step takes it back.
    "LAB-SETTING-OVERRIDDEN": {
      ...fail("PostgreSQL", '{name} is "{actual}" by {source}, not "{wanted}" as in {file}', {
        command:
          "./lab ssh {host} -- sudo -iu postgres {psql} -c \"'ALTER SYSTEM RESET {name}'\" -c \"'SELECT pg_reload_conf()'\"",
      }),
      ...{ ...EDITED, drift: true },
    },
  },
  ({ hosts, plan }, tell) => {
    const file = plan.postgresql.settingsFile;
    for (const host of hosts) {
      const { postgresql: seen } = host.facts;
      if (seen == null) continue;
      const steps = host.managed.settings?.steps;
      if (!seen.included) tell("LAB-SETTING-NOT-INCLUDED", host, { subject: file, steps });
      else if (seen.stale) tell("LAB-SETTING-UNREAD", host, { subject: file, steps });
      else {
        for (const { name, wanted, actual, source, pending, error } of seen.overridden) {
          const found = { subject: file, name, wanted };
          if (error !== null) tell("LAB-SETTING-INVALID", host, { ...found, error });
          else if (pending === true) tell("LAB-SETTING-PENDING", host, { ...found, steps });
          else {
            const words = { actual: actual ?? "", source: source ?? "another source", file };
            tell("LAB-SETTING-OVERRIDDEN", host, { ...found, ...words });
          }
        }
      }
    }
  },
);
