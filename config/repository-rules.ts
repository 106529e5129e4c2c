import { optionOf, placeOf, repositoryOptions } from "./repositories";
import { REPOSITORY_TYPES, STORE_FIELDS, type StoreField, TYPE_FIELDS } from "./repository-types";
import type { Refuse } from "./rules";
import type { Repository, Values } from "./schema";
import { featureProblem } from "./version-support";

/** Rules of `lab:repositories`, and of what `lab:pgbackrest` says of them. */
export function checkRepositories(values: Values, refuse: Refuse): void {
  const { repositories, repositoryCipher, pgbackrest, pgbackrestVersion } = values;
  for (const [index, repository] of repositories.entries()) {
    const { type, path, bundle, block, retentionArchive, retentionArchiveType } = repository;
    const place = (field: string, problem: string): void => {
      refuse("repositories", problem, `[${index}].${field}`);
    };
    checkType(repository, (problem, field = "") => {
      refuse("repositories", problem, `[${index}]${field}`);
    });
    const unsupported = featureProblem(pgbackrestVersion, `repo${index + 1}-type=${type}`);
    if (unsupported !== undefined) place("type", unsupported);
    const others = repositories.filter((other, at) => at !== index && other.type === type).map((other) => other.path);
    if (repositories.findIndex((other) => placeOf(other) === placeOf(repository)) < index) {
      place("path", `must be another than the other repositories', got "${path}"`);
    }
    const outer = type === "posix" ? others.find((other) => path.startsWith(`${other}/`)) : undefined;
    if (outer !== undefined) place("path", `must not lie in another repository, which is ${outer}, got "${path}"`);
    for (const [field, isOn] of Object.entries({ bundle, block })) {
      const problem = isOn === true ? featureProblem(pgbackrestVersion, optionOf(index + 1, field)) : undefined;
      if (problem !== undefined) place(field, problem);
    }
    if (block === true && bundle === false) place("block", "must not be true when bundle is false, got true");
    if (retentionArchiveType !== undefined && retentionArchive === undefined) {
      place("retentionArchiveType", `needs retentionArchive beside it, got "${retentionArchiveType}"`);
    }
  }
  const set = new Set(Object.keys(repositoryOptions(values)));
  for (const option of Object.keys(pgbackrest)) {
    const [, number, name = ""] = /^repo(\d*)-(.*)$/.exec(option) ?? [];
    if (number === undefined) continue;
    const index = Number(number || 1) - 1;
    if (repositories[index] === undefined) {
      refuse("pgbackrest", `may not set ${option}: lab:repositories has ${repositories.length}, from repo1 on`);
    } else if (set.has(`repo${index + 1}-${name}`)) {
      refuse("pgbackrest", `may not set ${option}, which lab:repositories[${index}] sets`);
    }
  }
  if (repositoryCipher && repositories[0]?.cipherType === "none") {
    refuse("repositoryCipher", 'must be false when lab:repositories[0].cipherType is none, got "true"');
  }
}

/** A repository has what its type needs, and nothing of another type. */
function checkType(repository: Repository, refuse: (problem: string, field?: string) => void): void {
  const { type } = repository;
  const { needs, may } = TYPE_FIELDS[type];
  const missing = needs.filter((field) => repository[field] === undefined);
  if (missing.length > 0) refuse(`needs ${needs.join(", ")} for type ${type}, and lacks ${missing.join(", ")}`);
  for (const field of Object.keys(STORE_FIELDS) as StoreField[]) {
    if (repository[field] === undefined || [...needs, ...may].includes(field)) continue;
    const types = REPOSITORY_TYPES.filter((each) =>
      [...TYPE_FIELDS[each].needs, ...TYPE_FIELDS[each].may].includes(field),
    );
    refuse(`is for type ${types.join(" or ")} alone, got type ${type}`, `.${field}`);
  }
}
