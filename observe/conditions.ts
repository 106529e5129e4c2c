import * as path from "node:path";
import type { HostCondition } from "./doctor/facts";
import { familyOf } from "../config/families";
import { CERTIFICATE_FILES, POSTGRESQL_ACCOUNT, POSTGRESQL_FILES, REPOSITORY_ACCOUNT } from "../plan/layout";
import type { DeployedHost } from "./proofs";
import { peersOf } from "./proofs";
import type { DeployedLab } from "../cli/stack/deployed-lab";
import type { FactScript } from "./host-session";
import { readFromHost } from "./host-session";

/**
 * How many times longer than a container a host may take. With a container the doctor must be done in 10 seconds, whatever is wrong;
 * an emulated host is slower at everything, and four of them share the machine's processors.
 */
const SLOWNESS = { lxc: 1, kvm: 2, qemu: 20 } as const;

/** What reads or writes the whole repository may take as long as `up` gives a backup. */
const REPOSITORY_SECONDS = 2 * 60 * 60;

interface ConditionScript extends FactScript {
  readonly fact: Exclude<keyof HostCondition, "failures">;
}

/**
 * Reads the condition of every host that speaks pgBackRest's protocol, side by side.
 *
 * @param verify have pgBackRest read every file of the repository too
 */
export async function readConditions(lab: DeployedLab, verify: boolean): Promise<Map<string, HostCondition>> {
  const hosts = lab.hosts.filter(({ role }) => role !== "barman");
  return new Map(
    await Promise.all(
      hosts.map(async (host): Promise<[string, HostCondition]> => {
        const { facts, failures } = await readFromHost(
          lab,
          host,
          scriptsFor(lab, host, verify),
          SLOWNESS[lab.configuration.hypervisor],
        );
        return [host.name, { ...facts, failures }];
      }),
    ),
  );
}

/** The account that pgBackRest runs as on a host. */
export function accountOn({ role }: DeployedHost): string {
  return role === "repository" ? REPOSITORY_ACCOUNT : POSTGRESQL_ACCOUNT;
}

/** Takes a new full backup, and gives its label. */
export async function takeFullBackup(lab: DeployedLab): Promise<string> {
  const host = lab.hosts.find(({ role }) => role === "repository");
  if (host === undefined) throw new Error("the lab has no repository host");
  const args = [REPOSITORY_ACCOUNT, lab.stanza];
  const script = { fact: "label", script: "backup-plane/backup-again.sh", args, seconds: REPOSITORY_SECONDS };
  const { facts, failures } = await readFromHost(lab, host, [script], SLOWNESS[lab.configuration.hypervisor]);
  if (failures.length > 0) throw new Error(`no full backup: ${failures.join("; ")}; hint: ./lab doctor`);
  return String(facts.label);
}

function scriptsFor(
  { stanza, configuration, hosts, managed }: DeployedLab,
  host: DeployedHost,
  verify: boolean,
): ConditionScript[] {
  const isRepository = host.role === "repository";
  const { service, binaries, dataFolder } = familyOf(configuration.family, configuration.postgresqlVersion);
  const account = accountOn(host);
  const folder = path.posix.dirname(CERTIFICATE_FILES.certificate);
  const kind = isRepository ? "repository" : "postgresql";
  const folders = isRepository ? configuration.repositories.map((repository) => repository.path) : [dataFolder];
  const { files = [], packages = [] } = managed?.[host.name] ?? {};
  const open = files.filter(({ content }) => content !== undefined);
  const others = files.filter(({ content }) => content === undefined);
  const paths = [...open, { path: "secret" }, ...others].map((file) => file.path);
  return [
    { fact: "certificates", script: "observe/doctor-certificates.sh", args: [account, folder] },
    {
      fact: "peers",
      script: "observe/doctor-peers.sh",
      args: [account, folder, stanza, kind, ...peersOf(host, hosts)],
    },
    {
      fact: "units",
      script: "observe/doctor-units.sh",
      args: ["pgbackrest.service", ...(isRepository ? [] : [service])],
    },
    { fact: "disks", script: "observe/doctor-disks.sh", args: [...folders, "/var/log"] },
    {
      fact: "stanza",
      script: "observe/doctor-stanza.sh",
      args: [account, stanza, ...(isRepository ? ["repository"] : [])],
    },
    ...(isRepository
      ? []
      : [
          {
            fact: "postgresql",
            script: "observe/doctor-postgresql.sh",
            args: [binaries, POSTGRESQL_FILES.settings],
          } as const,
        ]),
    ...(isRepository && verify
      ? [
          {
            fact: "verified",
            script: "observe/doctor-verify.sh",
            args: [account, stanza, String(folders.length)],
            seconds: REPOSITORY_SECONDS,
          } as const,
        ]
      : []),
    ...(managed === undefined
      ? []
      : [
          { fact: "files", script: "observe/doctor-files.sh", args: paths } as const,
          { fact: "packages", script: "observe/doctor-packages.sh", args: packages.map(({ name }) => name) } as const,
        ]),
  ];
}
