/**
 * Scenarios that take turns where all of them would take too long, as in CI: what the two halves have in common is tried by the others, which
 * run every time. Each half has other systems than Debian 13, changes and losses; both take about as long.
 */
const TURNS = [
  ["bridge", "changes", "el8", "engines", "faults", "keys", "killed", "places", "users-lab", "versions"],
  ["cloud-image", "interruptions", "major", "pgdg-apt", "repositories", "site", "sles15", "upgrades"],
] as const;

/**
 * The scenarios that another turn runs, by LAB_TURN: `1` or `2`; none when it is not set.
 * @throws Error when it is neither.
 */
export function leftToOthers(asked: string | undefined = process.env.LAB_TURN): readonly string[] {
  if (asked === undefined) return [];
  const index = TURNS.findIndex((_, turn) => String(turn + 1) === asked);
  if (index < 0) throw new Error(`LAB_TURN must be ${TURNS.map((_, turn) => turn + 1).join(" or ")}, got "${asked}"`);
  return TURNS.flatMap((names, turn) => (turn === index ? [] : [...names]));
}
