import type { LabConfig, Values } from "./schema";

/** What the fields of `lab:repositories` and the keys beside it say. */
type RepositoryKeys = Pick<LabConfig, "repositories" | "repositoryCipher">;

/** A repository's secrets, by pgBackRest's option, such as `repo2-cipher-pass`. */
export type RepositorySecrets = Values["repositorySecrets"];

/** Fields that are no options of the open configuration: the type is posix, and the cipher has a file of its own. */
const KEPT_ELSEWHERE = ["type", "cipherType"];

/** pgBackRest's option of a repository's field: `retentionFull` of the second is `repo2-retention-full`. */
export function optionOf(number: number, field: string): string {
  return `repo${number}-${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The options of the open configuration that the repositories' fields set. */
export function repositoryOptions({ repositories }: Pick<RepositoryKeys, "repositories">) {
  const options = repositories.flatMap((repository, index) =>
    Object.entries(repository)
      .filter(([field]) => !KEPT_ELSEWHERE.includes(field))
      .map(([field, value]): [string, string | number | boolean] => [optionOf(index + 1, field), value]),
  );
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

/**
 * What is wrong with the secrets: they must be of repositories that need them.
 * @returns Texts that follow the key's name and hold no secret.
 */
export function secretProblems(config: RepositoryKeys, secrets: RepositorySecrets): string[] {
  const allowed = config.repositories.flatMap((_, index) =>
    isEncrypted(config, index) ? [optionOf(index + 1, "cipherPass")] : [],
  );
  const words = allowed.length === 0 ? "no repository is encrypted" : `allowed are ${allowed.join(", ")}`;
  return Object.keys(secrets)
    .filter((option) => !allowed.includes(option))
    .map((option) => `may not set ${JSON.stringify(option)}: ${words}`);
}
