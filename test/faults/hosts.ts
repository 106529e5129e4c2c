import type { Fault } from "./fault";

/** The hosts themselves. */
export const HOST_FAULTS: readonly Fault[] = [
  {
    name: "a package is removed",
    host: "pg2-srv",
    inject: "dpkg --remove --force-all pgbackrest >/dev/null 2>&1",
    told: [],
    healedBy: "up",
  },
  {
    name: "a reboot",
    host: "pg3-srv",
    inject: "(sleep 1; systemctl reboot) >/dev/null 2>&1 &",
    told: [],
    healedBy: "up",
  },
];
