import { momentsIn } from "../config/calendar";
import type { HostFacts, PostgreSqlFacts, RepositoryFacts, ScheduleFacts, StanzaInfo, WalArchive } from "./facts";

/**
 * Takes the answer of a script apart: `==== NAME` begins a section.
 * @throws Error when one of these sections is missing.
 */
function sections<Name extends string>(told: string, ...names: Name[]): Record<Name, string> {
  const found = Object.fromEntries(
    told
      .split(/^==== /m)
      .slice(1)
      .map((section) => {
        const end = section.indexOf("\n");
        return end < 0 ? [section, ""] : [section.slice(0, end), section.slice(end + 1).replace(/\n$/, "")];
      }),
  ) as Record<Name, string>;
  const missing = names.filter((name) => !(name in found));
  if (missing.length > 0) throw new Error(`the answer has no section ${missing.join(", ")}`);
  return found;
}

const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** By the first word of each line, what becomes of the others. */
function rows<T>(told: string, read: (...words: string[]) => T): Record<string, T> {
  return Object.fromEntries(
    linesOf(told).map((line) => {
      const [name = "", ...words] = line.split(" ");
      return [name, read(...words)];
    }),
  );
}

/** Reads pgBackRest's listing of a stanza's WAL, and the histories by their paths, such as `15-1/00000002.history`. */
function parseWal(listing: string, histories: Readonly<Record<string, string>>): Record<string, WalArchive> {
  const archives: Record<string, { segments: Record<string, number>; histories: Record<string, string> }> = {};
  const archiveOf = (path: string) => (archives[path.split("/")[0] ?? ""] ??= { segments: {}, histories: {} });
  for (const [path, { time }] of Object.entries(JSON.parse(listing) as Record<string, { time: number }>)) {
    const [, segment] = /\/([0-9A-F]{24})-[^/]*$/.exec(path) ?? [];
    if (segment !== undefined) archiveOf(path).segments[segment] = time;
  }
  for (const [path, text] of Object.entries(histories)) {
    archiveOf(path).histories[path.replace(/^.*\/|\.history$/g, "")] = text;
  }
  return archives;
}

/** By a repository's number, what was told of it. */
type Listings = Readonly<Record<string, string>>;

/** Of sections such as `labels 1` those of one kind, by the repository's number; none where nothing was told. */
function byRepository(told: Listings, what: string): Listings {
  const own = Object.entries(told).filter(([name, text]) => name.startsWith(`${what} `) && text !== "");
  return Object.fromEntries(own.map(([name, text]) => [name.slice(what.length + 1), text]));
}

/** The labels in the listings of a stanza's backups. */
function labelsIn(listings: Listings): Record<string, string[]> {
  const labels = (listing: string): string[] => Object.keys(JSON.parse(listing) as object);
  return Object.fromEntries(
    Object.entries(listings).map(([number, listing]) => [number, labels(listing).filter((label) => label !== ".")]),
  );
}

/** Joins what `info` tells of each repository; null where it tells nothing of any. */
function joinInfos(texts: readonly string[]): StanzaInfo[] | null {
  const [first, ...others] = texts.map((text) => JSON.parse(text) as StanzaInfo[]);
  if (first === undefined) return null;
  return first.map((stanza) => {
    const all = [stanza, ...others.flatMap((infos) => infos.filter(({ name }) => name === stanza.name))];
    if (all.length === 1) return stanza;
    // A backup may have begun after the first was asked.
    const lock = all.find(({ status }) => status.lock?.backup.held)?.status.lock;
    return {
      ...stanza,
      status: { ...(all.find(({ status }) => status.code !== 0)?.status ?? stanza.status), ...(lock && { lock }) },
      repo: all.flatMap(({ repo = [] }) => repo),
      archive: all.flatMap(({ archive = [] }) => archive),
      backup: all.flatMap(({ backup }) => backup),
    };
  });
}

