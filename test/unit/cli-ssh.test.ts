import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { sshClient } from "../../cli/commands/ssh";
import type { DeployedLab } from "../../observe/lab";
import { MACHINES } from "../support/machines";
import { stackConfig, stackPlan } from "../support/stack-config";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-ssh-"));
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

const lab: DeployedLab = {
  ...{ stack: "container", plan: stackPlan("container"), configuration: stackConfig("container") },
  ssh: { user: "lab", privateKey: "key", hostKeys: { "pg1-srv": "ssh-ed25519 AAAA" } },
};

it("checks the host key, asks nothing, and gives up a host that does not answer", () => {
  const client = sshClient(lab, "pg1-srv", folder).join(" ");
  expect(client).toContain(" -o BatchMode=yes ");
  expect(client).toContain(" -o ConnectTimeout=15 ");
  expect(client).toContain(" -o StrictHostKeyChecking=yes ");
  expect(client).toMatch(/ lab@10\.83\.14\.11$/);
});

it("names the hosts there are when one is not among them", () => {
  expect(() => sshClient(lab, "pg4-srv", folder)).toThrow(
    'unknown host "pg4-srv"; the hosts are backup-srv, pg1-srv, pg2-srv, pg3-srv',
  );
});

it("goes to a machine that exists by its own account, port and host key, with the SSH agent's keys where there is no other", () => {
  const plan = stackPlan("container", { hosts: MACHINES });
  const hosts = plan.hosts.map((host) =>
    host.existing === undefined || host.role !== "primary"
      ? host
      : { ...host, existing: { ...host.existing, port: 2222 } },
  );
  const hostKeys = Object.fromEntries(hosts.map(({ name, existing }) => [name, existing?.hostKey ?? ""]));
  const own = fs.mkdtempSync(path.join(folder, "machines-"));
  const client = (privateKey: string): string =>
    sshClient(
      { ...lab, plan: { ...plan, hosts }, ssh: { user: "", privateKey, hostKeys } },
      "db1.ops.example",
      own,
    ).join(" ");
  expect(client("")).toMatch(/ -p 2222 .* admin@10\.20\.0\.11$/);
  expect(client("")).not.toContain("Identit");
  expect(client("key")).toContain(`-o IdentitiesOnly=yes -o IdentityFile="${own}/key" `);
  expect(fs.readFileSync(path.join(own, "known_hosts"), "utf8")).toContain(
    "[10.20.0.11]:2222 ssh-ed25519 AAAAprimary\n",
  );
});

it("goes by the jump host, whose key it checks too, wherever the project is", () => {
  const plan = stackPlan("container", { hosts: MACHINES });
  const jump = { address: "bastion.example", user: "jumper", port: 2222, hostKey: "ssh-ed25519 AAAAjump" };
  const hosts = plan.hosts.map((host) =>
    host.existing === undefined ? host : { ...host, existing: { ...host.existing, jump } },
  );
  const hostKeys = Object.fromEntries(hosts.map(({ name, existing }) => [name, existing?.hostKey ?? ""]));
  const own = path.join(folder, "a folder");
  const ssh = { user: "", privateKey: "key", hostKeys };
  const client = sshClient({ ...lab, plan: { ...plan, hosts }, ssh }, "db1.ops.example", own);
  const [proxy = ""] = client.filter((word) => word.startsWith("ProxyCommand="));
  const file = (name: string): string => `"${own}/${name}"`;
  expect(proxy).toBe(
    "ProxyCommand=ssh -F none -p 2222 -o BatchMode=yes -o ConnectTimeout=15 -o IdentitiesOnly=yes " +
      `-o 'IdentityFile=${file("key")}' -o LogLevel=ERROR -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=/dev/null ` +
      `-o 'UserKnownHostsFile=${file("known_hosts")}' -W '[%h]:%p' jumper@bastion.example`,
  );
  const known = fs.readFileSync(path.join(own, "known_hosts"), "utf8");
  expect(known.match(/^\[bastion\.example\]:2222 ssh-ed25519 AAAAjump$/gm)).toHaveLength(1);
});
