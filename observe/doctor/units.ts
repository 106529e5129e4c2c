import { PGBACKREST_ERRORS } from "../pgbackrest-exit-codes";
import type { UnitFacts } from "./facts";
import type { Finding } from "./findings";
import { LOOP_SECONDS } from "./thresholds";

/** What is wrong with a host's units. */
export function unitFindings(host: string, units: Readonly<Record<string, UnitFacts>>): Finding[] {
  return Object.entries(units).flatMap(([unit, facts]): Finding[] => {
    const finding = { level: "fail", host, area: "units", subject: unit } as const;
    const { state, sub, restarts, enabled, seconds, error } = facts;
    const isLooping = sub === "auto-restart" || (restarts > 1 && (state !== "active" || seconds < LOOP_SECONDS));
    if (isLooping) {
      const last = error === "" ? "" : `; its last error: ${shorten(error)}`;
      const cause = `${unit} ends as soon as it is started, and systemd starts it again, ${restarts} times so far${last}`;
      return [
        {
          ...finding,
          cause,
          remedy: [`./lab drift --fix, or journalctl -u ${unit}`, ...hintOf(error)].join("; hint: "),
        },
      ];
    }
    if (state !== "active") {
      const last = error === "" || state === "inactive" ? "" : `; its last error: ${shorten(error)}`;
      return [
        { ...finding, cause: `${unit} is ${state}${last}`, remedy: `systemctl start ${unit}, or ./lab drift --fix` },
      ];
    }
    if (!enabled.startsWith("enabled") && enabled !== "alias" && enabled !== "indirect") {
      const cause = `${unit} runs, but is ${enabled || "not enabled"}: it will not after a reboot`;
      return [{ ...finding, level: "warn", cause, remedy: `systemctl enable ${unit}, or ./lab drift --fix` }];
    }
    return [];
  });
}

function shorten(error: string): string {
  return error.replace(/^.*?((ERROR|FATAL): )/, "$1").trim();
}

function hintOf(error: string): string[] {
  const code = Number(/ERROR: \[(\d{3})\]/.exec(error)?.[1]);
  return PGBACKREST_ERRORS[code] === undefined ? [] : [PGBACKREST_ERRORS[code].hint];
}
