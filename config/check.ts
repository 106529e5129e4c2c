import * as v from "valibot";
import { calendarProblems, type ReadCalendar } from "./calendar";
import { hostsOf } from "./hosts";
import { checkPki, NO_PKI, type Pki } from "./pki";
import { PROJECT_FOLDER } from "./project-folder";
import { type RepositorySecrets, secretProblems } from "./repositories";
import { checkRules, type Refuse } from "./rules";
import { KEY_NAMES, type KeyName, type LabConfig, SCHEMA, type Values } from "./schema";
import { stackProblems } from "./libvirt-names";
import { privateStackProblems } from "./libvirt-uri";
import { type Machine, machineProblems, type Preparation } from "./this-machine";

/** A stack's settings. */
export interface Settings {
  readonly configuration: LabConfig;
  /** Certificates and keys from outside: secret. */
  readonly pki: Pki;
  /** Secrets of the repositories. */
  readonly repositorySecrets: RepositorySecrets;
  /** The key for machines that exist; empty where an SSH agent has it. */
  readonly sshPrivateKey: string;
}

/** What is checked beside the configuration itself. */
interface Surroundings {
  /** The stack's name. */
  readonly stack: string;
  /** The machine that the program runs on; undefined for a preview, which needs neither libvirt nor image. */
  readonly machine?: Machine;
  /** What `./lab` is about to create on it. */
  readonly prepared?: Preparation;
  /**
   * Who reads calendar words.
   * @default - this machine's systemd, if it has one
   */
  readonly calendar?: ReadCalendar;
  /** Encrypted keys, which cannot be read here: the program checks them, and the rules that depend on them. */
  readonly unread?: readonly string[];
}

/** The hosts that talk to others by mutual TLS: pgBackRest's, and Barman's own, unless it has passwords. */
function hostsWithCertificates(values: Values): readonly string[] {
  return hostsOf(values).flatMap(({ name, role }) => (role !== "barman" || values.replicationTls ? [name] : []));
}

/** A refused configuration with every problem: a line each, with the key, what was given, what is allowed. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
  }
}

/** The project's own keys of Pulumi's configuration, without their prefix. */
export function ownKeys(all: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(all).filter(([key]) => key.startsWith("lab:"));
  return Object.fromEntries(own.map(([key, value]) => [key.slice("lab:".length), value]));
}

/**
 * Checks a stack's configuration: first each key, then the rules between keys, the PKI's files, and this machine.
 * @param raw `lab:` keys without their prefix, to text as Pulumi hands it over.
 * @throws ConfigError with every problem.
 */
export function checkSettings(
  raw: Readonly<Record<string, string>>,
  { stack, machine, prepared, calendar, unread = [] }: Surroundings,
): Settings {
  const problems: string[] = [];
  const refuse: Refuse = (key, problem, place = "") => void problems.push(`lab:${key}${place} ${problem}`);
  const stop = (): void => {
    if (problems.length > 0) throw new ConfigError(problems);
  };
  const values = readValues(raw, problems);
  stop();
  const configuration = deepFreeze(withoutSecrets(values));
  const canRead = (keys: readonly string[]): boolean => !keys.some((key) => unread.includes(key));
  if (canRead(KEY_NAMES.filter((key) => !isSecret(key)))) {
    checkRules(values, refuse);
    for (const { place, problem } of calendarProblems(values, calendar)) refuse("schedule", problem, place);
    problems.push(
      ...stackProblems(stack, values.hypervisor),
      ...privateStackProblems(values.libvirtUri, PROJECT_FOLDER, stack),
    );
    if (machine !== undefined) problems.push(...machineProblems(configuration, stack, machine, prepared));
  }
  const pki = canRead(KEY_NAMES) ? checkPki(values, hostsWithCertificates(values), PROJECT_FOLDER, refuse) : NO_PKI;
  const { repositorySecrets, sshPrivateKey } = values;
  if (canRead(["repositorySecrets"])) {
    for (const problem of secretProblems(values, repositorySecrets)) refuse("repositorySecrets", problem);
  }
  stop();
  return { configuration, pki, repositorySecrets, sshPrivateKey };
}

function readValues(raw: Readonly<Record<string, string>>, problems: string[]): Values {
  for (const key of Object.keys(raw).filter((name) => !(name in SCHEMA))) {
    problems.push(`unknown key lab:${key}; ${hintFor(key)}`);
  }
  const values = KEY_NAMES.map((key) => {
    const { check, default: preset } = SCHEMA[key];
    const given = raw[key] ?? (typeof preset === "string" ? preset : JSON.stringify(preset));
    const result = v.safeParse(check, given, { abortPipeEarly: true });
    for (const { message, path } of result.issues ?? []) problems.push(`lab:${key}${placeOf(path)} ${message}`);
    return [key, result.output];
  });
  return Object.fromEntries(values) as Values;
}

/** Where in a list or an object: `[0].path`. */
function placeOf(path: readonly { readonly key: unknown }[] = []): string {
  return path.map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
}

function hintFor(key: string): string {
  const plain = key.toLowerCase().replaceAll(/[-_]/g, "");
  const distance = (known: string): number => editDistance(plain, known.toLowerCase());
  const near = [...KEY_NAMES].sort((one, other) => distance(one) - distance(other))[0] ?? "";
  return distance(near) > 2 ? `allowed are ${KEY_NAMES.join(", ")}` : `did you mean lab:${near}?`;
}

/** How many letters must be added, removed or replaced between two words (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const letter of from) {
    const next = [(row[0] ?? 0) + 1];
    for (const [index, other] of to.split("").entries()) {
      const [left = 0, above = 0, diagonal = 0] = [next[index], row[index + 1], row[index]];
      next.push(Math.min(left + 1, above + 1, diagonal + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** Whether a key's value may be a secret, which outputs mask. */
export function isSecret(key: KeyName): boolean {
  return "secret" in SCHEMA[key];
}

function withoutSecrets(values: Values): LabConfig {
  const isSet = (key: KeyName): boolean => JSON.stringify(values[key]) !== JSON.stringify(SCHEMA[key].default);
  const masked = KEY_NAMES.filter(isSecret).map((key) => [key, isSet(key) ? "[secret]" : ""]);
  return { ...values, ...Object.fromEntries(masked) } as LabConfig;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
