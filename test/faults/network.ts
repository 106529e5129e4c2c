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
    told: [],
    healedBy: { person: "cat /run/hosts >/etc/hosts" },
  },
  {
    name: "no route to the repository host",
    host: "pg2-srv",
    inject: "ip route add blackhole $(getent hosts backup-srv | cut -d' ' -f1)",
    told: [],
    healedBy: { person: "ip route del blackhole $(getent hosts backup-srv | cut -d' ' -f1)" },
  },
  {
    name: "a route that refuses",
    host: "backup-srv",
    inject: "ip route add prohibit $(getent hosts pg3-srv | cut -d' ' -f1)",
    told: [],
    healedBy: { person: "ip route del prohibit $(getent hosts pg3-srv | cut -d' ' -f1)" },
  },
];
