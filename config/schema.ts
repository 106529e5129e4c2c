import type * as v from "valibot";
import { BACKUP_API_KEYS } from "./keys/backup-api";
import { CLUSTER_KEYS } from "./keys/cluster";
import { SITE_KEYS } from "./keys/site";
import { PKI_KEYS, TRUST_KEYS } from "./keys/trust";
import { VERSION_KEYS } from "./keys/versions";

/** Every key of the configuration, in the order of the documentation. */
export const SCHEMA = {
  ...SITE_KEYS,
  ...VERSION_KEYS,
  ...CLUSTER_KEYS,
  ...TRUST_KEYS,
  ...BACKUP_API_KEYS,
  ...PKI_KEYS,
} as const;

type Schema = typeof SCHEMA;

/** A key, without its prefix `lab:`. */
export type KeyName = keyof Schema;

/** The keys' names. */
export const KEY_NAMES = Object.keys(SCHEMA) as KeyName[];

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** Every key's value, secrets included: never part of an output. */
export type Values = { readonly [K in KeyName]: Frozen<v.InferOutput<Schema[K]["check"]>> };

/** The configuration, checked. Possible secrets are masked: `[secret]` where set, else empty. */
export type LabConfig = { readonly [K in KeyName]: Schema[K] extends { secret: true } ? "[secret]" | "" : Values[K] };

export type Hypervisor = LabConfig["hypervisor"];
export type NetworkMode = LabConfig["networkMode"];
export type ApiKey = LabConfig["backupApiKey"];
export type Repository = LabConfig["repositories"][number];
export type PgBackRestOptions = LabConfig["pgbackrest"];
export type PostgreSqlSettings = LabConfig["postgresql"];
