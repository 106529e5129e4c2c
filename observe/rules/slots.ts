import { barmanSlotOf, isStandbySlot } from "../../config/replication-slots";
import { fail, rules, warn } from "../findings";
import { DOWN } from "./postgresql";

const MIB = 1024 ** 2;

/** Bytes of WAL that a slot which nobody reads keeps: over this it is a failure. */
const SLOT_BYTES = 1024 ** 3;

const proof = { proof: true } as const;
const FIX = { steps: true } as const;
const SLOT = "replication slot {subject} keeps {keeps} MiB of WAL, and nobody reads it";
const DROP = {
  steps: true,
  command: `./lab ssh {host} -- sudo -iu postgres {psql} -c "\\"SELECT pg_drop_replication_slot('{subject}')\\""`,
} as const;

/** Replication slots: those of the lab's standbys must be there; who keeps WAL for nobody is told. */
export const SLOTS = rules(
  {
    "LAB-SLOT-MISSING": {
      ...fail("PostgreSQL", "replication slot {subject}, from which a standby streams, is missing", FIX),
      ...{ ...proof, after: DOWN },
    },
    "LAB-SLOT-LOST": {
      ...fail(
        "PostgreSQL",
        "replication slot {subject} is lost: its standby was away for more WAL than max_slot_wal_keep_size",
        FIX,
      ),
      ...{ ...proof, after: DOWN },
    },
    "LAB-SLOT-KEEPS-WAL": { ...fail("PostgreSQL", SLOT, DROP), ...proof, after: DOWN },
    "LAB-SLOT-UNUSED": { ...warn("PostgreSQL", SLOT, DROP), ...proof, after: DOWN },
  },
  ({ primary, standbys, plan }, tell) => {
    for (const host of [primary, ...standbys]) {
      if (host.facts.postgresql == null) continue;
      const { slots } = host.facts.postgresql;
      const { names = [], steps } = host.managed.replicationSlots ?? {};
      for (const subject of names) {
        const slot = slots.find(({ name }) => name === subject);
        if (slot === undefined) tell("LAB-SLOT-MISSING", host, { subject, steps });
        else if (slot.status === "lost") tell("LAB-SLOT-LOST", host, { subject, steps });
      }
      // Of Barman's slot its own rules tell.
      const known = [...names, barmanSlotOf(plan.backupApi?.host ?? "")];
      for (const { name: subject, keeps } of slots.filter(({ name, active }) => !active && !known.includes(name))) {
        const code = (keeps ?? 0) > SLOT_BYTES ? "LAB-SLOT-KEEPS-WAL" : "LAB-SLOT-UNUSED";
        const words = { subject, keeps: Math.ceil((keeps ?? 0) / MIB) };
        tell(code, host, isStandbySlot(subject) ? { ...words, steps } : words);
      }
    }
  },
);
