import { EngineError } from "../../engine/engine";
import { planTrust } from "../../plan/rotation";
import { type ReachedRotation, renderRotation, type Rotation, stageAfter, stageBefore } from "../../config/ca-stages";
import { noLab } from "../stack/deployed-lab";
import { openEngine } from "../stack/open-engine";
import { handOver, labCommand } from "../stack/hand-over";
import { type Invocation, stackOf } from "../invocation";
import { reachedRotation } from "../gates/rotation";
import { writeSettings } from "../stack/stack-file";
import { stackSettings } from "../stack/stack-settings";

/**
 * Replaces the lab's CA: an `up` a stage, which verifies every pair of hosts. Each stage is written to the stack's file before it begins,
 * so that after an interruption the next `up` or `rotate-ca` resumes there.
 */
export async function rotateCa(invocation: Invocation, { abort = false }: { abort?: boolean }): Promise<number> {
  const stack = stackOf(invocation);
  const { location } = stack;
  const { options, signal } = invocation;
  const given = Object.keys(options.config).filter((key) => /^lab:ca(Generation|Stage)$/.test(key));
  if (given.length > 0)
    throw new EngineError(`rotate-ca sets ${given.join(", ")} itself; hint: leave out --config ${given.join(", ")}`);
  const { configuration } = stackSettings(invocation, stack, "nothing");
  if (configuration.caCertificate !== "") {
    throw new EngineError(
      'lab:caCertificate is a CA of yours, which rotate-ca cannot replace; hint: docs/trust.md, "A PKI of your own"',
    );
  }
  const reached = reachedRotation(await (await openEngine(invocation, stack)).outputs(), location);
  if (reached === undefined) throw noLab(location.stack);

  const { caGeneration, caStage } = configuration;
  const stages = (abort ? stagesBack : stagesOnward)({ caGeneration, caStage }, reached);
  for (const stage of stages) {
    signal.throwIfAborted();
    await writeSettings(location, { ...stage });
    process.stdout.write(`${renderStage(stage)}\n`);
    const status = await handOver(labCommand("rotate-ca", "up", ["--abort"]));
    if (status !== 0) {
      process.stderr.write(
        `lab: the rotation stopped at ${renderRotation(stage)}; hint: ./lab rotate-ca resumes it, ${advice(stage)}\n`,
      );
      return status;
    }
  }
  return 0;
}

/** The remaining stages of a rotation; all stages of the next one when none is under way. */
export function stagesOnward(file: Rotation, reached: ReachedRotation): Rotation[] {
  const isProven = reached.isProven && renderRotation(file) === renderRotation(reached);
  const stages = isProven ? [stageAfter(file)] : [file];
  for (let last = stages[0]; last !== undefined && last.caStage !== "retire";) stages.push((last = stageAfter(last)));
  return stages;
}

/**
 * The stages back to the previous CA.
 * @throws EngineError when no rotation is under way, or that CA is no longer trusted everywhere.
 */
export function stagesBack(file: Rotation, reached: ReachedRotation): Rotation[] {
  const stages: Rotation[] = [];
  for (let stage = stageBefore(file); stage !== undefined; stage = stageBefore(stage)) stages.push(stage);
  if (stages.length > 0) return stages;
  if (reached.isProven && renderRotation(file) === renderRotation(reached)) {
    throw new EngineError(`no rotation is under way: the hosts trust CA ${file.caGeneration} alone`);
  }
  // Going back was interrupted.
  if (reached.caGeneration > file.caGeneration || file.caGeneration === 1) return [file];
  throw new EngineError(
    `too late to go back: CA ${file.caGeneration - 1} is being dropped, and some hosts may no longer trust it; hint: ./lab rotate-ca completes the rotation`,
  );
}

function renderStage(stage: Rotation): string {
  const { signer, trusted } = planTrust(stage);
  const both = [...trusted].reverse().join(" and ");
  return `${renderRotation(stage)}: CA ${signer} signs, every host trusts ${both}${trusted.length > 1 ? "" : " alone"}`;
}

function advice({ caStage }: Rotation): string {
  return caStage === "retire" ? "and it is too late to go back" : "./lab rotate-ca --abort goes back";
}
