import type * as pulumi from "@pulumi/pulumi";
import { familyOf } from "../../config/families";
import type { LabConfig } from "../../config/schema";
import { ON_CHANGE } from "../../plan/layout";
import { clusterOf, type LabPlan } from "../../plan/plan";
import { runScript } from "../../steps/remote";
import type { RemoteHost } from "../../steps/remote-host";

/** Settings of which a standby needs at least what its primary has (PostgreSQL, "Hot Standby"), with PostgreSQL's defaults. */
const AT_LEAST_THE_PRIMARYS = {
  max_connections: 100,
  max_worker_processes: 8,
  max_wal_senders: 10,
  max_prepared_transactions: 0,
  max_locks_per_transaction: 64,
};

/** Raises a standby's settings before its primary's. */
export function raiseSettings(
  host: RemoteHost,
  { config, plan }: { config: Pick<LabConfig, "family" | "postgresqlVersion" | "postgresql">; plan: LabPlan },
  { parent, dependsOn }: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): pulumi.Resource {
  const { binaries, settingsFile } = plan.postgresql;
  const cluster = clusterOf(plan, host.plan);
  const { service, dataFolder } = cluster;
  const conf = familyOf(config.family, config.postgresqlVersion).settingsFileOf(cluster);
  const wanted = Object.entries(AT_LEAST_THE_PRIMARYS).map(
    ([name, byDefault]) => `${name}=${config.postgresql[name] ?? byDefault}`,
  );
  return runScript(
    `${host.name}-postgresql-${ON_CHANGE.raise}`,
    host,
    "cluster/postgresql-raise.sh",
    [binaries, service, conf, settingsFile, dataFolder, ...wanted],
    { parent, dependsOn, onlyOnChange: true },
  );
}
