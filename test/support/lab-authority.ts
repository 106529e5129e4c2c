import type { StackLocation } from "../../engine/engine";
import { State } from "../../engine/embedded/state";
import { reveal } from "../../engine/values";
import { TestAuthority } from "./test-authority";

/** The authority of a lab that the embedded engine made, out of its state, to sign what the lab itself would not. */
export function labAuthority(location: StackLocation, folder: string): TestAuthority {
  const found = new State(location).resources
    .filter(({ type }) => type === "tls:index/selfSignedCert:SelfSignedCert")
    .map(({ inputs, outputs }) => reveal({ inputs, outputs }))
    .find(({ inputs }) => (inputs.subject as { commonName: string }).commonName === "root-ca");
  if (found === undefined) throw new Error(`stack "${location.stack}" has no certificate authority`);
  return new TestAuthority(folder, {
    certificate: found.outputs.certPem as string,
    key: found.inputs.privateKeyPem as string,
  });
}
