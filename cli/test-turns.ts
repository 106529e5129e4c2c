import { execFileSync } from "node:child_process";
import { PROJECT_FOLDER } from "../config/project-folder";

/**
 * Scenarios that take turns where all of them would take too long, as in CI: what the parts have in common is tried by the others, which run
 * every time. All take about as long.
 */
const TURNS = [
  ["bridge", "changes", "engines", "keys", "machines", "sites", "staging", "vm"],
  ["adopt", "cloud-image", "interruptions", "major", "pgdg-apt", "repositories", "sles15", "upgrades"],
  ["el8", "faults", "killed", "places", "schedules", "site", "stores", "users-lab", "versions"],
] as const;

/**
 * The scenarios that other turns run, by LAB_TURN: a turn's number, or `commit`, which is one after the other by the number of commits; none
 * when it is not set.
 * @throws Error when it is none of them.
 */
export function leftToOthers(asked: string | undefined = process.env.LAB_TURN): readonly string[] {
  if (asked === undefined) return [];
  const turn = asked === "commit" ? turnOfCommit() : Number(asked);
  if (TURNS[turn - 1] === undefined) {
    throw new Error(`LAB_TURN must be ${TURNS.map((_, index) => index + 1).join(", ")} or commit, got "${asked}"`);
  }
  return TURNS.flatMap((names, index) => (index === turn - 1 ? [] : [...names]));
}

function turnOfCommit(): number {
  // Whoever owns the clone.
  const git = ["-C", PROJECT_FOLDER, "-c", "safe.directory=*", "rev-list", "--count", "HEAD"];
  return (Number(execFileSync("git", git, { encoding: "utf8" })) % TURNS.length) + 1;
}
