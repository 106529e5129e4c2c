import * as pulumi from "@pulumi/pulumi";
import { Lab } from "./components/lab";
import { hasEncryptedKey, readSettings } from "./config/settings";
import { planLab } from "./plan/plan";

// Only resources depend on others, components do not: at one that a failed step keeps from being registered, Pulumi's CLI ends the whole run.
pulumi.runtime.registerStackTransformation(({ resource, props, opts }) =>
  resource instanceof pulumi.ComponentResource ? { props, opts: { ...opts, dependsOn: undefined } } : undefined,
);

const { configuration: config, pki, repositorySecrets, sshPrivateKey } = readSettings();

/** What the lab was built from, but for the keys of a PKI from outside; a secret when a key of it is encrypted. */
export const configuration = hasEncryptedKey() ? pulumi.secret(config) : config;

/** Which hosts there are, and what each is for. */
export const plan = planLab(config);

const lab = new Lab("lab", { config, plan, pki, repositorySecrets, sshPrivateKey });

/** Where the CA's rotation stands, and whether that is proven on every pair of hosts. */
export const rotation = lab.rotation;

/** How clients reach the backup API, with their keys; null where there is none: Pulumi warns of undefined outputs. */
export const backupApi = lab.backupApi ?? null;

/** What the program keeps on each host: files, units, packages, and the step that puts each right. */
export const managed = lab.managed;

/** The passphrases of the encrypted repositories: without them, nothing in those can be read. */
export const passphrases = lab.passphrases;

/** How to reach the hosts: account, key, host keys. */
export const ssh = lab.ssh;
