import * as pulumi from "@pulumi/pulumi";
import { fingerprint } from "./fingerprint";
import { quote } from "./shell-words";

/** A command for a shell: words as they are, then arguments, each quoted. */
export function commandLine(words: readonly string[], args: pulumi.Input<string>[]): pulumi.Output<string> {
  return pulumi.all(args).apply((values) => [...words, ...values.map(quote)].join(" "));
}

/** A comment for the end of a command that changes with any of the texts; nothing without texts. */
export function rerunMark(texts: pulumi.Input<string>[]): pulumi.Output<string> {
  return pulumi.all(texts).apply((known) => (known.length > 0 ? ` # ${fingerprint(...known)}` : ""));
}
