/** Shell that has a host's PostgreSQL run statements, as postgres, and ends at the first that fails. */
export function sql(...statements: string[]): string {
  const commands = statements.map((each) => `-c "${each}"`).join(" ");
  return `cd /; runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 ${commands} >/dev/null`;
}
