/** Three machines that exist, for `lab:hosts`. */
export const MACHINES = Object.fromEntries(
  (
    [
      ["vault.ops.example", "repository", "10.20.0.10"],
      ["db1.ops.example", "primary", "10.20.0.11"],
      ["db2.ops.example", "standby", "10.21.0.12"],
    ] as const
  ).map(([name, role, address]) => [
    name,
    { role, address, existing: { user: "admin", hostKey: `ssh-ed25519 AAAA${role}` } },
  ]),
);
