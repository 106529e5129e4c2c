import { familyOf } from "../../config/families";
import { isAdopted, machineOwner, portsOf, serversOf } from "../../plan/machines";
import { clusterOf } from "../../plan/plan";
import { fail, rules, warn } from "../findings";

const LEAST = { memoryMiB: 512, freeMiB: 1024 } as const;

/** Seconds by which clocks may differ: certificates begin to be valid when they are made. */
const CLOCK_SECONDS = 60;

/** What a connection to a port says that nothing listens on yet, and no firewall stands before. */
const OPEN = /^$|refused/i;

/** Whether machines that exist can be in the lab, before anything on one of them is changed. */
export const MACHINES = rules(
  {
    "LAB-MACHINE-UNREACHABLE": fail("host", "no SSH connection to {user}@{address}, port {port}: {error}", {
      sentence:
        "see that sshd runs there, that the machine has the hostKey of lab:hosts, and that {user} authorizes the key (lab:sshPrivateKey, or the SSH agent's)",
    }),
    "LAB-MACHINE-UNREAD": fail("host", "{user} cannot run commands as root: {error}", {
      sentence: "let {user} use sudo without a password there",
    }),
    "LAB-MACHINE-SYSTEM": fail("host", "it runs {system}, and family {family} is {wanted}", {
      sentence: "set lab:family to the machines' system (docs/families.md), or name another machine in lab:hosts",
    }),
    "LAB-MACHINE-TAKEN": fail("host", "{subject} is not this stack's ({size})", {
      sentence:
        "move it aside once nothing needs it, or name another machine in lab:hosts; the program never touches it, unless adopt in existing of the primary takes its cluster over (docs/adopt.md)",
    }),
    "LAB-MACHINE-OWNED": fail("host", "it belongs to stack {owner}", {
      sentence: "destroy that stack first, or name another machine in lab:hosts",
    }),
    "LAB-MACHINE-PORT": fail("host", "something else listens on port {number}", {
      command: "ssh {through}-p {port} {user}@{address} sudo ss -ltnp sport = :{number}",
    }),
    "LAB-MACHINE-BLOCKED": fail("host", "no way to {server}: {problem}", {
      sentence: "open that port from {host} in the firewalls between",
    }),
    "LAB-MACHINE-CLOCK": fail("host", "its clock is {seconds} seconds {direction} this machine's", {
      sentence: "have its time synchronised (timedatectl)",
    }),
    "LAB-MACHINE-MEMORY": fail("host", "it has {number} MiB of memory; PostgreSQL and pgBackRest need {least}", {
      sentence: "give it more, or name another machine in lab:hosts",
    }),
    "LAB-MACHINE-DISK": warn("host", "{subject} has {number} MiB free", {
      sentence: "see that the cluster's data, or the backups, will fit",
    }),
  },
  ({ hosts, plan, configuration, stack }, tell) => {
    const { family, postgresqlVersion } = configuration;
    const { system: wanted, title } = familyOf(family, postgresqlVersion);
    const stacks = machineOwner(stack);
    for (const host of hosts) {
      const { machine } = host.facts;
      const { existing, address, unreachable } = host;
      if (existing === undefined) continue;
      const { user, port, jump } = existing;
      const through = jump === undefined ? "" : `-J ${jump.user}@${jump.address}:${jump.port} `;
      const to = { user, address, port, through };
      if (unreachable !== undefined) tell("LAB-MACHINE-UNREACHABLE", host, { ...to, error: unreachable });
      else if (host.unread.everything !== undefined || host.unread.machine !== undefined)
        tell("LAB-MACHINE-UNREAD", host, { ...to, error: host.unread.everything ?? host.unread.machine });
      if (machine === undefined) continue;
      const [id = "", version = ""] = machine.system.split(" ");
      if (!wanted.ids.includes(id) || !version.startsWith(wanted.version))
        tell("LAB-MACHINE-SYSTEM", host, { system: machine.system, family, wanted: title });
      const behind = Math.round(machine.behind);
      if (Math.abs(behind) > CLOCK_SECONDS)
        tell("LAB-MACHINE-CLOCK", host, { seconds: Math.abs(behind), direction: behind > 0 ? "behind" : "before" });
      if (machine.memoryMiB < LEAST.memoryMiB)
        tell("LAB-MACHINE-MEMORY", host, { number: machine.memoryMiB, least: LEAST.memoryMiB });
      for (const [subject, number] of Object.entries(machine.freeMiB))
        if (number < LEAST.freeMiB) tell("LAB-MACHINE-DISK", host, { subject, number });
      for (const server of serversOf(plan, host)) {
        const problem = machine.connections[server] ?? "";
        if (!OPEN.test(problem)) tell("LAB-MACHINE-BLOCKED", host, { subject: server, server, problem });
      }
      if (machine.owner === stacks) continue;
      if (machine.owner !== "") tell("LAB-MACHINE-OWNED", host, { owner: machine.owner });
      else
        for (const [subject, size] of Object.entries(machine.taken)) tell("LAB-MACHINE-TAKEN", host, { subject, size });
      const own = isAdopted(host) ? clusterOf(plan, host).port : undefined;
      for (const number of portsOf(plan, host).filter((each) => each !== own))
        if (machine.listening.some((place) => place.endsWith(`:${number}`)))
          tell("LAB-MACHINE-PORT", host, { ...to, subject: String(number), number });
    }
  },
);
