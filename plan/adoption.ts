import { familyOf } from "../config/families";
import type { LabConfig } from "../config/schema";
import { BARMAN_ROLES } from "./backup-api-layout";
import { REPLICATION_ROLE } from "./layout";
import { clusterOf, type HostPlan, type LabPlan } from "./plan";
import { postgreSqlSettings } from "./postgresql-settings";

/** What decides on how a cluster is adopted. */
export type AdoptionConfig = Pick<LabConfig, "family" | "postgresqlVersion" | "postgresql">;

/** What scripts get that look at a cluster before it is adopted: where it is, the roles that the lab will make, the settings that it will have. */
export function adoptionArgs(plan: LabPlan, host: HostPlan, config: AdoptionConfig): string[] {
  const cluster = clusterOf(plan, host);
  const { binaries, version } = plan.postgresql;
  const roles = [REPLICATION_ROLE, ...(plan.backupApi === null ? [] : Object.values(BARMAN_ROLES))];
  const settings = Object.entries(postgreSqlSettings(plan, host, config.postgresql)).map(
    ([name, value]) => `${name}=${typeof value === "boolean" ? (value ? "on" : "off") : String(value)}`,
  );
  return [
    ...[binaries, String(version), cluster.dataFolder, cluster.service],
    ...[familyOf(config.family, config.postgresqlVersion).settingsFileOf(cluster), roles.join(",")],
    ...settings,
  ];
}
