import { fail, rules, warn } from "../findings";

const CONSENT = "./lab up asks first, --yes consents, and destroy gives back what was (docs/adopt.md)";

/** What adopting a cluster changes, and why it cannot be adopted, before anything on its machine is changed. */
export const ADOPTION = rules(
  {
    "LAB-ADOPT-REFUSED": fail("host", "its cluster cannot be adopted: {problem}", { sentence: "{way}" }),
    "LAB-ADOPT-UNREAD": fail("host", "its cluster cannot be looked at: {error}", { sentence: "see docs/adopt.md" }),
    "LAB-ADOPT-SETTING": warn("host", '{name} of its cluster changes from "{from}" to "{to}"{when}', {
      sentence: CONSENT,
    }),
    "LAB-ADOPT-FILE": warn("host", "{subject} gets the lab's lines, {where}", { sentence: CONSENT }),
    "LAB-ADOPT-RESTART": warn("host", "PostgreSQL restarts once, for {names}", { sentence: CONSENT }),
  },
  ({ hosts }, tell) => {
    for (const host of hosts) {
      const { adoption } = host.facts;
      const { adoption: error } = host.unread;
      if (error !== undefined) tell("LAB-ADOPT-UNREAD", host, { error });
      if (adoption === undefined) continue;
      for (const refusal of adoption.refusals) {
        const [problem, way] = refusal.split("; hint: ");
        tell("LAB-ADOPT-REFUSED", host, { subject: problem, problem, way });
      }
      for (const { name, from, to, restarts } of adoption.changes)
        tell("LAB-ADOPT-SETTING", host, { subject: name, name, from, to, when: restarts ? ", by a restart" : "" });
      for (const subject of adoption.files) {
        const where = subject.endsWith("postgresql.conf") ? "behind its own" : "before its own";
        tell("LAB-ADOPT-FILE", host, { subject, where });
      }
      const names = adoption.changes.filter(({ restarts }) => restarts).map(({ name }) => name);
      if (names.length > 0) tell("LAB-ADOPT-RESTART", host, { names: names.join(", ") });
    }
  },
);
