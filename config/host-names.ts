/** The host that keeps the repository. */
export const REPOSITORY_HOST = "backup-srv";

/** The host that Barman and the backup API have for themselves, unless they are put on another one. */
export const BARMAN_HOST = "barman-srv";

/** The hosts that can run PostgreSQL, whether the lab has them now or not. */
export const POSTGRESQL_HOSTS: readonly string[] = Array.from({ length: 9 }, (_, index) => `pg${index + 1}-srv`);

/** The hosts that are standbys of a primary, in the order of their names. */
export function standbyNames(primary: string, standbys: number): readonly string[] {
  return POSTGRESQL_HOSTS.filter((name) => name !== primary).slice(0, standbys);
}

/** The hosts that a configuration has; with `barman`, the one that Barman has for itself too. */
export function hostNames(
  { primary, standbys }: { readonly primary: string; readonly standbys: number },
  barman = false,
): readonly string[] {
  return [REPOSITORY_HOST, primary, ...standbyNames(primary, standbys), ...(barman ? [BARMAN_HOST] : [])];
}
