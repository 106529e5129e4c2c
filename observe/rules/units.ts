import { PGBACKREST_UNIT } from "../../plan/layout";
import { fail, rules, warn } from "../findings";

/** A unit that systemd has restarted, and that is younger than so many seconds, is in a loop. */
const LOOP_SECONDS = 3;

const START = { steps: true, command: "./lab ssh {host} -- sudo systemctl start {subject}" } as const;
const proof = { proof: true, mendedWith: ["LAB-FILE-*"] } as const;
const DOWN = { ...fail("units", "{subject} is {state}{error}", START), ...proof };

/** With which a server does not start. */
const BROKEN_PAIR = ["LAB-KEY-*", "LAB-CERT-MISSING", "LAB-CERT-UNREADABLE"] as const;

/** What must run, and start with the host. */
export const UNITS = rules(
  {
    "LAB-PGBACKREST-DOWN": { ...DOWN, after: [...BROKEN_PAIR, "LAB-PACKAGE-MISSING"] },
    "LAB-POSTGRESQL-DOWN": { ...DOWN, after: BROKEN_PAIR },
    "LAB-UNIT-DOWN": DOWN,
    "LAB-UNIT-LOOP": {
      ...fail("units", "{subject} ends as soon as it is started; systemd has restarted it {restarts} times{error}", {
        steps: true,
        command: "./lab ssh {host} -- sudo journalctl -u {subject}",
      }),
      ...{ ...proof, after: BROKEN_PAIR },
    },
    "LAB-UNIT-DISABLED": {
      ...warn("units", "{subject} runs, but is {enabled}: it will not after a reboot", {
        steps: true,
        command: "./lab ssh {host} -- sudo systemctl enable {subject}",
      }),
      after: ["LAB-PACKAGE-MISSING"],
    },
  },
  ({ hosts, plan }, tell) => {
    const codes = new Map<string, "LAB-PGBACKREST-DOWN" | "LAB-POSTGRESQL-DOWN">([
      [PGBACKREST_UNIT, "LAB-PGBACKREST-DOWN"],
      [plan.postgresql.service, "LAB-POSTGRESQL-DOWN"],
    ]);
    for (const host of hosts) {
      for (const [subject, { state, sub, restarts, enabled, seconds, error }] of Object.entries(
        host.facts.units ?? {},
      )) {
        const last = error === "" ? "" : `; its last error: ${error.replace(/^.*?((ERROR|FATAL): )/, "$1").trim()}`;
        const steps = host.managed.units.find(({ name }) => name === subject)?.steps;
        const found = { subject, steps, state, restarts };
        const isLooping = sub === "auto-restart" || (restarts > 1 && (state !== "active" || seconds < LOOP_SECONDS));
        if (isLooping) tell("LAB-UNIT-LOOP", host, { ...found, error: last });
        else if (state !== "active") {
          tell(codes.get(subject) ?? "LAB-UNIT-DOWN", host, { ...found, error: state === "inactive" ? "" : last });
        } else if (!/^(enabled|alias$|indirect$)/.test(enabled)) {
          tell("LAB-UNIT-DISABLED", host, { ...found, enabled: enabled || "not enabled" });
        }
      }
    }
  },
);
