import { isOlder } from "../../config/version-support";
import { fail, rules, warn } from "../findings";
import type { ObservedHost } from "../lab";

const FIX = { steps: true } as const;
const SAME = { sentence: "install the same version on all hosts" } as const;

const OTHER_PACKAGE = ["LAB-PACKAGE-VERSION", "LAB-PACKAGE-NEWER"] as const;

/** Packages as the program wants them, and the same on all hosts. */
export const VERSIONS = rules(
  {
    "LAB-PACKAGE-MISSING": fail("versions", "package {subject} is not installed", FIX),
    "LAB-PACKAGE-VERSION": fail(
      "versions",
      "package {subject} is {version}, older than {wanted}, which the program wants",
      FIX,
    ),
    // No step downgrades it.
    "LAB-PACKAGE-NEWER": {
      ...fail("versions", "package {subject} is {version}, newer than {wanted}, which the program wants", {
        sentence: "set lab:pgbackrestVersion to {version}, then ./lab up",
      }),
      drift: true,
    },
    "LAB-PACKAGE-NOT-HELD": warn(
      "versions",
      "package {subject} is not held: an upgrade of the host would change it",
      FIX,
    ),
    "LAB-VERSION-PGBACKREST": {
      ...fail(
        "versions",
        "it runs pgBackRest {version}, {other} {wanted}: they refuse to talk to each other [39]",
        SAME,
      ),
      ...{ proof: true, after: OTHER_PACKAGE },
    },
    "LAB-VERSION-POSTGRESQL": {
      ...warn("versions", "it runs PostgreSQL {version}, {other} {wanted}", SAME),
      after: OTHER_PACKAGE,
    },
  },
  ({ hosts }, tell) => {
    for (const host of hosts) {
      const { packages } = host.facts;
      for (const { name: subject, version: wanted, steps } of packages === undefined ? [] : host.managed.packages) {
        const found = { subject, steps };
        const { version = "", held = false } = packages?.[subject] ?? {};
        // The upstream's version, without the distribution's.
        const upstream = version.replace(/^\d+:/, "").replace(/-[^-]*$/, "");
        const other = isOlder(upstream, wanted) ? "LAB-PACKAGE-VERSION" : "LAB-PACKAGE-NEWER";
        // Its services and their folders went with it.
        const started = host.managed.units.flatMap((unit) => unit.steps);
        if (version === "") tell("LAB-PACKAGE-MISSING", host, { subject, steps: [...steps, ...started] });
        else if (wanted === "") continue;
        else if (upstream !== wanted) tell(other, host, { ...found, version: upstream, wanted });
        else if (!held) tell("LAB-PACKAGE-NOT-HELD", host, found);
      }
    }
    const programs = [
      ["LAB-VERSION-PGBACKREST", "pgBackRest", ({ facts }: ObservedHost) => facts.stanza?.version],
      ["LAB-VERSION-POSTGRESQL", "PostgreSQL", ({ facts }: ObservedHost) => facts.postgresql?.version],
    ] as const;
    for (const [code, subject, versionOf] of programs) {
      const [first, ...others] = hosts.filter((host) => versionOf(host) !== undefined);
      for (const host of others) {
        const [version, wanted] = [versionOf(host), first && versionOf(first)];
        if (version !== wanted)
          tell(code, host, { subject, version, other: first?.name, wanted, involves: [first?.name] });
      }
    }
  },
);
