import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Driver, Subject, Task } from "../drivers/driver";
import { unknownInputs } from "../drivers/driver";
import type { Change, EngineEvent, Operation } from "../engine";
import type { Listener } from "./program";
import { Slots } from "../slots";
import type { Goal, Resource, State } from "./state";
import type { Properties } from "../values";
import { covers, differences, keepOld, mask, reveal, secret, texts, UNKNOWN } from "../values";

export interface DeploymentOptions {
  readonly state: State;
  readonly drivers: Readonly<Record<string, Driver>>;
  /** Nothing is carried out, and the state is not saved. */
  readonly preview: boolean;
  /** Names of resources that are replaced, whether they differ or not. */
  readonly replace?: readonly string[];
  readonly emit: (event: EngineEvent) => void;
  readonly signal: AbortSignal | undefined;
  readonly beforeFirstChange?: () => Promise<void>;
}

interface Step {
  readonly driver: Driver;
  /** The goal, with what it ignores as it was. */
  readonly next: Goal;
  readonly found: Resource | undefined;
  readonly change: Change;
}

/** Components and providers: records, for which there is nothing to do. */
const RECORD: Driver = {
  inputs: ["*"],
  change: () => "update",
  create: () => Promise.resolve({ id: randomUUID(), outputs: {} }),
};
const NOT_DONE = { id: "", properties: {}, succeeded: false };
const MILLISECONDS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

/** One run: decides what each resource takes that the program registers, and carries it out. */
export class Deployment {
  readonly changes: Change[] = [];
  /** Each failed resource and its message. */
  readonly failures: string[] = [];
  /** Why nothing was changed. */
  refusal: Error | undefined;
  /** URNs of what failed, and of what was not begun for that. */
  readonly blocked = new Set<string>();
  private readonly seen = new Set<string>();
  /** Deleted before its turn, because something that its inputs come from is replaced; by URN. */
  private readonly deletedFirst = new Map<string, Resource>();
  /** What is not as the last run left it: a path, or `gone`; by URN. */
  private readonly drift = new Map<string, string>();
  private readonly slots = new Slots(32);

  constructor(private readonly options: DeploymentOptions) {}

  /** Finds out what is not as the last run left it. */
  async observe(): Promise<void> {
    const { drivers, state } = this.options;
    const observed = Object.entries(drivers).map(async ([type, driver]) => {
      const resources = state.resources.filter((resource) => resource.type === type && !resource.condition);
      if (resources.length === 0 || !driver.observe) return;
      const findings = await driver.observe(resources.map((resource) => this.subject(resource, resource.outputs)));
      findings.forEach((finding, index) => finding && this.drift.set(resources[index]?.urn ?? "", finding));
    });
    await Promise.all(observed);
  }

