import { isDeepStrictEqual } from "node:util";

/** Properties as on the wire: JSON, with wrapped secrets, and one special text for values that are not known yet. */
export type Properties = Record<string, unknown>;

/** Stands for a value that is known only after an operation. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

// Both from the SDK's runtime/rpc.ts.
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

const isContainer = (value: unknown): value is Properties => typeof value === "object" && value !== null;
const steps = (path: string): string[] => path.match(/[^.[\]"]+/g) ?? [];

/** Whether a value is marked as secret, as a whole. */
export const isSecret = (value: unknown): value is Properties => isContainer(value) && value[SIGNATURE] === SECRET;

/** Marks a value as secret. */
export const secret = (value: unknown): unknown => (isSecret(value) ? value : { [SIGNATURE]: SECRET, value });

/** A copy in which each secret is replaced. */
export function replaceSecrets<T>(value: T, replace: (inner: unknown) => unknown): T {
  const copy = (part: unknown): unknown => {
    if (!isContainer(part)) return part;
    if (Array.isArray(part)) return part.map(copy);
    if (isSecret(part)) return replace(part["value"]);
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, copy(inner)]));
  };
  return copy(value) as T;
}

/** A copy with the secrets in the clear. */
export const reveal = <T>(value: T): T => replaceSecrets(value, reveal);

/** The texts in a value. */
export function texts(value: unknown): string[] {
  return typeof value === "string" ? [value] : isContainer(value) ? Object.values(value).flatMap(texts) : [];
}

/** Whether a value, or a part of it, is secret. */
export const hasSecret = (value: unknown): boolean => texts(value).includes(SECRET);

/** A message without the secrets of a value, line by line. Short ones could be any word, and stay. */
export function mask(message: string, value: unknown): string {
  const hidden: string[] = [];
  replaceSecrets(value, (inner) => hidden.push(...texts(inner).flatMap((text) => text.split("\n"))));
  return hidden
    .filter(({ length }) => length >= 8)
    .reduce((masked, text) => masked.replaceAll(text, "[secret]"), message);
}

/** The paths of all innermost values: `devices.disks.0.device`. */
export function leaves(value: unknown, path = ""): string[] {
  if (!isContainer(value) || Object.keys(value).length === 0) return path === "" ? [] : [path];
  return Object.entries(value).flatMap(([name, part]) => leaves(part, path === "" ? name : `${path}.${name}`));
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: string): unknown {
  return steps(path).reduce((part, step) => (isContainer(part) ? part[step] : undefined), value);
}

/** The paths at which two values differ. */
export function differences(old: unknown, next: unknown, path = ""): string[] {
  if (isDeepStrictEqual(old, next)) return [];
  if (!isContainer(old) || !isContainer(next) || Array.isArray(old) !== Array.isArray(next)) return [path];
  const names = new Set([...Object.keys(old), ...Object.keys(next)]);
  return [...names].flatMap((name) => differences(old[name], next[name], path === "" ? name : `${path}.${name}`));
}

/** A property path as Pulumi writes it: `devices.disks[0].device`. */
export function pulumiPath(path: string): string {
  return path.replace(/\.(\d+)(?=\.|$)/g, "[$1]");
}

/** Whether a property path of a resource option is another path, or contains it. */
export function covers(pattern: string, path: string): boolean {
  const found = steps(path);
  return steps(pattern).every((step, index) => index < found.length && [found[index], "*"].includes(step));
}

/** `next`, with the values of `old` at these paths. */
export function keepOld(old: Properties, next: Properties, paths: readonly string[]): Properties {
  return paths.reduce((kept, path) => keep(old, kept, steps(path)) as Properties, next);
}

function keep(old: unknown, next: unknown, [step, ...rest]: string[]): unknown {
  if (step === undefined) return old;
  if (!isContainer(old) || !isContainer(next)) return next;
  const copy = (Array.isArray(next) ? Array.from(next) : { ...next }) as Properties;
  for (const name of step === "*" ? Object.keys(next) : [step]) {
    copy[name] = keep(old[name], copy[name], rest);
    if (copy[name] === undefined) Reflect.deleteProperty(copy, name);
  }
  return copy;
}
