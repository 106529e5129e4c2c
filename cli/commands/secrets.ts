import { optionOf, placeOf } from "../../config/repositories";
import type { Output } from "../../engine/engine";
import { confirmSecrets } from "../confirm";
import { type Invocation, stackOf } from "../invocation";
import { deployedLab } from "../stack/deployed-lab";
import { openEngine } from "../stack/open-engine";

/** What is needed, beside the repository itself and the way to it, to restore without the lab. */
export interface RepositorySecret {
  /** pgBackRest's option, such as `repo2-cipher-pass`. */
  readonly option: string;
  /** Where the repository is: its folder on the repository host, or its store and folder there. */
  readonly place: string;
  readonly passphrase: string;
}

/** Shows the passphrases of the encrypted repositories, once asked, as no other command does. The hosts need not run. */
export async function secrets(invocation: Invocation, { json = false }: { json?: boolean }): Promise<number> {
  const stack = stackOf(invocation);
  const { stack: name } = stack.location;
  const found = repositorySecrets(await (await openEngine(invocation, stack)).outputs(), name);
  if (!json && found.length === 0) {
    process.stdout.write(`no repository of stack "${name}" is encrypted\n`);
    return 0;
  }
  if (!json && !(await confirmSecrets(invocation, `./lab secrets --stack ${name}`))) return 1;
  process.stdout.write(json ? `${JSON.stringify(found, undefined, 2)}\n` : found.map(renderSecret).join(""));
  return 0;
}

/**
 * The passphrases of a stack's encrypted repositories, by the repositories' numbers.
 * @throws Error when the stack has no lab, or its last `up` did not tell them.
 */
export function repositorySecrets(outputs: Readonly<Record<string, Output>>, stack: string): RepositorySecret[] {
  const { repositories } = deployedLab(outputs, stack).configuration;
  if (outputs.passphrases === undefined)
    throw new Error(`the last up of stack "${stack}" told no secrets; hint: ./lab up --stack ${stack}`);
  const passphrases = outputs.passphrases.value as Readonly<Record<string, string>>;
  return repositories.flatMap((repository, index) => {
    const option = optionOf(index + 1, "cipherPass");
    const passphrase = passphrases[option];
    return passphrase === undefined ? [] : [{ option, place: placeOf(repository), passphrase }];
  });
}

/** As pgBackRest's configuration has it. */
export function renderSecret({ option, place, passphrase }: RepositorySecret): string {
  return `# ${place}\n${option}=${passphrase}\n`;
}
