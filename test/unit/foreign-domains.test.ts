import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, expect, it } from "vitest";
import { foreignDomainProblems, isOwnDomain, readDomains } from "../../config/foreign-domains";

const URI = "lxc:///system?socket=/run/x";
const POOL = "lab-here";
const OWN = ["pg1-srv", "pg2-srv", "pg3-srv"].map((name) => ({ name, disk: `${name}.raw` }));
const xml = (file: string): string => `<domain>\n<devices>\n<filesystem type='file'>\n<source file='${file}'/>\n`;

const searchPath = process.env.PATH;
afterEach(() => {
  process.env.PATH = searchPath;
});

it("tells a lab's own domain by its disk, be it there or not", () => {
  expect(isOwnDomain(xml("/var/lib/libvirt/images/lab-here/pg1-srv.raw"), POOL, "pg1-srv.raw")).toBe(true);
  expect(isOwnDomain(xml("/var/lib/libvirt/images/lab-there/pg1-srv.raw"), POOL, "pg1-srv.raw")).toBe(false);
  expect(isOwnDomain("<domain/>", POOL, "pg1-srv.raw")).toBe(false);
});

it("refuses the domains that have a name of the lab's and another disk", () => {
  const domains = new Map([
    ["pg1-srv", xml("/var/lib/libvirt/images/lab-here/pg1-srv.raw")],
    ["pg2-srv", xml("/var/lib/libvirt/images/lab-there/pg2-srv.raw")],
    ["pg3-srv", "<domain><devices/></domain>"],
    ["unrelated", "<domain/>"],
  ]);
  expect(foreignDomainProblems(URI, POOL, OWN, domains)).toEqual([
    `domain "pg2-srv" of ${URI} is not this lab's: its disk is /var/lib/libvirt/images/lab-there/pg2-srv.raw; ` +
      "hint: bring up a stack of another name",
    `domain "pg3-srv" of ${URI} is not this lab's: its disk is no file; ` + "hint: bring up a stack of another name",
  ]);
  expect(foreignDomainProblems("qemu:///system", POOL, OWN, domains)[1]).toMatch(
    /; hint: once it is shut off, virsh -c "qemu:\/\/\/system" domrename pg3-srv pg3-srv-other$/,
  );
});

it("asks libvirt for the domains of the lab's names alone, and once more for each that is there", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-domains-"));
  const script = `#!/bin/sh\necho "$*" >>${folder}/calls\n[ "$4" = list ] && echo "pg1-srv\nmine" || echo "<domain>$5</domain>"\n`;
  fs.writeFileSync(path.join(folder, "virsh"), script, { mode: 0o755 });
  process.env.PATH = `${folder}:${searchPath ?? ""}`;
  const domains = readDomains(URI, ["pg1-srv", "pg2-srv"]);
  expect(domains).toEqual(new Map([["pg1-srv", "<domain>pg1-srv</domain>\n"]]));
  expect(fs.readFileSync(path.join(folder, "calls"), "utf8")).toBe(
    `-q -c ${URI} list --all --name\n-q -c ${URI} dumpxml pg1-srv\n`,
  );
  fs.rmSync(folder, { recursive: true });
});
