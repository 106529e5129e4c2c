import type { Change } from "../../engine/engine";
import type { StanzaInfo } from "../../observe/facts";
import type { Role } from "../../plan/layout";
import type { HostPlan } from "../../plan/plan";

/** A host whose data `up` would lose. */
interface Loss {
  readonly host: string;
  /** The host's role when the lab was brought up. */
  readonly role: Exclude<Role, "standby">;
  /** `lost`: its disk is missing in libvirt. The others: this `up` would remove it. */
  readonly how: "lost" | "replaced" | "deleted";
}

/** The lab, as the losses' explanation needs it. */
export interface LossContext {
  readonly stack: string;
  readonly stanza: string;
  readonly hosts: readonly HostPlan[];
  /** The repository's backups and WAL; undefined when it cannot be asked. */
  readonly held: StanzaInfo | undefined;
}

const HOW: Readonly<Partial<Record<Change["operation"], Loss["how"]>>> = {
  create: "lost",
  replace: "replaced",
  delete: "deleted",
};

/** The losses among a run's changes. A standby is none: it is restored from the repository. */
export function findLosses(hosts: readonly HostPlan[], changes: readonly Change[]): Loss[] {
  return hosts.flatMap(({ name, role, resources }) => {
    const how = HOW[changes.find((change) => change.name === resources.disk)?.operation ?? "same"];
    return role === "standby" || how === undefined ? [] : [{ host: name, role, how }];
  });
}

/** Says what would be lost, and how to accept that. */
export function explainLosses(losses: readonly Loss[], context: LossContext): string {
  const options = losses.map(({ host }) => `--yes-replace ${host}`).join(" ");
  return [
    ...losses.flatMap((loss) => {
      const [what, means] = EXPLAIN[loss.role](context, losses);
      return [`${loss.host} is the ${loss.role}: ${DISK[loss.how]}`, `  lost: ${what}`, `  ${means}`];
    }),
    `hint: to accept the loss, ./lab up --stack ${context.stack} ${options}`,
  ].join("\n");
}

const DISK: Readonly<Record<Loss["how"], string>> = {
  lost: "disk not found",
  replaced: "this run would replace its disk",
  deleted: "this run would delete it and its disk",
};

type Explanation = (context: LossContext, losses: readonly Loss[]) => [what: string, means: string];

const EXPLAIN: Readonly<Record<Loss["role"], Explanation>> = {
  repository: ({ stanza }) => [
    `every backup of stanza "${stanza}" and its archived WAL`,
    "up creates an empty repository and the stanza, and takes a full backup",
  ],
  primary: ({ stanza, hosts, held }, losses) => {
    const backup = held?.backup.at(-1);
    if (backup === undefined) {
      const isLost = losses.some(({ role }) => role === "repository");
      const why = isLost ? "the repository is lost too" : "no backup of it is found in the repository";
      return [
        `the cluster of stanza "${stanza}": ${why}`,
        "up creates a new, empty cluster, and rebuilds the standbys from it",
      ];
    }
    const standbys = hosts.filter(({ role }) => role === "standby").map(({ name }) => name);
    const archived = held?.archive?.at(-1)?.max ?? "none";
    const ahead =
      standbys.length === 0
        ? ""
        : `; ${standbys.join(", ")}: data ahead of that is moved aside, and the standby is rebuilt`;
    return [
      `every transaction after the last archived WAL segment (${archived})`,
      `up restores it from backup ${backup.label} and the WAL archived since${ahead}`,
    ];
  },
  barman: ({ stanza }) => [
    `every backup that Barman has of stanza "${stanza}"; those of pgBackRest stay`,
    "up takes a new one, unless lab:backupApi is false",
  ],
};
