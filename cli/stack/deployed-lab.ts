import type { ApiAccess } from "../../components/backup-api/backup-api";
import type { SshAccess } from "../../components/site/site";
import type { Output } from "../../engine/engine";
import type { LabConfig } from "../../config/schema";
import type { LabPlan } from "../../plan/plan";
import type { ManagedHost } from "../../steps/inventory";
import type { DeployedHost } from "../../observe/proofs";

/** A lab that `up` has brought up, told from its stack's outputs: the configuration may be another one by now. */
export interface DeployedLab {
  /** Who is there, and what each host is for. */
  readonly plan: LabPlan;
  readonly hosts: readonly DeployedHost[];
  readonly stanza: string;
  readonly configuration: LabConfig;
  readonly ssh: SshAccess;
  /** What the program keeps on each host, by its name; undefined after a first run that was interrupted. */
  readonly managed?: Readonly<Record<string, ManagedHost>>;
  /** Undefined when it has no backup API. */
  readonly backupApi?: ApiAccess;
}

const OUTPUTS = ["plan", "configuration", "ssh"] as const satisfies readonly (keyof DeployedLab)[];

/** @throws Error when the stack has no lab. */
export function deployedLab(outputs: Readonly<Record<string, Output>>, stack: string): DeployedLab {
  if (OUTPUTS.some((name) => outputs[name] === undefined)) throw noLab(stack);
  const values = Object.fromEntries(
    [...OUTPUTS, "backupApi", "managed"].map((name) => [name, outputs[name]?.value ?? undefined]),
  );
  const { plan, ...others } = values as unknown as Omit<DeployedLab, "hosts" | "stanza">;
  const hosts = plan.hosts.map(({ name, role, address, revoked }) => ({
    ...{ name, role, address },
    ...(revoked ? { revoked } : {}),
  }));
  return { ...others, plan, hosts, stanza: plan.stanza };
}

/** What a command says that needs a lab, where there is none. */
export function noLab(stack: string): Error {
  return new Error(`stack "${stack}" has no lab yet; hint: ./lab up --stack ${stack}`);
}
