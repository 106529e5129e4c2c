/** A lab's hosts in three domains: one with an address, one with a size, one with an index of its own. */
export const PLACES = {
  "backup.ops.example": { role: "repository", address: "10.83.14.40" },
  "pg1.north.example": { role: "primary", memoryMiB: 1536, cpus: 2 },
  "pg1.south.example": { role: "standby", index: 3 },
} as const;

/** A standby that comes and goes, with what the program gives it: index 2. */
export const GUEST = { "a-reader.south.example": { role: "standby" } } as const;
