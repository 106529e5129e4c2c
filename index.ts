import { Lab } from "./components/lab";
import { readLabConfig } from "./config";

/** What the lab was built from. */
export const configuration = readLabConfig();

const lab = new Lab("lab", configuration);

/** The hosts: name, role, address. */
export const hosts = lab.hosts;

/** pgBackRest's name for the cluster. */
export const stanza = configuration.stanza;

/** How clients reach the backup API, with their keys; null where there is none: Pulumi warns of undefined outputs. */
export const backupApi = lab.backupApi ?? null;

/** What the program keeps on each host: files, units, packages, and the step that puts each right. */
export const managed = lab.managed;

/** How to reach the hosts: account, key, host keys. */
export const ssh = lab.ssh;
