import type { KeyName } from "../../config/schema";

type Setting = readonly [scenario: string, setting: string];

/** Keys that another scenario than `keys` sets: its name, and the setting as its file or its stack has it. */
export const ELSEWHERE = {
  repositorySecrets: ["repositories", 'lab:repositorySecrets=${JSON.stringify({ "repo2-cipher-pass": GIVEN })}'],
  schedule: ["schedules", "lab:schedule=${JSON.stringify(schedule)}"],
  savedGuestPath: ["vm", "lab:savedGuestPath: .lab/images/"],
  bridge: ["bridge", "lab:bridge=${BRIDGE}"],
  addresses: ["bridge", "lab:addresses=${JSON.stringify(addresses)}"],
  hosts: ["places", "lab:hosts=${JSON.stringify("],
  sites: ["sites", "sites: {"],
  sshPrivateKey: ["machines", "sshPrivateKey: key"],
  cpus: ["cloud-image", "lab:cpus=2"],
  diskGiB: ["cloud-image", "diskGiB=12"],
  protect: ["site", "lab:protect=true"],
  packages: ["container", "lab:packages=mirror"],
  mirrorUrl: ["container", "lab:mirrorUrl=${"],
  revoked: ["trust", 'lab:revoked=["pg3-srv"]'],
  renewDays: ["trust", "lab:renewDays=0"],
  backupApiClients: ["backup-api", '"lab:backupApiClients": \'["admin","former"]\''],
  backupApiOrganization: ["backup-api", '"lab:backupApiOrganization": "Example, Inc"'],
  backupApiEmail: ["backup-api", '"lab:backupApiEmail": "dba@example.com"'],
  backupApiKey: ["backup-api", '"lab:backupApiKey": "rsa"'],
  backupApiOperations: ["backup-api", 'backupApiOperations: "true"'],
} as const satisfies Partial<Record<KeyName, Setting>>;

/** Keys that no host of ours can have, and why. */
export const NEVER = {
  backupApiTokenFile: "EDB's package repository asks for the token of an account",
} as const satisfies Partial<Record<KeyName, string>>;

/** Keys that the scenario `keys` has to show: all others. */
export type KeySeenHere = Exclude<KeyName, keyof typeof ELSEWHERE | keyof typeof NEVER>;
