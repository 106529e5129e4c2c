import { expect, it } from "vitest";
import { liveNetworkProblems, parseLiveNetwork, readLiveNetwork } from "../../config/live-network";
import { stackConfig } from "../support/stack-config";

const XML = `<network>
  <name>lab-dev</name>
  <uuid>11111111-2222-3333-4444-555555555555</uuid>
  <forward mode='nat'/>
  <bridge name='lab-dev-123456' stp='off' delay='0'/>
  <domain name='lab' localOnly='yes'/>
  <dns>
    <host ip='10.83.14.10'>
      <hostname>backup-srv</hostname>
    </host>
  </dns>
  <ip address='10.83.14.1' prefix='24'>
    <dhcp>
      <range start='10.83.14.10' end='10.83.14.20'/>
    </dhcp>
  </ip>
</network>
`;

const problems = (settings: Record<string, unknown>, xml = XML): string[] =>
  liveNetworkProblems(stackConfig("dev", settings), "lab-dev", parseLiveNetwork(xml));

it("accepts the network that a lab has, and any for a lab that has none", () => {
  expect(problems({})).toEqual([]);
  expect(
    problems(
      { networkMode: "isolated", packages: "mirror", mirrorUrl: "http://10.83.14.1" },
      XML.replace(/<forward.*/, ""),
    ),
  ).toEqual([]);
  expect(liveNetworkProblems(stackConfig("dev"), "lab-dev", undefined)).toEqual([]);
});

it("refuses another network for a lab that exists, before anything of it is changed", () => {
  const hint = "hint: destroy the lab first, or bring up another stack beside it";
  expect(problems({ network: "10.84.14.0/24" })).toEqual([
    `lab:network cannot change on a lab that exists, got "10.84.14.0/24", and network lab-dev of libvirt has "10.83.14.0/24"; ${hint}`,
  ]);
  expect(problems({}, XML.replace("prefix='24'", "prefix='25'"))).toEqual([
    `lab:network cannot change on a lab that exists, got "10.83.14.0/24", and network lab-dev of libvirt has "10.83.14.0/25"; ${hint}`,
  ]);
  expect(problems({}, XML.replace(/<forward.*/, ""))).toEqual([
    `lab:networkMode cannot change on a lab that exists, got "nat", and network lab-dev of libvirt has "isolated"; ${hint}`,
  ]);
});

it("refuses another bridge, and asks libvirt for no addresses on one", () => {
  const addresses = { "backup-srv": "10.83.14.30", "pg1-srv": "10.83.14.31" };
  const xml = "<network>\n  <forward mode='bridge'/>\n  <bridge name='br0'/>\n</network>\n";
  const bridge = { networkMode: "bridge", bridge: "br0", standbys: 0, addresses };
  expect(problems(bridge, xml)).toEqual([]);
  expect(problems({ ...bridge, bridge: "br1" }, xml)).toEqual([
    'lab:bridge cannot change on a lab that exists, got "br1", and network lab-dev of libvirt has "br0"; ' +
      "hint: destroy the lab first, or bring up another stack beside it",
  ]);
});

it("knows of no network where there is no libvirt to ask", () => {
  expect(readLiveNetwork("qemu:///system?socket=/no/socket", "lab-dev")).toBeUndefined();
});
