import { fail, rules, UNREACHABLE } from "../findings";
import { SERVER_DOWN } from "./peers";

/** Whether a host can be asked. */
export const HOSTS = rules(
  {
    [UNREACHABLE]: {
      ...fail("host", "no SSH connection to {address}: {error}", { command: "./lab up" }),
      ...{ proof: true, drift: true },
    },
    "LAB-HOST-UNREAD": {
      ...fail("host", "{fact} cannot be read: {error}", { command: "./lab ssh {host}" }),
      ...{ proof: true, drift: true },
      after: [
        ...["LAB-REPOSITORY-*", "LAB-STANZA-*", ...SERVER_DOWN, "LAB-NAME-*", "LAB-PORT-*"],
        "LAB-PACKAGE-MISSING",
      ],
    },
  },
  ({ hosts, repository, primary }, tell) => {
    for (const host of hosts) {
      const { address, unreachable, unread } = host;
      if (unreachable !== undefined) tell(UNREACHABLE, host, { subject: address, address, error: unreachable });
      for (const [fact, error] of Object.entries(unread)) {
        // A stanza is read from the repository host; Barman asks the primary.
        const involves = fact === "stanza" ? [repository.name] : fact === "backupApi" ? [primary.name] : [];
        tell("LAB-HOST-UNREAD", host, { subject: fact, fact, error, involves });
      }
    }
  },
);
