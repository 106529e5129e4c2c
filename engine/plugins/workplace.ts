import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { type Driver, type Drift, inTime, maskInputs, type Subject, type Task } from "../drivers/driver";
import type { Drivers } from "../drivers/drivers";
import { stateFolderOf } from "../engine";
import { type Properties, replaceSecrets, reveal } from "../values";
import { Journal, journalFolder } from "./journal";
import { makeDrivers } from "./make-drivers";
import { Together } from "./together";

/** One operation on a resource: whose, and how many seconds it has; 0 stands for no limit. */
export interface Order {
  readonly urn: string;
  readonly type: string;
  readonly inputs: Properties;
  readonly seconds?: number;
}

type Severity = keyof typeof SEVERITIES;

const SEVERITIES = { info: LogSeverity.INFO, warning: LogSeverity.WARNING };

/** Where the providers of one process work: on one stack of one project. */
export class Workplace {
  private engine: EngineClient | undefined;
  private made: Promise<{ drivers: Drivers; journal: Journal }> | undefined;
  private cleared: Promise<void> | undefined;
  private readonly reads = new Map<string, Together<Subject, Drift | undefined>>();

  /** @param make The drivers; tests have others. */
  constructor(
    private readonly projectFolder: string,
    private readonly make = makeDrivers,
  ) {}

  /** Learns where the engine listens. */
  connect(address: string): void {
    this.engine ??= new EngineClient(address, credentials.createInsecure());
  }

  /** @throws Error when the type has no driver. */
  async driverOf({ urn, type }: Pick<Order, "urn" | "type">): Promise<Driver> {
    const driver = (await this.on(urn)).drivers[type];
    if (driver === undefined) throw new Error(`the lab's plugins do not support type ${type}`);
    return driver;
  }

  /** Carries an operation out. Its messages, the one of a failure too, are without secrets. */
  async perform<T>(order: Order, work: (driver: Driver, task: Task) => Promise<T>): Promise<T> {
    const told: Promise<void>[] = [];
    const log: Task["log"] = (message, severity = "info") => {
      told.push(this.log(order.urn, maskInputs(message, order.inputs), severity));
    };
    const driver = await this.driverOf(order);
    try {
      const milliseconds = order.seconds ? order.seconds * 1000 : undefined;
      return await inTime(milliseconds, (signal) => work(driver, { signal, log }));
    } catch (error) {
      throw new Error(maskInputs(error instanceof Error ? error.message : String(error), order.inputs));
    } finally {
      await Promise.all(told);
    }
  }

  /** Creates an object. Until the engine has shown that it knows the object, the journal does. */
  create(order: Order, provider: Subject["provider"]): Promise<{ id: string; outputs: Properties }> {
    return this.perform(order, async (driver, task) => {
      const uuid = randomUUID();
      const subject = { inputs: reveal(order.inputs), outputs: { uuid }, provider };
      await this.clear(order.urn, task);
      if (!driver.leavesObjects) return driver.create(subject, task);
      const { journal } = await this.on(order.urn);
      const left = journal.leftOf(order.urn);
      if (left !== undefined) await driver.delete?.(left, task);
      const { urn, type } = order;
      const begun = { ...subject, urn, type, inputs: replaceSecrets(order.inputs, () => "") };
      journal.write(begun);
      try {
        const created = await driver.create(subject, task);
        journal.write({ ...begun, id: created.id });
        return created;
      } catch (error) {
        // The driver has cleaned up.
        journal.remove(urn);
        throw error;
      }
    });
  }

  /** How an object differs from the last operation's result. */
  async observe({ urn, type }: Order, subject: Subject): Promise<Drift | undefined> {
    const driver = await this.driverOf({ urn, type });
    if (driver.observe === undefined) return undefined;
    const reads =
      this.reads.get(type) ??
      new Together(async (subjects: readonly Subject[]) => (await driver.observe?.(subjects)) ?? []);
    this.reads.set(type, reads);
    return reads.answer(subject);
  }

  /** Notes that the engine knows a resource. */
  async know(urn: string, id: string): Promise<void> {
    (await this.on(urn)).journal.know(urn, id);
  }

  /** Deletes, before the first change, what killed runs have left half made. */
  clear(urn: string, task: Task): Promise<void> {
    return (this.cleared ??= this.on(urn).then(async ({ drivers, journal }) => {
      for (const left of journal.unfinished()) {
        await drivers[left.type]?.delete?.(left, task);
        journal.remove(left.urn);
      }
    }));
  }

  private on(urn: string): Promise<{ drivers: Drivers; journal: Journal }> {
    return (this.made ??= this.makeFor(stateFolderOf(this.projectFolder, urn.split(":")[2] ?? "")));
  }

  private async makeFor(stateFolder: string): Promise<{ drivers: Drivers; journal: Journal }> {
    const drivers = await this.make(this.projectFolder, stateFolder);
    return { drivers, journal: new Journal(journalFolder(stateFolder)) };
  }

  private async log(urn: string, message: string, severity: Severity): Promise<void> {
    const { engine } = this;
    if (engine === undefined) return;
    const log: (request: LogRequest) => Promise<unknown> = promisify(engine.log.bind(engine));
    const request = new LogRequest().setUrn(urn).setMessage(message).setSeverity(SEVERITIES[severity]);
    // An engine that was killed hears nothing.
    await log(request).catch(() => undefined);
  }
}
