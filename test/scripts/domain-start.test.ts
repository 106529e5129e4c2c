import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PROJECT_FOLDER } from "../support/stack-config";
import { StandIns } from "../support/stand-ins";

const URI = "qemu:///system?socket=/run/x";
const UUID = "11111111-2222-3333-4444-555555555555";
const DEFINITION = `<domain type='qemu'>\n  <name>pg1-srv</name>\n  <uuid>${UUID}</uuid>\n</domain>`;
/** What must arrive byte for byte: every byte that there is, with zeros and line ends where a text would lose them. */
const MEMORY = Buffer.concat([
  Buffer.alloc(5),
  Uint8Array.from({ length: 256 }, (_, byte) => byte),
  Buffer.from("\n\0\n\n\0\0"),
]);

/** A saved guest in libvirt's format, version 2 (src/qemu/qemu_saveimage.h). The data is a definition, a zero byte, and a cookie. */
function savedGuest({ definition, cookie }: { definition: string; cookie: string }): Buffer {
  const data = Buffer.from(`${definition}\0${cookie}`);
  const header = Buffer.alloc(92);
  header.write("LibvirtQemudSave");
  const words = [2, data.length, 0, 0, cookie === "" ? 0 : definition.length + 1];
  words.forEach((word, index) => header.writeUInt32LE(word, 16 + 4 * index));
  return Buffer.concat([header, data, MEMORY]);
}

function parseSavedGuest(file: Buffer) {
  const words = Array.from({ length: 19 }, (_, index) => file.readUInt32LE(16 + 4 * index));
  const [version, dataLength = 0, wasRunning, compressed, cookieOffset, ...unused] = words;
  return {
    magic: file.toString("latin1", 0, 16),
    ...{ version, wasRunning, compressed, cookieOffset, unused: unused.filter((word) => word !== 0) },
    data: file.toString("utf8", 92, 92 + dataLength),
    memory: file.subarray(92 + dataLength),
  };
}

let here: StandIns;
beforeEach(() => {
  here = new StandIns();
  fs.mkdirSync(here.path("tmp"));
});
afterEach(() => {
  here.remove();
});

/** A virsh whose domain is in a state, and has a definition; what it restores is kept, before it fails at what is broken. */
function addVirsh({ state = "shut off", broken = "none", definition = DEFINITION } = {}): void {
  fs.writeFileSync(here.path("definition"), `${definition}\n\n`);
  here.add(
    "virsh",
    `case " $* " in
      *" domstate "*) echo '${state}' ;;
      *" dumpxml "*) cat ${here.path("definition")} ;;
      *" restore "*) cp "\${!#}" ${here.path("restored")} ;;
    esac
    [[ " $* " != *" ${broken} "* ]]`,
  );
}

/** Runs the script as the program does; a temporary file's name is TEMPORARY in the calls. */
function start() {
  const { status, stdout, stderr } = spawnSync(
    "bash",
    ["scripts/site/domain-start.sh", URI, UUID, here.path("saved")],
    {
      cwd: PROJECT_FOLDER,
      encoding: "utf8",
      env: { PATH: `${here.path("bin")}:${process.env.PATH}`, LC_ALL: "C.UTF-8", TMPDIR: here.path("tmp") },
    },
  );
  const calls = fs
    .readFileSync(here.path("calls"), "utf8")
    .trimEnd()
    .split("\n")
    .map((call) => call.replace(/ \S+\/tmp\/tmp\.\w+$/, " TEMPORARY").replace(`-c ${URI} `, ""));
  return { status, stdout, stderr, calls, left: fs.readdirSync(here.path("tmp")) };
}

const ASK = `virsh -q domstate ${UUID}`;
const RESTORE = [`virsh dumpxml --inactive --migratable ${UUID}`, "virsh -q restore TEMPORARY"];
const BOOT = `virsh -q start ${UUID}`;

describe("site/domain-start.sh", () => {
  it.each([
    ["shorter than the domain's", { definition: "<domain/>", cookie: "" }],
    ["longer, and with a cookie", { definition: `<domain>${"x".repeat(70_000)}</domain>`, cookie: "<cookie/>\0\0" }],
  ])("restores the saved memory as the domain's, to run; the saved definition is %s", (_, saved) => {
    fs.writeFileSync(here.path("saved"), savedGuest(saved));
    const definition = DEFINITION.replace("</domain>", `${"  <!-- long -->\n".repeat(5_000)}</domain>`);
    addVirsh({ definition });
    expect(start()).toEqual({
      status: 0,
      stdout: `restored from ${here.path("saved")}\n`,
      stderr: "",
      calls: [ASK, ...RESTORE],
      left: [],
    });
    expect(parseSavedGuest(fs.readFileSync(here.path("restored")))).toEqual({
      ...{ magic: "LibvirtQemudSave", version: 2, wasRunning: 1, compressed: 0, cookieOffset: 0, unused: [] },
      data: `${definition}\0`,
      memory: MEMORY,
    });
    expect(fs.readFileSync(here.path("saved"))).toEqual(savedGuest(saved));
  });

  it("boots the domain when there is no saved guest", () => {
    addVirsh();
    expect(start()).toEqual({ status: 0, stdout: "booted\n", stderr: "", calls: [ASK, BOOT], left: [] });
  });

  it("boots the domain when the saved guest does not fit, and leaves no copy of it", () => {
    fs.writeFileSync(here.path("saved"), savedGuest({ definition: "<domain/>", cookie: "" }));
    addVirsh({ broken: "restore" });
    expect(start()).toEqual({ status: 0, stdout: "booted\n", stderr: "", calls: [ASK, ...RESTORE, BOOT], left: [] });
  });

  it("fails when the domain cannot be booted either", () => {
    addVirsh({ broken: "start" });
    expect(start()).toMatchObject({ status: 1, stdout: "" });
  });

  it("leaves a domain alone that runs", () => {
    fs.writeFileSync(here.path("saved"), savedGuest({ definition: "<domain/>", cookie: "" }));
    addVirsh({ state: "running" });
    expect(start()).toEqual({ status: 0, stdout: "", stderr: "", calls: [ASK], left: [] });
  });
});
