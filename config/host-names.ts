/** The repository host. */
export const REPOSITORY_HOST = "backup-srv";

/** The default host of Barman and the backup API. */
export const BARMAN_HOST = "barman-srv";

/** All possible PostgreSQL hosts. */
export const POSTGRESQL_HOSTS: readonly string[] = Array.from({ length: 9 }, (_, index) => `pg${index + 1}-srv`);

/** The standbys of a primary, in the order of their names. */
export function standbyNames(primary: string, standbys: number): readonly string[] {
  return POSTGRESQL_HOSTS.filter((name) => name !== primary).slice(0, standbys);
}

/** What decides on a configuration's hosts. */
interface HostKeys {
  readonly primary: string;
  readonly standbys: number;
  readonly backupApi: boolean;
  readonly backupApiHost: string;
}

/** All hosts of a configuration. */
export function allHostNames(keys: HostKeys): readonly string[] {
  return hostNames(keys, keys.backupApi && keys.backupApiHost === BARMAN_HOST);
}

/** A configuration's hosts; with `barman`, Barman's own host too. */
export function hostNames(
  { primary, standbys }: { readonly primary: string; readonly standbys: number },
  barman = false,
): readonly string[] {
  return [REPOSITORY_HOST, primary, ...standbyNames(primary, standbys), ...(barman ? [BARMAN_HOST] : [])];
}
