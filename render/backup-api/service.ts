import { renderSystemdIni } from "../ini-dialects";
import { API_ADDRESS, BARMAN_ACCOUNT } from "../../plan/backup-api-layout";

/** The virtual environment: a link to the one installed last. */
export const API_ENVIRONMENT = "/usr/local/lib/pg-backup-api";

/** gunicorn's configuration, as in pg-backup-api's own packages. */
export const API_CONF_FILE = "/etc/pg-backup-api-config.py";

/** gunicorn's configuration (pg-backup-api, README, "Service"); it is Python. */
export function renderGunicornConf(): string {
  const settings = {
    bind: API_ADDRESS,
    timeout: 60,
    accesslog: "/var/log/barman/barman-api-access.log",
    errorlog: "/var/log/barman/barman-api-error.log",
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
    .join("");
}

/** The unit of pg-backup-api in a virtual environment. `python -m` also finds the distribution's gunicorn. */
export function renderApiUnit(): string {
  return renderSystemdIni({
    Unit: { Description: "Postgres Backup API", After: "network.target" },
    Service: {
      User: BARMAN_ACCOUNT,
      Group: BARMAN_ACCOUNT,
      Environment: `PATH=${API_ENVIRONMENT}/bin:/usr/local/bin:/usr/bin:/bin`,
      ExecStart: `${API_ENVIRONMENT}/bin/python3 -m gunicorn -c ${API_CONF_FILE} pg_backup_api.app`,
      Restart: "always",
      RestartSec: 1,
      NoNewPrivileges: true,
    },
    Install: { WantedBy: "multi-user.target" },
  });
}
