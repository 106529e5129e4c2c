import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "vitest";
import { SEED_BYTES } from "../../render/seed-image";
import type { ScenarioLab } from "./scenario-lab";

/** Expects every virtual machine's seed to be without its SSH host key, but a seed: one that a guest can read. */
export function expectSpentSeeds(lab: ScenarioLab, hosts: number): void {
  const folder = path.join(lab.stateFolder, "libvirt", "lib", "images", `lab-${lab.stack}`);
  const seeds = fs.readdirSync(folder).filter((file) => file.endsWith("-seed.iso"));
  expect(seeds).toHaveLength(hosts);
  for (const seed of seeds) {
    const content = fs.readFileSync(path.join(folder, seed), "latin1");
    expect(content.length, seed).toBe(SEED_BYTES);
    expect(content.replaceAll("\0", ""), seed).toMatch(/instance-id: \S+-srv\n.*mac: \S+\n#cloud-config\n\{\}\n$/s);
    expect(execFileSync("blkid", ["-o", "export", path.join(folder, seed)], { encoding: "utf8" }), seed).toContain(
      "LABEL=cidata\nTYPE=iso9660\n",
    );
    expect(fs.statSync(path.join(folder, seed)).mode & 0o077, seed).toBe(0);
  }
}
