import { clusterOf } from "../../plan/plan";
import { PGBACKREST_UNIT } from "../../plan/layout";
import { fail, rules, warn } from "../findings";
import type { ObservedHost } from "../lab";

/** A unit that systemd has restarted, and that is younger than so many seconds, is in a loop. */
const LOOP_SECONDS = 3;

const START = { steps: true, command: "./lab ssh {host} -- sudo systemctl start {subject}" } as const;
const proof = { proof: true, mendedWith: ["LAB-FILE-*"] } as const;
/** How the replay of a tablespace's creation ends without its folder. */
const NO_FOLDER = /FATAL: +directory "(.*)" does not exist$/;
const DOWN = { ...fail("units", "{subject} is {state}{error}", START), ...proof };

/** With which a server does not start. */
const BROKEN_PAIR = ["LAB-KEY-*", "LAB-CERT-MISSING", "LAB-CERT-UNREADABLE"] as const;

/** What must run, and start with the host. */
export const UNITS = rules(
  {
    "LAB-PGBACKREST-DOWN": { ...DOWN, after: [...BROKEN_PAIR, "LAB-PACKAGE-MISSING"] },
    "LAB-POSTGRESQL-DOWN": { ...DOWN, after: [...BROKEN_PAIR, "LAB-TABLESPACE-MISSING"] },
    "LAB-TABLESPACE-MISSING": {
      ...fail("units", "{subject}, the folder of a tablespace, is missing: PostgreSQL ends without it", {
        ...{ steps: true, command: "./lab ssh {host} -- sudo install -d -o postgres -g postgres -m 0700 {subject}" },
      }),
      proof: true,
    },
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
    for (const host of hosts) {
      const codes = new Map<string, "LAB-PGBACKREST-DOWN" | "LAB-POSTGRESQL-DOWN">([
        [PGBACKREST_UNIT, "LAB-PGBACKREST-DOWN"],
        [clusterOf(plan, host).service, "LAB-POSTGRESQL-DOWN"],
      ]);
      for (const [subject, { state, sub, restarts, enabled, seconds, error }] of Object.entries(
        host.facts.units ?? {},
      )) {
        const last = error === "" ? "" : `; its last error: ${error.replace(/^.*?((ERROR|FATAL): )/, "$1").trim()}`;
        const steps = stepsOfUnit(host, subject);
        const found = { subject, steps, state, restarts };
        const [, folder] = (state !== "active" && NO_FOLDER.exec(error)) || [];
        // A standby's steps make the folders that its primary has.
        const own = host.managed.standbyOf?.steps ?? steps;
        if (folder !== undefined) tell("LAB-TABLESPACE-MISSING", host, { subject: folder, steps: own });
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

/** The steps that have a unit run, and load its files. */
export function stepsOfUnit({ managed }: ObservedHost, unit: string): readonly string[] | undefined {
  return managed.units.find(({ name }) => name === unit)?.steps;
}
