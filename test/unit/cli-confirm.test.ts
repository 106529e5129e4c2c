import { afterEach, beforeEach, expect, it } from "vitest";
import { confirmLoss, confirmSecrets } from "../../cli/confirm";
import type { Invocation } from "../../cli/invocation";

const { stdin, stdout } = process;
const terminals = { stdin: stdin.isTTY, stdout: stdout.isTTY };
const invocation = (yes: boolean): Invocation => ({
  options: { stack: "here", config: {}, yes },
  signal: new AbortController().signal,
});
const ask = (yes: boolean) => confirmLoss(invocation(yes), "Destroy?", "./lab destroy --stack here");

beforeEach(() => {
  stdin.isTTY = stdout.isTTY = true;
});
afterEach(() => {
  stdin.isTTY = terminals.stdin;
  stdout.isTTY = terminals.stdout;
});

it.each([["stdin"], ["stdout"]] as const)("refuses to delete data when %s is no terminal", async (stream) => {
  process[stream].isTTY = false;
  await expect(ask(false)).rejects.toThrow(
    new Error(
      "./lab destroy --stack here asks before it deletes data, and this is no terminal; hint: ./lab destroy --stack here --yes",
    ),
  );
  expect(await ask(true)).toBe(true);
});

it.each([["stdin"], ["stdout"]] as const)("refuses to show secrets when %s is no terminal", async (stream) => {
  process[stream].isTTY = false;
  const show = (yes: boolean) => confirmSecrets(invocation(yes), "./lab secrets --stack here");
  await expect(show(false)).rejects.toThrow(
    new Error(
      "./lab secrets --stack here asks before it shows secrets, and this is no terminal; hint: ./lab secrets --stack here --yes",
    ),
  );
  expect(await show(true)).toBe(true);
});
