import { Lab } from "./components/lab";
import { readSettings } from "./config/settings";

const settings = readSettings();

/** What the lab was built from, but for the keys of a PKI from outside. */
export const configuration = settings.configuration;

const lab = new Lab("lab", configuration, settings.pki);

/** The hosts: name, role, address. */
export const hosts = lab.hosts;

/** Where the authority's rotation stands, and whether that is proven on every pair of hosts. */
export const rotation = lab.rotation;

/** pgBackRest's name for the cluster. */
export const stanza = configuration.stanza;

/** How clients reach the backup API, with their keys; null where there is none: Pulumi warns of undefined outputs. */
export const backupApi = lab.backupApi ?? null;

/** What the program keeps on each host: files, units, packages, and the step that puts each right. */
export const managed = lab.managed;

/** How to reach the hosts: account, key, host keys. */
export const ssh = lab.ssh;
