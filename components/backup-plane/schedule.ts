import * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../../config/schema";
import type { LabPlan } from "../../plan/plan";
import { scheduleOf, serviceOf, timerOf, unitFileOf, unscheduledKinds } from "../../plan/schedule";
import { renderService, renderTimer, SCHEDULE_SCRIPTS } from "../../render/schedule";
import { type FileArgs, runScript } from "../../steps/remote";
import type { RemoteHost } from "../../steps/remote-host";
import { scriptText } from "../../steps/script-text";

export interface ScheduleArgs {
  config: Pick<LabConfig, "schedule">;
  plan: LabPlan;
  /** The host that keeps the repositories. */
  host: RemoteHost;
}

/** Timers on the repository host for backups and verifications; what is switched off leaves nothing there. */
export class Schedule extends pulumi.ComponentResource {
  constructor(name: string, args: ScheduleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:pgbackrest:Schedule", name, {}, opts);
    const { config, plan, host } = args;
    const scheduled = scheduleOf(plan);
    const timers = scheduled.map(({ kind }) => timerOf(kind));
    const off = unscheduledKinds(plan).flatMap((kind) => [timerOf(kind), serviceOf(kind)].map(unitFileOf));
    const file = (path: string, content: string): FileArgs => ({ path, content, owner: "root", mode: "0644" });
    const units = scheduled.flatMap((each) => [
      file(unitFileOf(serviceOf(each.kind)), renderService(plan, each.kind)),
      file(unitFileOf(timerOf(each.kind)), renderTimer(plan, each, config.schedule.jitterSeconds)),
    ]);
    const gone = [...off, ...(units.length === 0 ? Object.values(SCHEDULE_SCRIPTS) : [])];
    const scripts = [
      file(SCHEDULE_SCRIPTS.run, scriptText("backup-plane/scheduled-run.sh")),
      file(SCHEDULE_SCRIPTS.record, scriptText("backup-plane/scheduled-record.sh")),
    ];

    runScript(`${name}-install`, host, "backup-plane/schedule-install.sh", [...timers, "off", ...gone], {
      parent: this,
      dependsOn: opts?.dependsOn,
      files: units.length === 0 ? [] : [...scripts, ...units],
      keeps: { units: timers },
    });

    this.registerOutputs({});
  }
}
