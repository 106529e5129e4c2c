import { PGBACKREST_UNIT } from "../../plan/layout";
import { fail, rules } from "../findings";
import { type ObservedRepository, stanzaIn, stanzaSeenBy } from "../lab";
import { storeProblem } from "../store-errors";
import { PGBACKREST_FILES, SERVER_DOWN } from "./peers";
import { stepsOfUnit } from "./units";

const proof = { proof: true } as const;

/** What keeps a host from the repository. */
const UNREACHED = [
  ...[...SERVER_DOWN, "LAB-NAME-*", "LAB-PORT-*", "LAB-TLS-*", "LAB-PEER-*"],
  ...["LAB-ACCESS-DENIED", "LAB-VERSION-PGBACKREST", "LAB-PACKAGE-*", "LAB-CERT-*", "LAB-KEY-*", "LAB-CA-EXPIRED"],
  "LAB-REPOSITORY-*",
] as const;

/** Statuses in `info`: the stanza's folders are missing; there is no backup, which is a finding of its own. */
const MISSING = 1;
const NO_BACKUP = 2;

/** What pgBackRest answers a client that it knows and does not authorize, in `info` too. */
const DENIED = "access denied";

/** The stanza, as each host sees it, and whether the repository's account can use what lies in it. */
export const STANZA = rules(
  {
    "LAB-STANZA-STOPPED": {
      ...fail("stanza", "pgBackRest was stopped on this host: no backup, no archiving [62]", {
        command: "./lab ssh {host} -- sudo -u {account} pgbackrest {start}",
      }),
      ...proof,
    },
    "LAB-STANZA-SILENT": {
      ...fail("stanza", "pgbackrest info did not answer", {
        command: "./lab ssh {host} -- sudo -u {account} pgbackrest info",
      }),
      ...{ ...proof, after: UNREACHED },
    },
    "LAB-STANZA-MISSING": {
      ...fail("stanza", "{its} has no stanza {subject}: its backups and WAL are lost", {
        steps: true,
        fullBackup: true,
      }),
      ...{ ...proof, after: ["LAB-REPOSITORY-*"] },
    },
    "LAB-REPOSITORY-INFO": {
      ...fail("stanza", "pgBackRest cannot read {files}: they are damaged", {
        sentence:
          "put copies of them back; without any, move {places} aside, then ./lab up: it creates the stanza and takes a full backup; " +
          "pgBackRest no longer knows the earlier ones",
      }),
      ...{ ...proof, after: ["LAB-REPOSITORY-OWNER", "LAB-REPOSITORY-MODE"] },
    },
    "LAB-REPOSITORY-STORE": {
      ...fail("stanza", "{its} cannot be used: {problem}", {
        sentence: "{hint}; then ./lab ssh {host} -- sudo -u {account} pgbackrest{option} info answers",
      }),
      ...proof,
    },
    "LAB-STANZA-STATUS": {
      ...fail("stanza", "stanza {subject}{place}: {message} (status {number})", {
        command: "./lab ssh {host} -- sudo -u {account} pgbackrest --stanza={subject} check",
      }),
      ...{ ...proof, after: [...UNREACHED, "LAB-STANZA-MISSING", "LAB-STANZA-STATUS", ...PGBACKREST_FILES] },
    },
    "LAB-STANZA-NOT-REFUSED": {
      ...fail("stanza", "its certificate is revoked, but it is not refused: stanza {subject}: {message}", {
        ...{ steps: true, command: "./lab up" },
      }),
      ...{ ...proof, after: PGBACKREST_FILES },
    },
    "LAB-REPOSITORY-OWNER": fail("stanza", "files belong to {owner}, {account} cannot use them [041]: {paths}", {
      command: "./lab ssh {host} -- sudo chown -R {account}:{account} {places}",
    }),
    "LAB-REPOSITORY-MODE": fail("stanza", "{account} may not read and write its own files [041]: {paths}", {
      command: "./lab ssh {host} -- sudo chmod -R u+rwX {places}",
    }),
  },
  ({ hosts, repository, repositories, plan }, tell) => {
    const { stanza: subject } = plan;
    for (const host of hosts) {
      const { account, facts } = host;
      if (facts.stanza === undefined) continue;
      for (const name of facts.stanza.stopped.filter((each) => each === "all" || each === subject)) {
        const start = name === "all" ? "start" : `--stanza=${name} start`;
        tell("LAB-STANZA-STOPPED", host, { subject: name, account, start });
      }
      if (facts.stanza.info === null) {
        tell("LAB-STANZA-SILENT", host, { subject, account, involves: [repository.name] });
        continue;
      }
      const seen = stanzaSeenBy(host, subject);
      const statusIn = (number: number) =>
        seen ? stanzaIn(seen, number).status : { code: MISSING, message: "unknown" };
      if (host.revoked) {
        // One server lets it into all.
        const admitted = repositories
          .map(({ number }) => statusIn(number))
          .find(({ message }) => !message.includes(DENIED));
        const [steps, involves] = [stepsOfUnit(repository, PGBACKREST_UNIT), [repository.name]];
        if (admitted)
          tell("LAB-STANZA-NOT-REFUSED", host, { subject, message: admitted.message.split("\n")[0], steps, involves });
        continue;
      }
      for (const each of repositories) {
        const { code, message } = statusIn(each.number);
        const words = { ...each.words, subject, account, number: code, message: message.split("\n")[0] };
        if (code === MISSING && host === repository) {
          tell("LAB-STANZA-MISSING", host, { ...words, steps: host.managed.stanza?.steps });
        } else if (code !== 0 && code !== NO_BACKUP) {
          const damaged = /\[(?:Format|Checksum|Crypto)Error\] unable to load info file '(.*?)' or '(.*?)'/.exec(
            message,
          );
          if (host === repository && damaged !== null) {
            const places = ["backup", "archive"].map((kind) => `${each.path}/${kind}/${subject}`).join(" and ");
            const files = damaged.slice(1).join(" and ");
            tell("LAB-REPOSITORY-INFO", host, { ...words, subject: damaged[1], files, places });
          } else if (host === repository && each.store !== undefined) {
            const { problem, hint = "see the store, and what is between" } = storeProblem(message) ?? {
              problem: (words.message ?? "").replace(/^\[\w+\] /, ""),
            };
            tell("LAB-REPOSITORY-STORE", host, { ...words, subject: each.store, problem, hint });
          } else tell("LAB-STANZA-STATUS", host, { ...words, involves: [repository.name] });
        }
      }
    }
    for (const each of repositories) {
      for (const [owner, files] of unusable(each)) {
        const code = owner === repository.account ? "LAB-REPOSITORY-MODE" : "LAB-REPOSITORY-OWNER";
        const places = files.length > SHOWN ? [each.path] : files;
        const paths =
          files.length > SHOWN
            ? `${files.slice(0, SHOWN).join(", ")} and ${files.length - SHOWN} more`
            : files.join(", ");
        const words = { owner, account: repository.account, paths, places: places.join(" ") };
        tell(code, repository, { ...each.words, subject: files[0] ?? "", ...words });
      }
    }
  },
);

/** Paths that a finding names one by one. */
const SHOWN = 4;

/** What the repository's account cannot use, by its owner. */
function unusable({ facts }: ObservedRepository): Map<string, string[]> {
  const byOwner = new Map<string, string[]>();
  for (const { owner, path } of facts?.unusable ?? []) {
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), path]);
  }
  return byOwner;
}
