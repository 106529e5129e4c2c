import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One suite of one archive in apt's configuration. */
export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Path of its keyring, if it names one. */
  readonly signedBy?: string;
  /** Whether it needs no signature. */
  readonly trusted: boolean;
}

const isYes = (value: string | undefined) => /^(yes|true|on|1)$/i.test(value ?? "");
// It may also be a key itself, or a fingerprint: the bootstrapper takes only a path.
const pathOnly = (value: string | undefined) => (value?.startsWith("/") ? value.split(/[\s,]+/)[0] : undefined);

/** Reads apt's old format, a source a line: `deb [option=value …] URI SUITE COMPONENT…`. */
export function parseOneLineSources(text: string): readonly AptSource[] {
  return text.split("\n").flatMap((line) => {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line.trim());
    const [, optionText = "", uri, suite, components] = match ?? [];
    if (uri === undefined || suite === undefined || components === undefined) return [];
    const options = new Map(
      optionText
        .trim()
        .split(/\s+/)
        .map((option) => option.split("=", 2) as [string, string | undefined]),
    );
    return [
      {
        uri,
        suite,
        components: components.trim().split(/\s+/),
        signedBy: pathOnly(options.get("signed-by")),
        trusted: isYes(options.get("trusted")),
      },
    ];
  });
}

function parseStanza(stanza: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let name = "";
  for (const line of stanza.split("\n").filter((text) => !text.startsWith("#"))) {
    const [, newName, value = ""] = /^([^\s:]+):(.*)$/.exec(line) ?? [];
    if (newName !== undefined) name = newName.toLowerCase();
    fields.set(name, `${fields.get(name) ?? ""}\n${newName === undefined ? line : value}`.trim());
  }
  return fields;
}

/** Reads apt's new format, deb822: a stanza for several URIs, suites and components. */
export function parseDeb822Sources(text: string): readonly AptSource[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = parseStanza(stanza);
    const words = (name: string) => (fields.get(name) ?? "").split(/\s+/).filter((word) => word !== "");
    const enabled = fields.get("enabled");
    if (!words("types").includes("deb") || (enabled !== undefined && !isYes(enabled))) return [];
    return words("uris").flatMap((uri) =>
      words("suites").map((suite) => ({
        uri,
        suite,
        components: words("components"),
        signedBy: pathOnly(fields.get("signed-by")),
        trusted: isYes(fields.get("trusted")),
      })),
    );
  });
}

/** All binary sources of an apt configuration folder. */
export function readAptSources(aptFolder = "/etc/apt"): readonly AptSource[] {
  const partsFolder = join(aptFolder, "sources.list.d");
  const parts = existsSync(partsFolder) ? readdirSync(partsFolder).map((name) => join(partsFolder, name)) : [];
  return [join(aptFolder, "sources.list"), ...parts.sort()].filter(existsSync).flatMap((path) => {
    if (path.endsWith(".sources")) return parseDeb822Sources(readFileSync(path, "utf8"));
    return path.endsWith(".list") ? parseOneLineSources(readFileSync(path, "utf8")) : [];
  });
}

// Vendors name their suites after Debian's too: an archive is recognised by its keyring, else by its URI.
const evidence: readonly ((source: AptSource) => boolean)[] = [
  ({ signedBy }) => /\/debian-archive-[^/]*$/.test(signedBy ?? ""),
  ({ signedBy, uri }) => signedBy === undefined && /\/debian(-security)?\/?$/.test(uri),
  ({ uri }) => /\/debian(-security)?\/?$/.test(uri),
];

/**
 * The lines of a sources.list for Debian release `codename`, from these sources' mirrors of Debian's own archive, whatever their
 * release. None when no source is Debian's: then the bootstrapper's default applies.
 * @param hasUpdates Whether the release has suites of updates beside its own.
 */
export function debianArchiveLines(
  sources: readonly AptSource[],
  codename: string,
  hasUpdates = true,
): readonly string[] {
  const candidates = sources.filter(
    ({ components, suite, uri }) =>
      components.includes("main") && /^[a-z]+(-updates|-security)?$/.test(suite) && !uri.startsWith("cdrom:"),
  );
  const archive =
    evidence.map((isArchive) => candidates.filter(isArchive)).find((matching) => matching.length > 0) ?? [];
  const partOf = (suite: string): string => /-(updates|security)$/.exec(suite)?.[0] ?? "";
  const wanted = archive.filter(({ suite }) => hasUpdates || partOf(suite) === "");
  const lines = wanted.map(({ uri, suite, signedBy, trusted }) => {
    const options = [...(signedBy ? [`signed-by=${signedBy}`] : []), ...(trusted ? ["trusted=yes"] : [])];
    const place = [uri, codename + partOf(suite), "main"];
    return ["deb", ...(options.length > 0 ? [`[${options.join(" ")}]`] : []), ...place].join(" ");
  });
  return [...new Set(lines)];
}
