import * as pulumi from "@pulumi/pulumi";
import { domainNameOf } from "../../config/libvirt-names";
import { type SiteKeys, siteOf } from "../../config/sites";
import { virshUri } from "../../config/virsh";
import { ON_CHANGE } from "../../plan/layout";
import { clusterOf, type LabPlan, partnerOf, restartOrder } from "../../plan/plan";
import { runLocally } from "../../steps/local";
import { runScript } from "../../steps/remote";
import type { Site } from "../site/site";
import type { SiteHost } from "../site/site-host";

export interface HostRestartsArgs {
  config: SiteKeys;
  plan: LabPlan;
  site: Site;
  /** What every host must have passed before the first restarts. */
  after: pulumi.Resource;
}

/**
 * Hosts restart one after the other when their size changes, each once the one before works again. A new host has its size: its steps
 * find nothing to do.
 */
export class HostRestarts extends pulumi.ComponentResource {
  constructor(name: string, args: HostRestartsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:backupplane:HostRestarts", name, {}, opts);
    const { plan, site, after } = args;

    let earlier = after;
    for (const host of restartOrder(plan)) earlier = this.restart(site.host(host.name), args, earlier);

    this.registerOutputs({});
  }

  /** @returns The step that verifies that the host is back. */
  private restart(host: SiteHost, { config, plan }: HostRestartsArgs, earlier: pulumi.Resource): pulumi.Resource {
    // Nobody but its owner sizes a machine.
    const libvirtUri = siteOf(config, host.plan)?.libvirtUri;
    if (libvirtUri === undefined || host.defined === undefined) return earlier;
    const { role, account, units, cpus, memoryMiB } = host.plan;
    const { binaries } = plan.postgresql;
    const { dataFolder } = clusterOf(plan, host.plan);
    const resized = runLocally(
      `${host.name}-resize`,
      "site/domain-resize.sh",
      [virshUri(libvirtUri), domainNameOf(pulumi.getStack(), host.name), String(cpus), String(memoryMiB)],
      { parent: this, dependsOn: [host.ready, earlier], rerunOn: host.defined },
    );
    return runScript(
      `${host.name}-${ON_CHANGE.back}`,
      host,
      "site/host-back.sh",
      [resized.stdout, role, account, plan.stanza, binaries, dataFolder, ...partnerOf(plan, host.plan), ...units],
      { parent: this, dependsOn: [resized], onlyOnChange: true },
    );
  }
}
