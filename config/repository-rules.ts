import { optionOf, repositoryOptions } from "./repositories";
import type { Refuse } from "./rules";
import type { Values } from "./schema";
import { featureProblem } from "./version-support";

/** Rules of `lab:repositories`, and of what `lab:pgbackrest` says of them. */
export function checkRepositories(values: Values, refuse: Refuse): void {
  const { repositories, repositoryCipher, pgbackrest, pgbackrestVersion } = values;
  for (const [index, { path, bundle, block, retentionArchive, retentionArchiveType }] of repositories.entries()) {
    const place = (field: string, problem: string): void => {
      refuse("repositories", problem, `[${index}].${field}`);
    };
    const others = repositories.filter((_, other) => other !== index).map((other) => other.path);
    if (repositories.findIndex((other) => other.path === path) < index) {
      place("path", `must be another than the other repositories', got "${path}"`);
    }
    const outer = others.find((other) => path.startsWith(`${other}/`));
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
