/** A lab's hosts in three domains: one with an address, one with a size, one with an index of its own. */
export const PLACES = {
  "backup.ops.example": { role: "repository", address: "10.83.14.40" },
  "pg1.north.example": { role: "primary", memoryMiB: 1536, cpus: 2 },
  "pg1.south.example": { role: "standby", index: 3 },
} as const;

/** Its PostgreSQL hosts, the primary's cluster with a name, data folder and port of its own, the standby's with a data folder. */
export const CLUSTERS = {
  "pg1.north.example": {
    ...PLACES["pg1.north.example"],
    ...{ dataFolder: "/srv/sales", postgresqlPort: 5433, service: "postgresql@17-sales.service" },
  },
  "pg1.south.example": { ...PLACES["pg1.south.example"], dataFolder: "/srv/copies/sales" },
} as const;

/** A standby that comes and goes, with what the program gives it: index 2. */
export const GUEST = { "a-reader.south.example": { role: "standby" } } as const;
