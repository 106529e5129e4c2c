import { randomUUID } from "node:crypto";
import { inTime, maskInputs, type Subject, type Task } from "../drivers/driver";
import type { Drivers } from "../drivers/drivers";
import type { Change, EngineEvent } from "../engine";
import { changeOf, decide, dependentsToReplace, driverOf, type Step } from "./decision";
import type { Listener } from "./program";
import { keptFromDeletion, keptFromReplacement } from "./protection";
import { Slots } from "../slots";
import type { Goal, Resource, State } from "./state";
import { type Properties, reveal, secret, texts, UNKNOWN } from "../values";

const NOT_DONE = { id: "", properties: {}, succeeded: false };
const MILLISECONDS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

interface DeploymentOptions {
  readonly state: State;
  readonly drivers: Drivers;
  /** Nothing is carried out, and the state is not saved. */
  readonly preview: boolean;
  /** Asked once for the names of resources to replace, whether they differ or not. */
  readonly replace: () => Promise<readonly string[]>;
  readonly emit: (event: EngineEvent) => void;
  readonly signal: AbortSignal | undefined;
  readonly beforeChange?: (coming: readonly Change[], areAll: false) => Promise<void>;
}

/** One run: decides what each resource takes that the program registers, and carries it out. */
export class Deployment {
  readonly changes: Change[] = [];
  /** Each failed resource and its message. */
  readonly failures: string[] = [];
  /** Why nothing was changed. */
  refusal: Error | undefined;
  /** URNs of failed resources, and of those that were not begun because of them. */
  readonly blocked = new Set<string>();
  private readonly seen = new Set<string>();
  /** Deleted before its turn, because something that its inputs come from is replaced; by URN. */
  private readonly deletedFirst = new Map<string, Resource>();
  /** What differs from the state: a property path, or `missing`; by URN. */
  private readonly drift = new Map<string, string>();
  private readonly slots = new Slots(32);
  private askedFor: Promise<readonly string[]> | undefined;

  constructor(private readonly options: DeploymentOptions) {}

  /** Compares what exists with the state. */
  async observe(): Promise<void> {
    const { drivers, state } = this.options;
    const observed = Object.entries(drivers).map(async ([type, driver]) => {
      const resources = state.resources.filter((resource) => resource.type === type && !resource.condition);
      if (resources.length === 0 || !driver.observe) return;
      const findings = await driver.observe(resources.map((resource) => this.subject(resource, resource.outputs)));
      findings.forEach((finding, index) => finding && this.drift.set(resources[index]?.urn ?? "", finding.path));
    });
    await Promise.all(observed);
  }

  /** Does what a resource takes. Never rejects: a failure is kept, and its dependents are not begun. */
  register(goal: Goal): ReturnType<Listener["register"]> {
    return this.slots.run(async () => {
      const isUnknown = !this.options.preview && texts(goal.inputs).includes(UNKNOWN);
      const isBlocked = goal.needs.some((urn) => this.blocked.has(urn));
      const isTwice = this.seen.has(goal.urn);
      this.seen.add(goal.urn);
      if (isUnknown || isBlocked || this.options.signal?.aborted) {
        this.blocked.add(goal.urn);
        return NOT_DONE;
      }
      let step: Step;
      try {
        if (isTwice) throw new Error("two resources have this type and name");
        step = decide(goal, this.options.state.find(goal.urn), this.options.drivers, {
          drift: this.drift.get(goal.urn),
          isDeleted: this.deletedFirst.has(goal.urn),
          isAskedFor: (await this.toReplace()).includes(goal.name),
        });
      } catch (error) {
        this.fail(changeOf(goal, "create"), goal, error, 0);
        return NOT_DONE;
      }
      this.changes.push(step.change);
      if (step.change.operation !== "same" && !(await this.mayChange([step.change]))) {
        this.blocked.add(goal.urn);
        return NOT_DONE;
      }
      const resource = await this.attempt(step.change, goal, (task) => this.perform(step, task));
      if (!resource) this.blocked.add(goal.urn);
      return resource ? { id: resource.id, properties: resource.outputs, succeeded: true } : NOT_DONE;
    });
  }

  /** Deletes resources that the program has not registered or that have a successor, unless something failed. */
  async finish(): Promise<void> {
    const { state, preview, signal } = this.options;
    if (this.failures.length > 0 || this.blocked.size > 0 || signal?.aborted) return;
    const left = state.resources.filter(({ urn, condition }) => condition === "replaced" || !this.seen.has(urn));
    const vanished = [...this.deletedFirst.values(), ...left].filter(({ urn }) => !this.seen.has(urn));
    const kept = left.filter(({ condition, protect }) => protect && condition === undefined);
    for (const resource of kept) this.fail(changeOf(resource, "delete"), resource, keptFromDeletion(resource), 0);
    if (kept.length > 0) return;
    const deletions = (resources: readonly Resource[]): Change[] => resources.map((one) => changeOf(one, "delete"));
    this.changes.push(...deletions(vanished));
    if (!preview && (left.length === 0 || (await this.mayChange(deletions(left))))) await this.remove(left);
  }

  private toReplace(): Promise<readonly string[]> {
    return (this.askedFor ??= this.options.replace());
  }

  private async mayChange(coming: readonly Change[]): Promise<boolean> {
    if (this.options.preview) return true;
    try {
      await this.options.beforeChange?.(coming, false);
    } catch (error) {
      this.refusal = error as Error;
    }
    return this.refusal === undefined;
  }

