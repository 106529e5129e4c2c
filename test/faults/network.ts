import type { Fault } from "./fault";

/** Names, ports and routes between hosts. */
export const NETWORK_FAULTS: readonly Fault[] = [
  {
    name: "names are not resolved",
    host: "pg2-srv",
    inject: "cp /etc/nsswitch.conf /run/; sed -i 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf",
    told: ["fail LAB-NAME-UNRESOLVED pg2-srv → backup-srv: pg2-srv cannot resolve backup-srv"],
    healedBy: { person: "cp /run/nsswitch.conf /etc/nsswitch.conf" },
  },
  {
    name: "a name has another host's address",
    host: "pg3-srv",
    inject: "cp /etc/hosts /run/; getent hosts pg2-srv | sed 's/pg2-srv.*/backup-srv/' >>/etc/hosts",
    told: [
      "fail LAB-NAME-ADDRESS pg3-srv → backup-srv: pg3-srv resolves backup-srv to 10.83.14.12, not to 10.83.14.10",
    ],
    healedBy: { person: "cat /run/hosts >/etc/hosts" },
  },
  {
    name: "no route to the repository host",
    host: "pg2-srv",
    inject: "ip route add blackhole $(getent hosts backup-srv | cut -d' ' -f1)",
    told: [
      "fail LAB-PORT-NO-ROUTE pg2-srv → backup-srv: pg2-srv has no way to backup-srv, 10.83.14.10: invalid argument",
    ],
    healedBy: { person: "ip route del blackhole $(getent hosts backup-srv | cut -d' ' -f1)" },
  },
  {
    name: "a route that refuses",
    host: "backup-srv",
    inject: "ip route add prohibit $(getent hosts pg3-srv | cut -d' ' -f1)",
    told: [
      "fail LAB-PORT-NO-ROUTE backup-srv → pg3-srv: backup-srv has no way to pg3-srv, 10.83.14.13: permission denied",
    ],
    healedBy: { person: "ip route del prohibit $(getent hosts pg3-srv | cut -d' ' -f1)" },
    alone: true,
  },
  {
    name: "answers of the repository host's server are dropped",
    host: "backup-srv",
    inject: "ip rule add ipproto tcp sport 8432 blackhole",
    told: [/^fail LAB-PORT-SILENT pg1-srv → backup-srv: port 8432 of backup-srv does not answer/],
    healedBy: { person: "ip rule del ipproto tcp sport 8432 blackhole" },
    alone: true,
  },
];
