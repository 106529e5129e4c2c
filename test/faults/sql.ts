/** Shell that has a host's PostgreSQL run statements, as postgres, and ends at the first that fails. */
export function sql(...statements: string[]): string {
  const commands = statements.map((each) => `-c "${each}"`).join(" ");
  return `cd /; runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 ${commands} >/dev/null`;
}

/** Shell that waits until a query of a host's PostgreSQL answers so: half a minute at most. */
export function until(query: string, answer: string): string {
  const isSo = `[ "$(cd /; runuser -u postgres -- psql -XAtqc "${query}")" = "${answer}" ]`;
  return `for _ in {1..60}; do ! ${isSo} || break; sleep 0.5; done; ${isSo}`;
}
