import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT_FOLDER } from "../config/project-folder";
import type { Remedy, Rule } from "../observe/findings";
import { ALL_RULES } from "../observe/rules";

const HEAD = `# Findings

What \`./lab doctor\`, \`./lab status\` and \`./lab drift\` tell, by its code, which never changes. \`fail\`: something does not work, or will not when it
is needed. \`warn\`: it works, but not for long, or not as it was made. A lab is proven when no rule marked \`proof\` fails. A finding
that follows from another one on the same hosts is not told as a cause of its own; \`--json\` tells it under \`consequences\`.
A code "of" a word means findings about a unit or file whose name begins with it. Written by \`npm run docs\` from the rules in \`observe/rules/\`.
`;

/** docs/findings.md: every code with its level, cause and remedy, in the order of areas and codes. */
export function renderFindingsPage(): string {
  const rules = ALL_RULES.flatMap(({ messages }) => Object.entries(messages));
  const areas = [...new Set(rules.map(([, { area }]) => area))];
  const sections = areas.map((area) => {
    const own = rules.filter(([, rule]) => rule.area === area).sort(([one], [other]) => (one < other ? -1 : 1));
    return [`\n## ${area}\n`, ...own.map(([code, rule]) => renderRule(code, rule))].join("\n");
  });
  return `${HEAD}${sections.join("\n")}\n`;
}

function renderRule(code: string, { level, proof, text, remedy, after = [], mendedWith = [] }: Rule): string {
  const lines = [
    `- **${code}** (${level}${proof ? ", proof" : ""}): ${escape(text)}`,
    `  - remedy: ${renderRemedy(remedy)}`,
    ...(mendedWith.length === 0 ? [] : [`  - follows from, where a step puts both right: ${inCode(mendedWith)}`]),
    ...(after.length === 0 ? [] : [`  - follows from: ${inCode(after)}`]),
  ];
  return lines.join("\n");
}

function renderRemedy({ steps, fullBackup, command, sentence }: Remedy): string {
  const fix = (steps ?? fullBackup) ? ["`./lab drift --fix`"] : [];
  return [
    ...fix,
    ...(command === undefined ? [] : [`\`${command}\``]),
    ...(sentence === undefined ? [] : [escape(sentence)]),
  ].join("; or: ");
}

/** Templates' words in braces, and names with asterisks, as they stand. */
function escape(text: string): string {
  return text.replaceAll(/([*_<>])/g, "\\$1");
}

if (require.main === module) fs.writeFileSync(path.join(PROJECT_FOLDER, "docs", "findings.md"), renderFindingsPage());

function inCode(words: readonly string[]): string {
  const named = (each: string): string => {
    const [code = "", word] = each.split(":");
    return word === undefined ? `\`${code}\`` : `\`${code}\` of ${word}`;
  };
  return [...new Set(words)].map(named).join(", ");
}