/** Reads what was told of a repository, by the sections' names. */
function parseRepository(told: Readonly<Record<string, string>>): RepositoryFacts {
  const { backups = "", unusable, unlisted, wal = "{}", ...histories } = told;
  const listed = backups.matchAll(/^(\d{8}-\d{6}F(?:_\d{8}-\d{6}[DI])?)=.*"option-backup-standby":(true|false)/gm);
  return {
    fromStandby: Object.fromEntries([...listed].map(([, label = "", flag]) => [label, flag === "true"])),
    ...(unusable !== undefined && {
      unusable: linesOf(unusable).map((line) => {
        const [owner = "", mode = "", ...path] = line.split(" ");
        return { path: path.join(" "), owner, mode };
      }),
    }),
    wal: unlisted ?? parseWal(wal, histories),
  };
}

const secondsOf = (moment: string): number => Date.parse(moment.replace(/^\S+ /, "")) / 1000;

/** Reads what was told of a kind of the schedule, by the sections' names. */
function parseScheduled({
  timer = "",
  service = "",
  calendar = "",
  last = "",
}: Readonly<Record<string, string>>): ScheduleFacts {
  const of = (shown: string, key: string): string => new RegExp(`^${key}=(.*)$`, "m").exec(shown)?.[1] ?? "";
  const unit = (shown: string): ScheduleFacts["timer"] => ({
    ...{ load: of(shown, "LoadState"), state: of(shown, "ActiveState"), enabled: of(shown, "UnitFileState") },
    dropIns: of(shown, "DropInPaths"),
  });
  const next = of(timer, "NextElapseUSecRealtime");
  const moments = momentsIn(calendar).map(secondsOf);
  const gaps = moments.slice(1).map((moment, index) => moment - (moments[index] ?? moment));
  const [head = "", ...words] = last.split("\n").map((line) => line.slice(1));
  const [time = "", result = ""] = head.split(" ");
  return {
    ...{ timer: unit(timer), service: unit(service), next: next === "" ? null : secondsOf(next) },
    ...(gaps.length === 0 ? {} : { interval: Math.max(...gaps) }),
    last: head === "" ? null : { time: Number(time), result, words: words.join("\n") },
  };
}

