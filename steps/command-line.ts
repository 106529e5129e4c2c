import * as pulumi from "@pulumi/pulumi";
import { fingerprint } from "./fingerprint";
import { quote } from "./shell-words";

/** Words for a shell, and arguments, each one word whatever is in it. */
export function commandLine(words: readonly string[], args: pulumi.Input<string>[]): pulumi.Output<string> {
  return pulumi.all(args).apply((values) => [...words, ...values.map(quote)].join(" "));
}

/** A comment for the end of a command, which a change of one of the texts changes; nothing when there is no text. */
export function rerunMark(texts: pulumi.Input<string>[]): pulumi.Output<string> {
  return pulumi.all(texts).apply((known) => (known.length > 0 ? ` # ${fingerprint(...known)}` : ""));
}
