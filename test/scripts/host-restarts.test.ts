import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PROJECT_FOLDER } from "../support/stack-config";
import { StandIns } from "../support/stand-ins";

const URI = "qemu:///system?socket=/run/x";
const DOMAIN = "lab-dev-pg2-srv";

let here: StandIns;
beforeEach(() => {
  here = new StandIns();
});
afterEach(() => {
  here.remove();
});

describe("site/domain-resize.sh", () => {
  const definition = (memory: number, cpus: number): string =>
    [
      "<domain type='lxc'>",
      "  <name>lab-dev-pg2-srv</name>",
      `  <memory unit='KiB'>${memory}</memory>`,
      `  <currentMemory unit='KiB'>${memory}</currentMemory>`,
      `  <vcpu placement='static'>${cpus}</vcpu>`,
      "  <os>",
      "    <initenv name='X'>&lt;vcpu&gt;9&lt;</initenv>",
      "  </os>",
      "</domain>",
      "",
    ].join("\n");

  /** A libvirt with a domain, in a state, that shuts off when it is asked to, unless it is deaf. */
  const libvirt = (state: string, memory: number, cpus: number, { deaf = false } = {}): void => {
    fs.writeFileSync(here.path("state"), state);
    fs.writeFileSync(here.path("definition"), definition(memory, cpus));
    here.add("sleep", "").add(
      "virsh",
      `cd ${here.folder}
      case $4 in
        domstate) cat state ;;
        dominfo)
          printf 'Name: x\\nState:          %s\\n' "$(cat state)"
          sed -nE 's|^  <vcpu.*>([0-9]+)<.*|CPU(s):         \\1|p; s|^  <memory.*>([0-9]+)<.*|Max memory:     \\1 KiB|p' definition
          ;;
        dumpxml) cat definition ;;
        define) cat "$5" >defined; [[ $(cat state) == "shut off" ]] && mv defined definition ;;
        shutdown | destroy) ${deaf ? "true" : 'printf "shut off" >state'} ;;
        start) printf running >state ;;
      esac`,
    );
    // It reads the definition from its standard input.
    const virsh = fs.readFileSync(here.path("bin/virsh"), "utf8");
    fs.writeFileSync(here.path("bin/virsh"), virsh.replace("cat >/dev/null\n", ""));
  };
  const resize = (cpus: number, memoryMiB: number, uri = URI) => {
    fs.writeFileSync(here.path("calls"), "");
    const args = ["scripts/site/domain-resize.sh", uri, DOMAIN, String(cpus), String(memoryMiB)];
    const { status, stdout, stderr } = spawnSync("bash", args, {
      cwd: PROJECT_FOLDER,
      encoding: "utf8",
      env: { PATH: `${here.path("bin")}:${process.env.PATH}` },
    });
    const calls =
      fs.readFileSync(here.path("calls"), "utf8").match(/(?<= )(shutdown|destroy|define|start)(?= )/g) ?? [];
    return { status, stdout, stderr, calls };
  };
  const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/;

  it("shuts a domain off, defines it with its new size, and starts it", () => {
    libvirt("running", 1024 * 1024, 1);
    const { stdout, ...rest } = resize(2, 2048);
    expect(rest).toEqual({ status: 0, stderr: "", calls: ["shutdown", "define", "start"] });
    expect(stdout).toMatch(TIME);
    expect(fs.readFileSync(here.path("definition"), "utf8")).toBe(definition(2048 * 1024, 2));
    expect(resize(2, 2048)).toEqual({ status: 0, stdout: "", stderr: "", calls: [] });
  });

  it("ends a container, which libvirt cannot ask to shut down", () => {
    libvirt("running", 1024 * 1024, 1);
    expect(resize(1, 2048, URI.replace("qemu", "lxc"))).toMatchObject({
      status: 0,
      calls: ["destroy", "define", "start"],
    });
  });

  it("completes what was interrupted after each of its steps", () => {
    libvirt("shut off", 1024 * 1024, 1);
    expect(resize(1, 2048)).toMatchObject({ status: 0, calls: ["define", "start"] });
    libvirt("shut off", 2048 * 1024, 1);
    const { stdout, calls } = resize(1, 2048);
    expect(calls).toEqual(["start"]);
    expect(stdout).toMatch(TIME);
  });

  it("changes nothing of a domain that does not shut off, asks it again, and says so", () => {
    libvirt("running", 1024 * 1024, 1, { deaf: true });
    const { status, stderr, calls } = resize(1, 2048);
    expect(status).toBe(1);
    expect(calls).toEqual(Array(30).fill("shutdown"));
    expect(stderr).toBe(
      `${DOMAIN} must shut off within 300 s of virsh shutdown; hint: virsh -c "${URI}" console ${DOMAIN} shows why it does not\n`,
    );
    expect(fs.readFileSync(here.path("definition"), "utf8")).toBe(definition(1024 * 1024, 1));
  });
});

