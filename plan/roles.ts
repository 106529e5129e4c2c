import { REPOSITORY_HOST, standbyNames } from "../config/host-names";

/** The lab's hosts: the repository host, the primary, and as many standbys as are asked for, in the order of their names. */
export interface Roles {
  readonly repository: string;
  readonly primary: string;
  readonly standbys: readonly string[];
}

/**
 * Gives the hosts their roles.
 * @param primary A PostgreSQL host's name.
 * @param standbys How many of the others are standbys.
 */
export function planRoles(primary: string, standbys: number): Roles {
  return {
    repository: REPOSITORY_HOST,
    primary,
    standbys: standbyNames(primary, standbys),
  };
}
