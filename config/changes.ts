import { isDeepStrictEqual } from "node:util";
import { hostsChange, replacedChange } from "./host-changes";
import { hostsOf } from "./hosts";
import { placeOf } from "./repositories";
import { type Change, live, refused, reload, restart } from "./key";
import { sitesChange } from "./site-changes";
import { KEY_NAMES, type KeyName, type LabConfig, type Repository, SCHEMA } from "./schema";
import { isOlder } from "./version-support";

/** A key whose value differs from the deployed one, and the effect on the lab. */
export interface KeyChange extends Change {
  readonly key: KeyName;
  readonly from: unknown;
  readonly to: unknown;
}

/** Effects that depend on the values; undefined: as in the schema. */
const JUDGES: Readonly<Partial<Record<KeyName, (from: LabConfig, to: LabConfig) => { change: Change } | undefined>>> = {
  hypervisor: (from, to) =>
    [from, to].some(({ hypervisor }) => hypervisor === "lxc")
      ? undefined
      : restart("every host is shut off and started again, all at about the same time"),
  addresses: (from, to) =>
    hostsOf(from).every(({ name }) => to.addresses[name] === from.addresses[name])
      ? live("every host knows further hosts by their names")
      : undefined,
  hosts: hostsChange,
  sites: sitesChange,
  primary: replacedChange,
  standbys: replacedChange,
  backupApiHost: replacedChange,
  repositories: (from, to) => judgeRepositories(from.repositories, to.repositories),
  pgbackrestVersion: (from, to) =>
    isOlder(to.pgbackrestVersion, from.pgbackrestVersion)
      ? refused("the lab does not downgrade pgBackRest", "bring up another stack with it")
      : undefined,
  caYears: (from, to) => (to.caGeneration > from.caGeneration ? live("the new CA is created with it") : undefined),
};

/** What becomes of the repositories: each is known by its place, wherever in the list it stands. */
function judgeRepositories(from: LabConfig["repositories"], to: LabConfig["repositories"]) {
  const [before, after] = [from, to].map((list) => list.map(placeOf)) as [string[], string[]];
  const [added, removed] = [missingIn(before, after), missingIn(after, before)];
  if (to.some((one) => isEncryptedOtherwise(one, from))) {
    return refused(
      "a repository is encrypted from its first file on, or never",
      "add another one beside it (docs/repositories.md)",
    );
  }
  if (added.length > 0 && removed.length > 0) return undefined;
  if (added.length > 0) return live(`${added.join(", ")} gets the stanza, WAL from now on, and a full backup`);
  if (removed.length > 0) {
    return live(`${removed.join(", ")} keeps its backups, and gets neither WAL nor backups any more`);
  }
  return isDeepStrictEqual(before, after)
    ? reload("the next backup expires what is beyond the new retention")
    : reload("the repositories keep their backups, and change their numbers");
}

/** Of the first, lab:repositoryCipher may say it too: its host refuses that. */
function isEncryptedOtherwise(repository: Repository, from: LabConfig["repositories"]): boolean {
  const before = from.find((one) => placeOf(one) === placeOf(repository))?.cipherType;
  return before !== undefined && repository.cipherType !== undefined && before !== repository.cipherType;
}

function missingIn(list: readonly string[], others: readonly string[]): string[] {
  return others.filter((path) => !list.includes(path));
}

/**
 * Compares the deployed configuration with the next run's.
 * @param deployed May be without keys that are newer than the lab: they had their defaults' effect.
 * @param unread Keys whose new values cannot be read here.
 */
export function findChanges(deployed: Partial<LabConfig>, to: LabConfig, unread: readonly string[] = []): KeyChange[] {
  const defaults = Object.fromEntries(KEY_NAMES.map((key) => [key, SCHEMA[key].default]));
  const from = { ...defaults, ...deployed } as LabConfig;
  return KEY_NAMES.filter((key) => !unread.includes(key) && !isDeepStrictEqual(from[key], to[key])).map((key) => {
    const isIdle = key.startsWith("backupApi") && key !== "backupApi" && !(from.backupApi || to.backupApi);
    const judged = isIdle ? live("nothing, while lab:backupApi is false") : JUDGES[key]?.(from, to);
    return { key, from: from[key], to: to[key], ...(judged?.change ?? SCHEMA[key].change) };
  });
}

/** Why a change is refused, and what to do instead. */
export function renderRefusal({ key, from, to, text, hint }: KeyChange): string {
  const [old, next] = [differing(from, to), differing(to, from)].map((value) => JSON.stringify(value));
  return `lab:${key} must stay ${old ?? ""} on this lab, got ${next ?? ""}: ${text}; hint: ${hint ?? "./lab destroy"}`;
}

/** The part of a value that differs from another one: of objects, the differing fields. */
export function differing(value: unknown, other: unknown): unknown {
  const isObject = (one: unknown): one is object => typeof one === "object" && one !== null;
  if (!isObject(value) || !isObject(other)) return value;
  const others = new Map<string, unknown>(Object.entries(other));
  const fields = Object.entries(value)
    .filter(([name, field]) => !isDeepStrictEqual(field, others.get(name)))
    .map(([name, field]) => [name, differing(field, others.get(name))]);
  return Array.isArray(value) ? fields.map(([, field]) => field) : Object.fromEntries(fields);
}

/** A value in one short line. */
export function showValue(value: unknown): string {
  const text = typeof value === "string" && value !== "" ? value : JSON.stringify(value);
  return text.replaceAll(/\s+/g, " ").replace(/^(.{40}).{3,}$/, "$1…");
}