  /** Does what a resource takes. Never rejects: a failure is kept, and what needs the resource is not begun. */
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
        if (isTwice) throw new Error("there are two resources of this type and name");
        step = this.plan(goal);
      } catch (error) {
        this.fail(changeOf(goal, "create"), goal, error, 0);
        return NOT_DONE;
      }
      this.changes.push(step.change);
      if (step.change.operation !== "same" && !(await this.mayChange())) {
        this.blocked.add(goal.urn);
        return NOT_DONE;
      }
      const resource = await this.attempt(step.change, goal, (task) => this.perform(step, task));
      if (!resource) this.blocked.add(goal.urn);
      return resource ? { id: resource.id, properties: resource.outputs, succeeded: true } : NOT_DONE;
    });
  }

  /** Deletes what the program has not registered and what has a successor, unless something failed. */
  async finish(): Promise<void> {
    const { state, preview, signal } = this.options;
    if (this.failures.length > 0 || this.blocked.size > 0 || signal?.aborted) return;
    const left = state.resources.filter(({ urn, condition }) => condition === "replaced" || !this.seen.has(urn));
    const vanished = [...this.deletedFirst.values(), ...left].filter(({ urn }) => !this.seen.has(urn));
    this.changes.push(...vanished.map((resource) => changeOf(resource, "delete")));
    if (!preview && (left.length === 0 || (await this.mayChange()))) await this.remove(left);
  }

  private async mayChange(): Promise<boolean> {
    if (this.options.preview) return true;
    try {
      await this.options.beforeFirstChange?.();
    } catch (error) {
      this.refusal = error as Error;
    }
    return this.refusal === undefined;
  }

  private plan(goal: Goal): Step {
    const { state } = this.options;
    const driver = this.driverOf(goal);
    const refused = [
      ...goal.unsupported.map((option) => `option "${option}"`),
      ...unknownInputs(driver, reveal(goal.inputs)).map((path) => `input "${path}"`),
    ];
    if (refused.length > 0)
      throw new Error(`the embedded engine does not support ${refused.join(", ")} of ${goal.type}`);
    const found = state.find(goal.urn);
    const seen = this.drift.get(goal.urn) ?? "";
    const isIgnored = seen !== "gone" && goal.ignoreChanges.some((pattern) => covers(pattern, seen));
    const drift = seen === "" || isIgnored ? undefined : seen;
    if (!found || drift === "gone" || this.deletedFirst.has(goal.urn)) {
      const operation = this.deletedFirst.has(goal.urn) ? "replace" : "create";
      return { driver, next: goal, found, change: changeOf(goal, operation) };
    }
    const next = { ...goal, inputs: keepOld(found.inputs, goal.inputs, goal.ignoreChanges) };
    const changed = differences(reveal(found.inputs), reveal(next.inputs));
    const diff = [
      ...changed,
      ...(drift === undefined ? [] : [drift]),
      ...(found.provider === goal.provider ? [] : ["provider"]),
    ];
    const isAskedFor = goal.custom && this.options.replace?.includes(goal.name) === true;
    if (diff.length === 0 && !isAskedFor) return { driver, next, found, change: changeOf(goal, "same") };
    const isReplaced =
      isAskedFor ||
      diff.includes("provider") ||
      mustReplace(next, changed) ||
      driver.change(diff, reveal(next.inputs)) === "replace";
    return { driver, next, found, change: { ...changeOf(goal, isReplaced ? "replace" : "update"), diff } };
  }

  /** Carries a step out; in a preview, tells what will be known after it. Gives nothing when another failure prevents it. */
  private async perform({ driver, next, found, change }: Step, task: Task): Promise<Resource | undefined> {
    const { state, preview } = this.options;
    const { operation, diff } = change;
    const before = operation === "replace" && next.deleteBeforeReplace && found ? [...this.madeFrom(found), found] : [];
    for (const resource of before) if (resource !== found) this.deletedFirst.set(resource.urn, resource);
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
      const resource = finished(next, kept.id, (await driver.update?.(subject, task, diff)) ?? kept.outputs);
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

  /** What would be replaced too if nothing were known of a resource that its inputs come from: Pulumi's rule. */
  private madeFrom(root: Resource): Resource[] {
    const urns = new Set([root.urn]);
    const made: Resource[] = [];
    const falls = (resource: Resource): boolean => {
      if (urns.has(resource.provider)) return true;
      const paths = Object.keys(resource.inputs).filter((input) =>
        resource.sources[input]?.some((urn) => urns.has(urn)),
      );
      const changed = paths.filter((input) => !resource.ignoreChanges.some((pattern) => covers(pattern, input)));
      try {
        const change = () => this.driverOf(resource).change(changed, reveal(resource.inputs));
        return changed.length > 0 && (mustReplace(resource, changed) || change() === "replace");
      } catch {
        return false;
      }
    };
    for (let grown = [root]; grown.length > 0;) {
      const others = this.options.state.resources.filter(
        ({ urn, condition }) => !condition && !urns.has(urn) && !this.seen.has(urn),
      );
      grown = others.filter(falls);
      made.push(...grown);
      for (const { urn } of grown) urns.add(urn);
    }
    return made;
  }

  /** Deletes resources, each after all that needs it; a part of an operation that is begun, whether it is interrupted or not. Whether it went well. */
  private async remove(condemned: readonly Resource[], isBegun = false): Promise<boolean> {
    const { state, signal } = this.options;
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
        await this.driverOf(resource).delete?.(this.subject(resource, resource.outputs), task);
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
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const limit = goal.timeouts[operation === "delete" || operation === "update" ? operation : "create"];
    const timer = limit === "" ? undefined : setTimeout(controller.abort.bind(controller), duration(limit));
    const log: Task["log"] = (message, severity = "info") => {
      emit({ kind: "log", severity, message: hide(message, goal), urn });
    };
    if (!preview && operation !== "same") emit({ kind: "begin", change });
    try {
      const result = await work({ signal: controller.signal, log });
      if (!preview && result !== undefined) emit({ kind: "end", change, seconds: (performance.now() - begun) / 1000 });
      return result;
    } catch (error) {
      this.fail(change, goal, error, (performance.now() - begun) / 1000);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  private fail(change: Change, goal: Goal, error: unknown, seconds: number): void {
    const message = hide(error instanceof Error ? error.message : String(error), goal);
    this.blocked.add(goal.urn);
    this.failures.push(`${goal.type} ${goal.name}: ${message}`);
    this.options.emit({ kind: "fail", change, seconds, message });
  }

  private driverOf({ type, custom }: Goal): Driver {
    if (!custom || type.startsWith("pulumi:providers:")) return RECORD;
    const driver = this.options.drivers[type];
    if (!driver) throw new Error(`the embedded engine does not support type ${type}`);
    return driver;
  }

  private subject<Outputs>({ inputs, provider }: Goal, outputs: Outputs): Subject<Properties, Outputs> {
    const configuration = this.options.state.find(provider)?.inputs ?? {};
    return { inputs: reveal(inputs), outputs: reveal(outputs), provider: reveal(configuration) };
  }
}

function changeOf({ urn, type, name }: Goal, operation: Operation): Change {
  return { urn, type, name, operation, diff: [] };
}

function mustReplace({ replaceOnChanges }: Goal, paths: readonly string[]): boolean {
  return paths.some((path) => replaceOnChanges.some((pattern) => covers(pattern, path)));
}

function finished(goal: Goal, id: string, outputs: Properties): Resource {
  const all = Object.entries({ ...outputs, ...goal.inputs });
  const marked = all.map(([name, value]) => [name, goal.secretOutputs.includes(name) ? secret(value) : value]);
  return { ...goal, id, outputs: Object.fromEntries(marked) as Properties };
}

/** The SDK marks a connection as a whole: its address has to be told, and its key never is. */
function hide(message: string, { inputs }: Goal): string {
  return mask(message, { ...inputs, connection: undefined });
}

function duration(text: string): number {
  return [...text.matchAll(/([\d.]+)([hms])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (MILLISECONDS[unit ?? ""] ?? 0),
    0,
  );
}
