import type * as pulumi from "@pulumi/pulumi";
import { familyOf } from "../../config/families";
import type { LabConfig } from "../../config/schema";
import { RAISE } from "../../plan/layout";
import type { LabPlan } from "../../plan/plan";
import { runScript } from "../../steps/remote";
import type { RemoteHost } from "../../steps/remote-host";

/** Settings of which a standby needs at least what its primary has (PostgreSQL, "Hot Standby"). */
const AT_LEAST_THE_PRIMARYS = [
  ...["max_connections", "max_worker_processes", "max_wal_senders", "max_prepared_transactions"],
  "max_locks_per_transaction",
];

/** Raises a standby's settings before its primary's. */
export function raiseSettings(
  host: RemoteHost,
  { config, plan }: { config: Pick<LabConfig, "family" | "postgresqlVersion" | "postgresql">; plan: LabPlan },
  { parent, dependsOn }: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): pulumi.Resource {
  const { binaries, service, settingsFile, dataFolder } = plan.postgresql;
  const conf = familyOf(config.family, config.postgresqlVersion).settingsFile;
  const wanted = AT_LEAST_THE_PRIMARYS.filter((name) => name in config.postgresql).map(
    (name) => `${name}=${config.postgresql[name]}`,
  );
  return runScript(
    `${host.name}-postgresql-${RAISE}`,
    host,
    "cluster/postgresql-raise.sh",
    [binaries, service, conf, settingsFile, dataFolder, ...wanted],
    { parent, dependsOn, onlyOnChange: true },
  );
}
