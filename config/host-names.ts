/** The seed's name of the repository host. */
export const REPOSITORY_HOST = "backup-srv";

/** The seed's name of the host of Barman and the backup API. */
export const BARMAN_HOST = "barman-srv";

/** The seed's names of all possible PostgreSQL hosts. */
export const POSTGRESQL_HOSTS: readonly string[] = Array.from({ length: 9 }, (_, index) => `pg${index + 1}-srv`);
