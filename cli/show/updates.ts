import Table from "cli-table3";
import type { Update } from "../../observe/updates";

const WHAT: Readonly<Record<Update["kind"], string>> = {
  postgresql: "PostgreSQL: ./lab update",
  security: "security",
  held: "held: left alone",
  other: "",
};

/** A table of what waits on each host, and how many packages do that are neither PostgreSQL's, security updates nor held. */
export function renderUpdates(updates: readonly Update[]): string {
  if (updates.length === 0) return "no update waits\n";
  const table = new Table({
    head: ["host", "package", "installed", "available", "what"],
    style: { head: [], border: [], compact: true },
  });
  const told = updates.filter(({ kind }) => kind !== "other");
  for (const { host, package: name, installed, available, kind } of told)
    table.push([host, name, installed, available, WHAT[kind]]);
  const others = updates.filter(({ kind }) => kind === "other").map(({ host }) => host);
  const counts = [...new Set(others)].map((host) => {
    const count = others.filter((each) => each === host).length;
    return `${host}: other packages that wait: ${count}; hint: --json lists them\n`;
  });
  return (told.length > 0 ? `${table.toString()}\n` : "") + counts.join("");
}
