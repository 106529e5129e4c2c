import type { ScenarioLab } from "./scenario-lab";

/** What each command prints on a host, as root and in one connection. */
export async function answers(
  lab: ScenarioLab,
  host: string,
  commands: readonly string[],
): Promise<{ command: string; printed: string }[]> {
  const end = "-- end of an answer --";
  const printed = (await lab.on(host, commands.map((command) => `${command}\necho '${end}'`).join("\n"))).split(end);
  return commands.map((command, index) => ({ command, printed: printed[index]?.trim() ?? "" }));
}