describe("site/host-back.sh", () => {
  const UNITS = ["pgbackrest.service", "postgresql.service"];
  const AT = "2026-11-27T03:00:00Z";
  const back = (restarted: string, role: string) => {
    const [binaries, data] = [here.path("bin"), here.path("data")];
    // Nothing listens on port 1.
    const args = [restarted, role, "postgres", "demo", binaries, data, "127.0.0.1", port, ...UNITS];
    return here.run("site/host-back.sh", args);
  };
  const asked = (calls: readonly string[]) => calls.map((call) => call.split(" ").at(-1));
  let port = "1";
  beforeEach(() => {
    port = "1";
    fs.mkdirSync(here.path("data"));
    here
      .add("sleep", "")
      .add("systemctl", "[[ $1 == is-active ]] && { echo active; exit; }; [[ $* == *pgbackrest* ]]")
      .add("timeout", "[[ $* != */1 ]]")
      .add("psql", "echo streaming")
      .add("pgbackrest", `[[ $* != *info ]] || echo '[{"status":{"code":0}}]'`);
  });

  it("has nothing to say of a host that was not restarted", () => {
    expect(back("", "primary")).toEqual({ status: 0, stdout: "", stderr: "", calls: [] });
  });

  it("waits for the units that are enabled, and says which does not run", () => {
    here.add("systemctl", "[[ $1 == is-active ]] && { echo failed; exit 3; }; [[ $* == *pgbackrest* ]]");
    const { status, stderr } = back(AT, "barman");
    expect(status).toBe(1);
    expect(stderr).toBe("pg1-srv: pgbackrest.service must run again; it is: failed\n");
  });

  it("waits until a standby streams, unless the primary does not answer", () => {
    fs.writeFileSync(here.path("data/standby.signal"), "");
    port = "5432";
    expect(back(AT, "standby")).toMatchObject({ status: 0, stderr: "" });
    here.add("psql", "");
    const { status, stderr } = back(AT, "standby");
    expect(status).toBe(1);
    expect(stderr).toBe("pg1-srv: the standby must stream again; it has: no WAL receiver\n");
    port = "1";
    expect(back(AT, "standby")).toMatchObject({ status: 0, stderr: "" });
  });

  it("asks no standby that was not restored before an interrupted run", () => {
    here.add("psql", "exit 1");
    port = "5432";
    expect(back(AT, "standby")).toMatchObject({ status: 0, stderr: "" });
  });

  it.each(["repository", "primary"])("sees WAL reach the repository from a restarted %s", (role) => {
    port = "8432";
    expect(asked(back(AT, role).calls)).toContain("check");
    here.add("pgbackrest", `[[ $* != *info ]] || echo '[{"status":{"code":0}}]'; [[ $* == *info ]] || exit 82`);
    expect(back(AT, role).status).toBe(82);
    // Without a stanza, or the other host, there is nothing to see.
    port = "1";
    expect(back(AT, role)).toMatchObject({ status: 0 });
    port = "8432";
    here.add("pgbackrest", `[[ $* != *info ]] || echo '[{"status":{"code":1}}]'; [[ $* == *info ]] || exit 82`);
    expect(back(AT, role)).toMatchObject({ status: 0 });
  });
});
