import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  debianArchiveLines,
  parseDeb822Sources,
  parseOneLineSources,
  readAptSources,
} from "../../hypervisor/debian-archive";

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

describe("apt's one-line format", () => {
  it("gives binary sources with their options", () => {
    const text = [
      "# deb http://commented.test/debian bookworm main",
      `deb [arch=amd64 signed-by=${keyring}] http://mirror.test/debian bookworm main contrib # why`,
      "deb-src http://mirror.test/debian bookworm main",
      "  deb [trusted=yes] file:/srv/debian bookworm main",
      "deb http://flat.test/ ./",
    ].join("\n");
    expect(parseOneLineSources(text)).toEqual([
      {
        uri: "http://mirror.test/debian",
        suite: "bookworm",
        components: ["main", "contrib"],
        signedBy: keyring,
        trusted: false,
      },
      { uri: "file:/srv/debian", suite: "bookworm", components: ["main"], signedBy: undefined, trusted: true },
    ]);
  });
});

describe("apt's deb822 format", () => {
  it("gives a source for each URI and suite", () => {
    const text = [
      "# A comment before the stanza",
      "Types: deb deb-src",
      "URIs: http://a.test/debian",
      "  http://b.test/debian",
      "# and one within",
      "Suites: bookworm bookworm-updates",
      "Components: main",
      `Signed-By: ${keyring}`,
    ].join("\n");
    expect(parseDeb822Sources(text).map(({ uri, suite }) => `${uri} ${suite}`)).toEqual([
      "http://a.test/debian bookworm",
      "http://a.test/debian bookworm-updates",
      "http://b.test/debian bookworm",
      "http://b.test/debian bookworm-updates",
    ]);
    expect(parseDeb822Sources(text)[0]).toMatchObject({ components: ["main"], signedBy: keyring, trusted: false });
  });

  it("skips sources that are switched off or hold no binaries, and keys that are no path", () => {
    const text = [
      "Types: deb\nURIs: http://off.test/debian\nSuites: bookworm\nComponents: main\nEnabled: no",
      "Types: deb-src\nURIs: http://src.test/debian\nSuites: bookworm\nComponents: main",
      "Types: deb\nURIs: http://key.test/\nSuites: x\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDME",
    ].join("\n\n");
    expect(parseDeb822Sources(text)).toEqual([
      { uri: "http://key.test/", suite: "x", components: ["main"], signedBy: undefined, trusted: false },
    ]);
  });
});

describe("an apt configuration folder", () => {
  it("is read in both formats; files of other names do not count", () => {
    const folder = mkdtempSync(join(tmpdir(), "apt-"));
    try {
      mkdirSync(join(folder, "sources.list.d"));
      writeFileSync(join(folder, "sources.list"), "deb http://one.test/debian bookworm main\n");
      writeFileSync(join(folder, "sources.list.d", "b.list"), "deb http://two.test/debian bookworm main\n");
      writeFileSync(
        join(folder, "sources.list.d", "a.sources"),
        "Types: deb\nURIs: http://three.test/debian\nSuites: bookworm\nComponents: main\n",
      );
      writeFileSync(join(folder, "sources.list.d", "c.list.disabled"), "deb http://four.test/debian bookworm main\n");
      expect(readAptSources(folder).map(({ uri }) => uri)).toEqual([
        "http://one.test/debian",
        "http://three.test/debian",
        "http://two.test/debian",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("may be empty", () => {
    expect(readAptSources("/nonexistent")).toEqual([]);
  });
});

describe("Debian's own archive among apt's sources", () => {
  const lines = (text: string) => debianArchiveLines(parseOneLineSources(text), "bookworm");

  it("is what Debian's keyring has signed, not what other vendors name after Debian", () => {
    const text = [
      "deb [signed-by=/usr/share/keyrings/vendor.gpg] https://vendor.test/linux/debian bookworm main",
      `deb [signed-by=${keyring}] http://mirror.test/debian bookworm main`,
      `deb [signed-by=${keyring}] http://mirror.test/debian-security bookworm-security main`,
      `deb [signed-by=${keyring}] http://mirror.test/debian bookworm-backports main`,
    ].join("\n");
    expect(lines(text)).toEqual([
      `deb [signed-by=${keyring}] http://mirror.test/debian bookworm main`,
      `deb [signed-by=${keyring}] http://mirror.test/debian-security bookworm-security main`,
    ]);
  });

  it("is told by its path where no keyring is named", () => {
    const text = [
      "deb [signed-by=/usr/share/keyrings/vendor.gpg] https://vendor.test/debian bookworm main",
      "deb http://mirror.test/debian/ bookworm main",
      "deb http://apt.vendor.test bookworm main",
    ].join("\n");
    expect(lines(text)).toEqual(["deb http://mirror.test/debian/ bookworm main"]);
  });

  it("is asked for the image's release, whatever the machine's is, once", () => {
    const text = [
      "deb [trusted=yes] http://mirror.test/debian trixie main",
      "deb [trusted=yes] http://mirror.test/debian stable main",
      "deb [trusted=yes] http://mirror.test/debian trixie-updates main",
    ].join("\n");
    expect(lines(text)).toEqual([
      "deb [trusted=yes] http://mirror.test/debian bookworm main",
      "deb [trusted=yes] http://mirror.test/debian bookworm-updates main",
    ]);
  });

  it("has only one suite of a release without updates of its own", () => {
    const text = "deb http://mirror.test/debian trixie main\ndeb http://mirror.test/debian trixie-updates main";
    expect(debianArchiveLines(parseOneLineSources(text), "sid", false)).toEqual([
      "deb http://mirror.test/debian sid main",
    ]);
  });

  it("may not be there", () => {
    expect(lines("deb http://mirror.test/ubuntu noble main")).toEqual([]);
  });
});
