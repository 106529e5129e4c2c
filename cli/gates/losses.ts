import type { Change } from "../../engine/engine";
import type { StanzaInfo } from "../../observe/facts";
import type { Role } from "../../plan/layout";
import type { HostPlan } from "../../plan/plan";

/** A host whose data `up` would begin anew. */
export interface Loss {
  readonly host: string;
  /** What the host was for when the lab was brought up. */
  readonly role: Exclude<Role, "standby">;
  /** `lost`: libvirt has its disk no more. The others: this `up` would take it away. */
  readonly how: "lost" | "replaced" | "deleted";
}

/** What the losses' explanation needs to know of the lab. */
export interface LossContext {
  readonly stack: string;
  readonly stanza: string;
  readonly hosts: readonly HostPlan[];
  /** What the repository holds; undefined when it cannot be asked. */
  readonly held: StanzaInfo | undefined;
}

const HOW: Readonly<Partial<Record<Change["operation"], Loss["how"]>>> = {
  create: "lost",
  replace: "replaced",
  delete: "deleted",
};

/** The losses in what a run would do to a lab. A standby is none: it comes back from the repository. */
export function findLosses(hosts: readonly HostPlan[], changes: readonly Change[]): Loss[] {
  return hosts.flatMap(({ name, role, resources }) => {
    const how = HOW[changes.find((change) => change.name === resources.disk)?.operation ?? "same"];
    return role === "standby" || how === undefined ? [] : [{ host: name, role, how }];
  });
}

/** Says what would be lost, and how to have it so all the same. */
export function explainLosses(losses: readonly Loss[], context: LossContext): string {
  const options = losses.map(({ host }) => `--yes-replace ${host}`).join(" ");
  return [
    ...losses.flatMap((loss) => {
      const [what, means] = EXPLAIN[loss.role](context, losses);
      return [`${loss.host} is the ${loss.role}, and ${DISK[loss.how]}`, `  what is lost: ${what}`, `  ${means}`];
    }),
    `hint: if that is what you want, ./lab up --stack ${context.stack} ${options}`,
  ].join("\n");
}

const DISK: Readonly<Record<Loss["how"], string>> = {
  lost: "its disk is gone",
  replaced: "this would replace it with its disk",
  deleted: "this would delete it with its disk",
};

type Explanation = (context: LossContext, losses: readonly Loss[]) => [what: string, means: string];

const EXPLAIN: Readonly<Record<Loss["role"], Explanation>> = {
  repository: ({ stanza }) => [
    `every backup of stanza "${stanza}" and its archived WAL`,
    "up makes an empty repository, creates the stanza and takes a full backup",
  ],
  primary: ({ stanza, hosts, held }, losses) => {
    const backup = held?.backup.at(-1);
    if (backup === undefined) {
      const isLost = losses.some(({ role }) => role === "repository");
      const why = isLost ? "the repository is lost too" : "no backup of it can be seen in the repository";
      return [
        `the cluster of stanza "${stanza}": ${why}`,
        "up makes a new, empty cluster, and rebuilds the standbys from it",
      ];
    }
    const standbys = hosts.filter(({ role }) => role === "standby").map(({ name }) => name);
    const archived = held?.archive?.at(-1)?.max ?? "none";
    const ahead =
      standbys.length === 0
        ? ""
        : `; ${standbys.join(", ")}: what is ahead of that is moved aside with the standby's data, which is then rebuilt`;
    return [
      `what was written after the last WAL segment that reached the repository (${archived})`,
      `up restores it from backup ${backup.label} and the WAL archived since${ahead}`,
    ];
  },
  barman: ({ stanza }) => [
    `every backup that Barman has of stanza "${stanza}"; those of pgBackRest stay`,
    "up takes a first one anew, unless lab:backupApi is off",
  ],
};
