import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StandIns } from "../support/stand-ins";

const URI = "lxc:///system?socket=/run/x";

/** libvirt's own form: a host from a lab with the seed's names, a host of the map, and one that has left it. */
const XML = `<network>
  <name>lab-x</name>
  <dns>
    <host ip='10.0.0.10'>
      <hostname>backup-srv</hostname>
    </host>
    <host ip='10.0.0.11'>
      <hostname>pg1.north.example</hostname>
      <hostname>pg1</hostname>
    </host>
    <host ip='10.0.0.12'>
      <hostname>gone.example</hostname>
    </host>
  </dns>
  <ip address='10.0.0.1' prefix='24'>
    <dhcp>
      <range start='10.0.0.10' end='10.0.0.20'/>
      <host mac='52:54:00:00:00:0a' name='backup-srv' ip='10.0.0.10'/>
      <host mac='52:54:00:00:00:0b' ip='10.0.0.11'/>
      <host mac='52:54:00:00:00:0c' ip='10.0.0.12'/>
    </dhcp>
  </ip>
</network>
`;

let here: StandIns;
beforeEach(() => {
  here = new StandIns();
});
afterEach(() => {
  here.remove();
});

describe("site/network-entries.sh", () => {
  const BACKUP = "52:54:00:00:00:0a 10.0.0.10 backup-srv";
  const PG1 = "52:54:00:00:00:0b 10.0.0.11 pg1.north.example pg1";
  const update = (words: string): string => `virsh -q -c ${URI} net-update lab-x ${words} --live --config`;
  const run = (xml: string, hosts: string[], status = 0) => {
    fs.writeFileSync(here.path("network.xml"), xml);
    here.add("virsh", `case $* in *net-dumpxml*) cat ${here.path("network.xml")} ;; *) exit ${status} ;; esac`);
    const { calls, ...result } = here.run("site/network-entries.sh", [URI, "lab-x", ...hosts]);
    return { ...result, changes: calls.filter((call) => call.includes("net-update")) };
  };

  it("leaves what is there, forgets hosts that have gone, adds those that came; names that changed go first", () => {
    const pg2 = "52:54:00:00:00:0d 10.0.0.13 pg2.south.example pg2";
    expect(run(XML, [BACKUP, PG1.replace(/ pg1$/, ""), pg2])).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
      changes: [
        update(
          "delete dns-host <host ip='10.0.0.11'><hostname>pg1.north.example</hostname><hostname>pg1</hostname></host>",
        ),
        update("delete dns-host <host ip='10.0.0.12'><hostname>gone.example</hostname></host>"),
        update("delete ip-dhcp-host <host mac='52:54:00:00:00:0c' ip='10.0.0.12'/>"),
        update("add dns-host <host ip='10.0.0.11'><hostname>pg1.north.example</hostname></host>"),
        update("add ip-dhcp-host <host mac='52:54:00:00:00:0d' ip='10.0.0.13'/>"),
        update(
          "add dns-host <host ip='10.0.0.13'><hostname>pg2.south.example</hostname><hostname>pg2</hostname></host>",
        ),
      ],
    });
  });

  it("fills a network without entries, and changes nothing the second time", () => {
    const empty = "<network>\n  <name>lab-x</name>\n</network>\n";
    expect(run(empty, [BACKUP]).changes).toHaveLength(2);
    const gone = "52:54:00:00:00:0c 10.0.0.12 gone.example";
    expect(run(XML, [BACKUP, PG1, gone])).toMatchObject({ status: 0, changes: [] });
  });

  it("fails when libvirt refuses a change", () => {
    expect(run(XML, [BACKUP, PG1], 1)).toMatchObject({ status: 1, changes: [expect.any(String)] });
  });
});
