import { stackPlan } from "../support/stack-config";
import type { Fault, HostEvent } from "./fault";
import { STANDBYS_STREAM } from "./slots";

const { hosts } = stackPlan("container");

/** What happens to a host in its libvirt, at the same time as to others: all else follows from that. */
function lost(alone: string, name: string, host: string, ...inject: readonly HostEvent[]): Fault {
  const address = hosts.find((each) => each.name === host)?.address ?? "";
  const told = [new RegExp(`^fail LAB-HOST-UNREACHABLE ${host}: no SSH connection to ${address}: `)];
  return { name, host, inject, told, healedBy: "up", alone };
}

/**
 * Shell that removes the package after it has packed what is installed of it, without its configuration, which stays, as the one package
 * that the host's apt knows.
 */
const REMOVE_PACKAGE = `set -e; mkdir -p /run/packages/tree/DEBIAN; cd /run/packages
dpkg -L pgbackrest | grep -v ^/etc | while read -r path; do
  if [ -f "$path" ]; then cp --parents -P "$path" tree; elif [ -d "$path" ]; then mkdir -p "tree$path"; fi
done
dpkg-query -s pgbackrest | sed '/^Status:/d; /^Conffiles:/,/^[^ ]/{/^Conffiles:/d; /^ /d}' >tree/DEBIAN/control
for script in postinst postrm; do cp /var/lib/dpkg/info/pgbackrest.$script tree/DEBIAN/$script; done
dpkg-deb --build tree pgbackrest.deb >/dev/null
{ cat tree/DEBIAN/control; echo "Filename: ./pgbackrest.deb"; echo "Size: $(stat -c %s pgbackrest.deb)"; echo "SHA256: $(sha256sum pgbackrest.deb | cut -d ' ' -f 1)"; } >Packages
mkdir /run/sources; mv /etc/apt/sources.list* /run/sources; echo 'deb [trusted=yes] file:/run/packages ./' >/etc/apt/sources.list
dpkg --remove --force-depends --force-hold pgbackrest >/dev/null`;

/** Hosts: as libvirt has them, their boot, their packages. */
export const HOST_FAULTS: readonly Fault[] = [
  lost("off", "the primary's host is shut off", "pg1-srv", "destroy"),
  lost("off", "the repository host is shut off", "backup-srv", "destroy"),
  lost("off", "a standby's host is shut off", "pg2-srv", "destroy"),
  lost("off", "a standby's host is paused", "pg3-srv", "suspend"),
  lost("lost", "a standby's disk is lost", "pg2-srv", "destroy", "disk"),
  lost("lost", "a standby's definition is lost", "pg3-srv", "destroy", "undefine"),
  {
    name: "the primary's host reboots",
    host: "pg1-srv",
    inject: ["reboot", STANDBYS_STREAM],
    told: [],
    healedBy: "itself",
    alone: "boot",
  },
  {
    name: "a standby's host reboots with a server that does not start with it",
    host: "pg2-srv",
    inject: ["systemctl disable --quiet pgbackrest", "reboot"],
    told: ["fail LAB-PGBACKREST-DOWN pg2-srv: pgbackrest.service is inactive"],
    healedBy: "up",
    alone: "boot",
  },
  {
    name: "a package was removed",
    host: "pg3-srv",
    inject: REMOVE_PACKAGE,
    told: ["fail LAB-PACKAGE-MISSING pg3-srv: package pgbackrest is not installed"],
    healedBy: "up",
  },
];
