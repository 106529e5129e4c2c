/** What a host listens on, TCP. */
export const PORTS = { pgbackrest: 8432, postgresql: 5432 } as const;
