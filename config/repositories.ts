import { TYPE_FIELDS } from "./repository-types";
import type { LabConfig, Repository, Values } from "./schema";

/** Where pgBackRest's configuration lies on every host. */
export const PGBACKREST_FOLDER = "/etc/pgbackrest";

/** What the fields of `lab:repositories` and the keys beside it say. */
type RepositoryKeys = Pick<LabConfig, "repositories" | "repositoryCipher">;

/** A repository's secrets, by pgBackRest's option, such as `repo2-cipher-pass`. */
export type RepositorySecrets = Values["repositorySecrets"];

/** pgBackRest's option of a repository's field: `retentionFull` of the second is `repo2-retention-full`. */
export function optionOf(number: number, field: string): string {
  return `repo${number}-${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Whether an option is a repository's passphrase. */
export function isPassphrase(option: string): boolean {
  return /^repo\d+-cipher-pass$/.test(option);
}

/** The options of the open configuration that the repositories' fields set. */
export function repositoryOptions({ repositories }: Pick<RepositoryKeys, "repositories">) {
  const options = repositories.flatMap((repository, index) => {
    const keyFile = keyFileOf(repository, index);
    return (
      Object.entries({
        ...repository,
        ...TYPE_FIELDS[repository.type].fixed,
        ...(keyFile && { [keyFile.field]: keyFile.path }),
      })
        // A folder is pgBackRest's default; the cipher has a file of its own.
        .filter(([field, value]) => field !== "cipherType" && value !== "posix")
        .map(([field, value]): [string, string | number | boolean] => [optionOf(index + 1, field), value])
    );
  });
  return Object.fromEntries(options);
}

/** The key or field that decides whether a repository is encrypted: of the first, `lab:repositoryCipher` may stand for its field. */
export function cipherKeyOf({ repositories }: RepositoryKeys, index: number): string {
  const isShort = index === 0 && repositories[0]?.cipherType === undefined;
  return isShort ? "lab:repositoryCipher" : `lab:repositories[${index}].cipherType`;
}

/** Whether a repository is encrypted. */
export function isEncrypted({ repositories, repositoryCipher }: RepositoryKeys, index: number): boolean {
  return repositories[index]?.cipherType === "aes-256-cbc" || (index === 0 && repositoryCipher);
}

/** Where a repository is, by which it is known: its folder on the repository host, or its store and folder there (`s3://BUCKET/FOLDER`). */
export function placeOf(repository: Repository): string {
  const { type, path } = repository;
  if (type === "posix") return path;
  return `${type}://${TYPE_FIELDS[type].place.map((field) => repository[field]).join("/")}${path}`;
}

/** A place in the name of a file. */
export function slugOf(place: string): string {
  return place.replaceAll(/[:/]+/g, "-");
}

/** A secret that pgBackRest reads from a file of its own on the repository host. */
interface KeyFile {
  /** The secret's option. */
  readonly option: string;
  /** The field that names the file. */
  readonly field: string;
  readonly path: string;
}

/** The secret of a repository that is in a file of its own; undefined where there is none. */
export function keyFileOf(repository: Repository, index: number): KeyFile | undefined {
  const { file } = TYPE_FIELDS[repository.type];
  if (file === undefined || isLetIn(repository)) return undefined;
  const [secret, field] = file;
  const path = `${PGBACKREST_FOLDER}/${slugOf(placeOf(repository))}.key`;
  return { option: optionOf(index + 1, secret), field, path };
}

/** Whether the repository host's machine has a role in the store, and needs no key. */
function isLetIn({ s3KeyType, gcsKeyType }: Repository): boolean {
  return s3KeyType === "auto" || gcsKeyType === "auto";
}

/** The secrets of a repository, by pgBackRest's option: what it needs, and what it may have. */
export function secretsOf(config: RepositoryKeys, index: number): { needed: string[]; allowed: string[] } {
  const repository = config.repositories[index];
  const { secrets, otherSecrets = [] } = TYPE_FIELDS[repository?.type ?? "posix"];
  const options = (fields: readonly string[]): string[] => fields.map((field) => optionOf(index + 1, field));
  const [needed, others] = repository && isLetIn(repository) ? [[], []] : [options(secrets), options(otherSecrets)];
  return { needed, allowed: [...(isEncrypted(config, index) ? options(["cipherPass"]) : []), ...needed, ...others] };
}

/**
 * What is wrong with the secrets: they must be of repositories that need them, and those must have them.
 * @returns Texts that follow the key's name and hold no secret.
 */
export function secretProblems(config: RepositoryKeys, secrets: RepositorySecrets): string[] {
  const all = config.repositories.map((_, index) => secretsOf(config, index));
  const allowed = all.flatMap((each) => each.allowed);
  const words = allowed.length === 0 ? "no repository is encrypted or in a store" : `allowed are ${allowed.join(", ")}`;
  const keyFiles = config.repositories.flatMap((repository, index) => keyFileOf(repository, index)?.option ?? []);
  const missing = all.flatMap(({ needed }) => needed).filter((option) => secrets[option] === undefined);
  return [
    ...Object.keys(secrets)
      .filter((option) => !allowed.includes(option))
      .map((option) => `may not set ${JSON.stringify(option)}: ${words}`),
    ...Object.entries(secrets)
      .filter(([option, secret]) => !keyFiles.includes(option) && secret.includes("\n"))
      .map(([option]) => `must have ${JSON.stringify(option)} in one line of text`),
    ...missing.map(
      (option) =>
        `must have ${JSON.stringify(option)}, which is missing; hint: pulumi config set --secret --path 'lab:repositorySecrets["${option}"]'`,
    ),
  ];
}
