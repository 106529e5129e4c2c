import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StandIns } from "../support/stand-ins";

const URI = "qemu:///system";
const MAC = "52:54:00:00:00:09";
/** Nobody listens there. */
const ADDRESS = "127.0.0.9";

let here: StandIns;
beforeEach(() => {
  here = new StandIns();
});
afterEach(() => {
  here.remove();
});

/** What this machine knows of its neighbours, and from which second on the bridge has seen the domain; how long the script waited. */
function wait({ neighbours = "", seen = Infinity, isRouted = false }): {
  status: number | null;
  stderr: string;
  seconds: number;
} {
  here.add("sleep", "");
  const route = `${ADDRESS} ${isRouted ? "via 10.0.0.1 " : ""}dev br0`;
  here.add(
    "ip",
    `[[ "$*" == link* ]] && exit ${isRouted ? 1 : 0}; [[ "$*" == *route* ]] && echo '${route}' && exit; [[ "$*" == *"show to"* ]] && grep "^${ADDRESS} " <<<'${neighbours}' || cat <<<'${neighbours}'`,
  );
  here.add(
    "bridge",
    `(($(grep -c ^sleep ${here.path("calls")}) >= ${seen === Infinity ? 9999 : seen})) && echo "${MAC} dev vnet0 master br0"`,
  );
  const run = here.run("site/address-await.sh", [URI, "lab-dev-pg1-srv", ADDRESS, "br0", MAC, "30", "10"]);
  return { status: run.status, stderr: run.stderr, seconds: run.calls.filter((call) => call === "sleep 1").length };
}

describe("site/address-await.sh", () => {
  it("is content with a host of the right MAC address", () => {
    expect(wait({ neighbours: `${ADDRESS} dev br0 lladdr ${MAC} REACHABLE` })).toEqual({
      status: 0,
      stderr: "",
      seconds: 0,
    });
  });

  it("asks a host behind a router itself", () => {
    const failed = wait({ isRouted: true });
    expect([failed.status, failed.stderr.split(";")[0], failed.seconds]).toEqual([
      1,
      `lab-dev-pg1-srv does not answer at ${ADDRESS}: no DHCP server on bridge br0 has given it that in 30 s`,
      30,
    ]);
    here.add("timeout", "");
    expect(wait({ isRouted: true })).toEqual({ status: 0, stderr: "", seconds: 0 });
  });

  it("refuses at once when another machine has the address", () => {
    expect(wait({ neighbours: `${ADDRESS} dev br0 lladdr 52:54:00:00:00:01 REACHABLE` })).toEqual({
      status: 1,
      stderr:
        `lab-dev-pg1-srv cannot have ${ADDRESS}: MAC address 52:54:00:00:00:01 answers there, and the domain has ${MAC}; ` +
        "hint: give the other machine another address, then run up again\n",
      seconds: 0,
    });
  });

  it.each([
    ["no address", `${ADDRESS} dev br0 FAILED`, ""],
    [
      "another address",
      `192.168.7.200 dev br0 lladdr ${MAC} STALE\n${ADDRESS} dev br0 FAILED`,
      "it has 192.168.7.200, and ",
    ],
  ])("tells what to reserve, soon after the bridge has seen the host, when that got %s", (_case, neighbours, has) => {
    expect(wait({ neighbours, seen: 3 })).toEqual({
      status: 1,
      stderr:
        `lab-dev-pg1-srv does not answer at ${ADDRESS}: ${has}no DHCP server on bridge br0 has given it that in 10 s; ` +
        `hint: reserve ${ADDRESS} for MAC address ${MAC} there, then virsh -c "${URI}" destroy lab-dev-pg1-srv; ` +
        `virsh -c "${URI}" start lab-dev-pg1-srv, and run up again\n`,
      seconds: 13,
    });
  });

  it("tells that a host has not come to the network", () => {
    expect(wait({})).toEqual({
      status: 1,
      stderr:
        `lab-dev-pg1-srv does not answer at ${ADDRESS}, and has sent nothing on bridge br0 in 30 s; ` +
        `hint: virsh -c "${URI}" console lab-dev-pg1-srv shows whether it boots\n`,
      seconds: 30,
    });
  });
});
