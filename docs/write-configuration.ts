import * as fs from "node:fs";
import * as path from "node:path";
import { parseDocument } from "yaml";
import type { Key } from "../config/key";
import { PROJECT_FOLDER } from "../config/project-folder";
import { BACKUP_API_KEYS } from "../config/keys/backup-api";
import { CLUSTER_KEYS } from "../config/keys/cluster";
import { SITE_KEYS } from "../config/keys/site";
import { PKI_KEYS, TRUST_KEYS } from "../config/keys/trust";
import { VERSION_KEYS } from "../config/keys/versions";
import { KEY_NAMES, SCHEMA } from "../config/schema";

/** The keys as Pulumi.yaml declares them. */
export function renderDeclarations(): Record<string, unknown> {
  const entries = KEY_NAMES.map((name) => {
    const { type, items, description, default: value }: Key = SCHEMA[name];
    return [name, { type, description, ...(items && { items: { type: items } }), default: value }];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** docs/configuration.md. */
export function renderReference(): string {
  const chapters = Object.entries(CHAPTERS).map(([title, keys]) => {
    const entries = Object.entries<Key>(keys).map(([name, key]) => wrap(renderKey(name, key)));
    return `\n## ${title}\n\n${entries.join("\n")}`;
  });
  return `${INTRODUCTION}${chapters.join("")}`;
}

const CHAPTERS = {
  "Hosts and their network": SITE_KEYS,
  "Packages and versions": VERSION_KEYS,
  "Cluster, stanza and repository": CLUSTER_KEYS,
  "Certificates and keys": TRUST_KEYS,
  "Barman and its API": BACKUP_API_KEYS,
  "A PKI of your own": PKI_KEYS,
};

function renderKey(name: string, { description, default: value, change }: Key): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const hint = change.hint === undefined ? "" : ` Instead: ${change.hint}.`;
  return `**\`${name}\`**, default ${text === "" ? "none" : `\`${text}\``}. ${description}. On change, **${change.effect}**: ${change.text}.${hint}`;
}

/** Text in lines of at most 120 characters, unless a single word is longer. */
function wrap(text: string): string {
  return text.replace(/(.{1,120}|\S+)(?: |$)/g, "$1\n");
}

const INTRODUCTION = `# Configuration

After this page you know every key, and what a change of it does to a running lab. Set a key in the stack's file,
\`Pulumi.STACK.yaml\`, as \`lab:KEY\`, or for one run with \`./lab up --config KEY=VALUE\`:

    config:
      lab:standbys: 3
      lab:pgbackrest: { process-max: 4 }

\`./lab preview\` and \`./lab up\` compare the configuration with the one that the lab was deployed with, and show for each
changed key what the change will do:

- **live**: nothing that runs is touched, or hosts are added or removed;
- **reload**: services read their files again;
- **restart**: services or hosts restart;
- **rebuild**: a service starts again from nothing;
- **refused**: \`./lab\` stops before the first change.

Plain \`pulumi up\` does not compare; there the hosts refuse what would harm their data ([operations.md](operations.md)).
A value that \`pulumi config set --secret\` has encrypted can be read by Pulumi's engine alone: \`./lab\` neither checks nor
compares it, the program does check it. \`caKey\` and \`hostCertificates\` are masked in the stack's outputs; with
another encrypted key, the output \`configuration\` is a secret as a whole. Certificates and keys of a PKI of your own are described in [trust.md](trust.md).

\`npm run docs\` writes this page, and the keys in \`Pulumi.yaml\`, from \`config/schema.ts\`.
`;

function main(): void {
  fs.writeFileSync(path.join(PROJECT_FOLDER, "docs", "configuration.md"), renderReference());
  const file = path.join(PROJECT_FOLDER, "Pulumi.yaml");
  const project = parseDocument(fs.readFileSync(file, "utf8"));
  project.set("config", project.createNode(renderDeclarations(), { aliasDuplicateObjects: false }));
  fs.writeFileSync(file, project.toString({ lineWidth: 0 }));
}

if (require.main === module) main();