/** How the answer of each fact's script is read. */
export const PARSERS: { readonly [Fact in keyof HostFacts]-?: (told: string) => NonNullable<HostFacts[Fact]> | null } =
  {
    certificates: (told) => {
      const { now, ...files } = sections(told, "now");
      return { ...files, now: Number(now) };
    },
    peers: (told) => {
      const peers: Record<string, { tcp: string; said: string; authorization?: string }> = {};
      for (const [name, text] of Object.entries<string>(sections(told))) {
        const [peer = "", what = ""] = name.split(" ");
        peers[peer] = { ...{ tcp: "", said: "" }, ...peers[peer], [what]: text };
      }
      return peers;
    },
    primary: (told) => ({ said: "", ...sections(told, "addresses", "tcp") }),
    units: (told) => {
      const { uptime, errors, ...units } = sections<string>(told, "uptime", "errors");
      const found = new Map(linesOf(errors ?? "").map((line) => [line.split(" ", 1)[0], line.replace(/^\S+ /, "")]));
      return Object.fromEntries(
        Object.entries(units).map(([unit, shown]) => {
          const of = (key: string): string => new RegExp(`^${key}=(.*)$`, "m").exec(shown)?.[1] ?? "";
          const since = Math.floor(Number(of("ActiveEnterTimestampMonotonic")) / 1e6);
          const [state, sub, enabled] = [of("ActiveState"), of("SubState"), of("UnitFileState")];
          const [restarts, seconds] = [Number(of("NRestarts")), Math.floor(Number(uptime)) - since];
          return [unit, { state, sub, enabled, restarts, seconds, error: found.get(unit) ?? "" }];
        }),
      );
    },
    stanza: (told) => {
      const { version, stopped, ...others } = sections(told, "version", "stopped") as Record<string, string>;
      const [listings, infos] = ["labels", "info"].map((what) => byRepository(others, what)) as [Listings, Listings];
      const [labels, still] = [labelsIn(listings), labelsIn(byRepository(others, "still"))];
      for (const [number, present] of Object.entries(still)) {
        labels[number] = (labels[number] ?? []).filter(
          (label) => present.includes(label) || infos[number]?.includes(`"${label}"`),
        );
      }
      return {
        version: (version ?? "").replace("pgBackRest ", ""),
        stopped: linesOf(stopped ?? "").map((file) => file.replace(/^.*\/|\.stop$/g, "")),
        info: joinInfos(Object.values(infos)),
        ...(Object.keys(labels).length === 0 ? {} : { labels }),
      };
    },
    repositories: (told) => {
      const repositories: Record<string, Record<string, string>> = {};
      for (const [name, text] of Object.entries<string>(sections(told))) {
        const [repository = "", what = ""] = name.split(" ");
        (repositories[repository] ??= {})[what] = text;
      }
      const entries = Object.entries(repositories);
      if (entries.length === 0) throw new Error("the answer has no section backups");
      return Object.fromEntries(entries.map(([repository, own]) => [repository, parseRepository(own)]));
    },
    machine: (told) => {
      const own = sections(told, "system", "now", "memory", "owner", "free", "listening", "taken", "connections");
      return {
        ...{
          system: own.system,
          owner: own.owner,
          behind: Date.now() / 1000 - Number(own.now),
          memoryMiB: Number(own.memory),
        },
        taken: rows(own.taken, (size = "") => size),
        freeMiB: rows(own.free, Number),
        listening: linesOf(own.listening),
        connections: rows(own.connections, (...words) => words.join(" ")),
      };
    },
    adoption: (told) => {
      const own = sections(told, "refusals", "changes", "files");
      const changes = linesOf(own.changes).map((line) => {
        const [name = "", from = "", to = "", when] = line.split("\t");
        return { name, from, to, restarts: when === "restart" };
      });
      return { refusals: linesOf(own.refusals), changes, files: linesOf(own.files) };
    },
    postgresql: (told) => JSON.parse(told) as PostgreSqlFacts,
    disks: (told) => rows(told, (device = "", size, free) => ({ device, size: Number(size), free: Number(free) })),
    movedAside: (told) => rows(told, (date = "", bytes) => ({ date, bytes: Number(bytes) })),
    files: (told) =>
      rows(told, (owner = "", mode = "", digest = "", content = "") => ({ owner, mode, digest, content })),
    packages: (told) => {
      const { installed, holds } = sections(told, "installed", "holds");
      const isHeld = (name: string): boolean =>
        linesOf(holds).some((hold) => hold === name || hold.startsWith(`${name}-`) || hold.startsWith(`!${name}-`));
      const versions = rows(installed, (version = "") => version);
      return Object.fromEntries(
        Object.entries(versions).map(([name, version]) => [name, { version, held: isHeld(name) }]),
      );
    },
    schedule: (told) => {
      const kinds: Record<string, Record<string, string>> = {};
      for (const [name, text] of Object.entries<string>(sections(told))) {
        const [kind = "", what = ""] = name.split(" ");
        (kinds[kind] ??= {})[what] = text;
      }
      return Object.fromEntries(Object.entries(kinds).map(([kind, own]) => [kind, parseScheduled(own)]));
    },
    verified: (told) => sections<string>(told),
    backupApi: (told) => {
      const { barman, check, backups, certificate, served } = sections(
        told,
        "barman",
        "check",
        "backups",
        "certificate",
        "served",
      );
      const listed = Object.values(
        JSON.parse(backups || "{}") as Record<string, { backup_id: string; status: string }[]>,
      );
      return {
        barman: barman.split(" ")[0] ?? "",
        ...{ certificate, served },
        failedChecks: linesOf(check)
          .filter((line) => /FAILED|ERROR/.test(line))
          .map((line) => line.trim()),
        backups: listed
          .flat()
          .filter(({ status }) => status === "DONE")
          .map((backup) => backup.backup_id),
      };
    },
  };