  /** Carries a step out; in a preview, tells what will be known after it. Undefined when another failure prevents it. */
  private async perform({ driver, next, found, change, differing }: Step, task: Task): Promise<Resource | undefined> {
    const { state, preview } = this.options;
    const { operation } = change;
    const before = operation === "replace" && next.deleteBeforeReplace && found ? this.withDependents(found) : [];
    const kept = operation === "same" || operation === "update" ? found : undefined;
    if (preview || operation === "same") {
      const outputs = Object.entries(kept?.outputs ?? {});
      const known = outputs.filter(([name]) => operation === "same" || driver.stable?.includes(name));
      const resource = finished(next, kept?.id ?? "", Object.fromEntries(known));
      state.put(resource, found);
      return resource;
    }
    if (!(await this.remove(before, true))) return undefined;
    if (kept) {
      const subject = this.subject(next, kept.outputs);
      const resource = finished(next, kept.id, (await driver.update?.(subject, task, differing)) ?? kept.outputs);
      state.put(resource, found);
      await state.save();
      return resource;
    }
    const left = state.resources.find(({ urn, condition }) => urn === next.urn && condition === "creating");
    if (left) await driver.delete?.(this.subject(left, left.outputs), task);
    const uuid = randomUUID();
    const pending: Resource = { ...next, id: "", outputs: { uuid }, condition: "creating" };
    if (driver.leavesObjects) {
      state.put(pending, left);
      await state.save();
    }
    const created = await driver.create(this.subject(next, { uuid }), task).finally(() => {
      state.remove(pending);
    });
    const resource = finished(next, created.id, created.outputs);
    const hasSuccessor = operation === "replace" && found && state.resources.includes(found);
    state.put(resource, left, found);
    if (hasSuccessor) state.put({ ...found, condition: "replaced" });
    await state.save();
    return resource;
  }

  /** A resource that is deleted before its replacement, with the dependents that are replaced with it. */
  private withDependents(root: Resource): Resource[] {
    const { state, drivers } = this.options;
    const candidates = state.resources.filter(({ urn, condition }) => !condition && !this.seen.has(urn));
    const dependents = dependentsToReplace(root, candidates, drivers);
    const kept = dependents.find(({ protect }) => protect);
    if (kept !== undefined) throw new Error(keptFromReplacement(kept, root));
    for (const resource of dependents) this.deletedFirst.set(resource.urn, resource);
    return [...dependents, root];
  }

  /**
   * Deletes resources, each after its dependents.
   * @param isBegun Whether this is a part of a running operation, which an interruption does not stop.
   * @returns Whether all are deleted.
   */
  private async remove(condemned: readonly Resource[], isBegun = false): Promise<boolean> {
    const { state, signal, drivers } = this.options;
    const removals = new Map<Resource, Promise<boolean>>();
    const removal = (resource: Resource): Promise<boolean> => {
      const removed = removals.get(resource) ?? removeOne(resource);
      removals.set(resource, removed);
      return removed;
    };
    const removeOne = async (resource: Resource): Promise<boolean> => {
      const dependents = condemned.filter((other) => other.needs.includes(resource.urn));
      const cleared = await Promise.all(dependents.map(removal));
      if (cleared.includes(false) || (signal?.aborted && !isBegun)) return false;
      const removed = await this.attempt(changeOf(resource, "delete"), resource, async (task) => {
        await driverOf(resource, drivers).delete?.(this.subject(resource, resource.outputs), task);
        state.remove(resource);
        await state.save();
        return true;
      });
      return removed === true;
    };
    return !(await Promise.all(condemned.map(removal))).includes(false);
  }

  private async attempt<T>(change: Change, goal: Goal, work: (task: Task) => Promise<T>): Promise<T | undefined> {
    const { preview, emit } = this.options;
    const { operation, urn } = change;
    const begun = performance.now();
    const limit = goal.timeouts[operation === "delete" || operation === "update" ? operation : "create"];
    const log: Task["log"] = (message, severity = "info") => {
      emit({ kind: "log", severity, message: maskInputs(message, goal.inputs), urn });
    };
    if (!preview && operation !== "same") emit({ kind: "begin", change });
    try {
      const result = await inTime(limit === "" ? undefined : duration(limit), (signal) => work({ signal, log }));
      if (!preview && result !== undefined) emit({ kind: "end", change, seconds: (performance.now() - begun) / 1000 });
      return result;
    } catch (error) {
      this.fail(change, goal, error, (performance.now() - begun) / 1000);
      return undefined;
    }
  }

  private fail(change: Change, goal: Goal, error: unknown, seconds: number): void {
    const message = maskInputs(error instanceof Error ? error.message : String(error), goal.inputs);
    this.blocked.add(goal.urn);
    this.failures.push(`${goal.type} ${goal.name}: ${message}`);
    this.options.emit({ kind: "fail", change, seconds, message });
  }

  private subject<Outputs>({ inputs, provider }: Goal, outputs: Outputs): Subject<Properties, Outputs> {
    const configuration = this.options.state.find(provider)?.inputs ?? {};
    return { inputs: reveal(inputs), outputs: reveal(outputs), provider: reveal(configuration) };
  }
}

function finished(goal: Goal, id: string, outputs: Properties): Resource {
  const all = Object.entries({ ...outputs, ...goal.inputs });
  const marked = all.map(([name, value]) => [name, goal.secretOutputs.includes(name) ? secret(value) : value]);
  return { ...goal, id, outputs: Object.fromEntries(marked) as Properties };
}

function duration(text: string): number {
  return [...text.matchAll(/([\d.]+)([hms])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (MILLISECONDS[unit ?? ""] ?? 0),
    0,
  );
}
