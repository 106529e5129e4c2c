import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type Driver, MISSING, type Subject, unknownInputs } from "../drivers/driver";
import { answer, fromStruct, toStruct } from "../rpc";
import { differences, type Properties, pulumiPath, reveal } from "../values";
import { type Difference, differenceOf, type Values, withFound } from "./difference";
import type { Order, Workplace } from "./workplace";

type Request = { getUrn(): string; getType(): string; getTimeout?(): number };

const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;
const { UPDATE, UPDATE_REPLACE } = rpc.PropertyDiff.Kind;

/** Serves drivers by Pulumi's provider protocol. */
export class Provider {
  /** By connection: each that the engine opens is a provider of its own, which it configures first. */
  private readonly configurations = new Map<string, Subject["provider"]>();
  private latest: Subject["provider"] = {};

  constructor(
    private readonly version: string,
    private readonly workplace: Workplace,
  ) {}

  readonly handlers: UntypedServiceImplementation = {
    handshake: answer((request: rpc.ProviderHandshakeRequest) => {
      this.workplace.connect(request.getEngineAddress());
      return new rpc.ProviderHandshakeResponse().setAcceptSecrets(true);
    }),
    getPluginInfo: answer(() => new PluginInfo().setVersion(this.version)),
    parameterize: answer((request: rpc.ParameterizeRequest) => {
      const { name = "", version = "" } = request.getValue()?.toObject() ?? {};
      return new rpc.ParameterizeResponse().setName(name).setVersion(version);
    }),
    checkConfig: answer((request: rpc.CheckRequest) => new rpc.CheckResponse().setInputs(request.getNews())),
    diffConfig: answer((request: rpc.DiffRequest) => {
      const [old, wanted] = [request.getOldInputs(), request.getNews()].map((given) => reveal(fromStruct(given)));
      // The version is the engine's: it stores the package's, and asks with the plugin's later.
      const paths = differences(old, wanted).filter((path) => path !== "version");
      return diffResponse({ paths, named: paths }, "update");
    }),
    configure: answer((request: rpc.ConfigureRequest, peer) => {
      this.latest = reveal(fromStruct(request.getArgs()));
      this.configurations.set(peer, this.latest);
      return new rpc.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),
    check: answer(async (request: rpc.CheckRequest) => {
      const driver = await this.workplace.driverOf(orderOf(request, {}));
      const failures = unknownInputs(driver, reveal(fromStruct(request.getNews()))).map((path) =>
        new rpc.CheckFailure()
          .setProperty(pulumiPath(path))
          .setReason(`the lab's plugins do not support input "${path}" of ${request.getType()}`),
      );
      return new rpc.CheckResponse().setInputs(request.getNews()).setFailuresList(failures);
    }),
    diff: answer((request: rpc.DiffRequest) => this.diff(request)),
    create: answer(async (request: rpc.CreateRequest, peer) => {
      const inputs = fromStruct(request.getProperties());
      if (request.getPreview()) return new rpc.CreateResponse().setProperties(request.getProperties());
      const { id, outputs } = await this.workplace.create(orderOf(request, inputs), this.configurationOf(peer));
      return new rpc.CreateResponse().setId(id).setProperties(toStruct({ ...outputs, ...inputs }));
    }),
    read: answer((request: rpc.ReadRequest, peer) => this.read(request, peer)),
    update: answer((request: rpc.UpdateRequest, peer) => this.update(request, peer)),
    delete: answer(async (request: rpc.DeleteRequest, peer) => {
      const inputs = fromStruct(request.getOldInputs());
      const subject = this.subject(peer, inputs, fromStruct(request.getProperties()));
      await this.workplace.know(request.getUrn(), request.getId());
      await this.workplace.perform(orderOf(request, inputs), async (driver, task) => {
        await this.workplace.clear(request.getUrn(), task);
        await driver.delete?.(subject, task);
      });
      return new Empty();
    }),
    cancel: answer(() => new Empty()),
    attach: answer(() => new Empty()),
  };

  private async diff(request: rpc.DiffRequest): Promise<rpc.DiffResponse> {
    await this.workplace.know(request.getUrn(), request.getId());
    const driver = await this.workplace.driverOf(orderOf(request, {}));
    const wanted = reveal(fromStruct(request.getNews()));
    const read = oldValues(request);
    const old = driver.isStateOnly ? await withDrift(driver, read) : read;
    const difference = differenceOf(driver, old, wanted, request.getIgnorechangesList());
    return diffResponse(
      difference,
      operationOf(() => driver.change(difference.paths, wanted)),
    );
  }

  /** Tells what is really there; nothing, when it is missing. */
  private async read(request: rpc.ReadRequest, peer: string): Promise<rpc.ReadResponse> {
    const { inputs, properties } = { inputs: request.getInputs(), properties: fromStruct(request.getProperties()) };
    if (inputs === undefined) throw new Error(`the lab's plugins do not support the import of ${request.getType()}`);
    await this.workplace.know(request.getUrn(), request.getId());
    const order = orderOf(request, fromStruct(inputs));
    const drift = await this.workplace.observe(order, this.subject(peer, order.inputs, properties));
    if (drift?.path === MISSING.path) return new rpc.ReadResponse();
    const driver = await this.workplace.driverOf(order);
    const outputs = withFound(driver, { inputs: order.inputs, outputs: properties }, drift);
    return new rpc.ReadResponse().setId(request.getId()).setInputs(inputs).setProperties(toStruct(outputs));
  }

  private async update(request: rpc.UpdateRequest, peer: string): Promise<rpc.UpdateResponse> {
    await this.workplace.know(request.getUrn(), request.getId());
    const inputs = fromStruct(request.getNews());
    const olds = fromStruct(request.getOlds());
    const outputs = await this.workplace.perform(orderOf(request, inputs), async (driver, task) => {
      const subject = this.subject(peer, inputs, olds);
      const { paths } = differenceOf(driver, oldValues(request), subject.inputs, request.getIgnorechangesList());
      // Refuses what the real provider refuses, in a preview too.
      driver.change(paths, subject.inputs);
      if (!request.getPreview()) return (await driver.update?.(subject, task, paths)) ?? olds;
      return Object.fromEntries(Object.entries(olds).filter(([name]) => driver.stable?.includes(name)));
    });
    return new rpc.UpdateResponse().setProperties(toStruct({ ...outputs, ...inputs }));
  }

  private subject(peer: string, inputs: Properties, outputs: Properties): Subject {
    return { inputs: reveal(inputs), outputs: reveal(outputs), provider: this.configurationOf(peer) };
  }

  private configurationOf(peer: string): Subject["provider"] {
    // A connection that was idle for long comes back under another name.
    return this.configurations.get(peer) ?? this.latest;
  }
}

async function withDrift(driver: Driver, old: Values): Promise<Values> {
  const [drift] = (await driver.observe?.([{ ...old, provider: {} }])) ?? [];
  return { ...old, outputs: withFound(driver, old, drift) };
}

function orderOf(request: Request, inputs: Properties): Order {
  return { urn: request.getUrn(), type: request.getType(), inputs, seconds: request.getTimeout?.() };
}

function oldValues(request: rpc.DiffRequest | rpc.UpdateRequest): Values {
  return { inputs: reveal(fromStruct(request.getOldInputs())), outputs: reveal(fromStruct(request.getOlds())) };
}

/** A change that the driver refuses is an update, as with the real providers: the engine's `replaceOnChanges` may make it a replacement. */
function operationOf(change: () => "update" | "replace"): "update" | "replace" {
  try {
    return change();
  } catch {
    return "update";
  }
}

function diffResponse({ paths, named }: Difference, operation: "update" | "replace"): rpc.DiffResponse {
  const names = [...new Set(named.map((path) => path.split(".")[0] ?? path))];
  const isReplaced = operation === "replace" && paths.length > 0;
  const response = new rpc.DiffResponse()
    .setChanges(paths.length === 0 ? DIFF_NONE : DIFF_SOME)
    .setDiffsList(names)
    .setReplacesList(isReplaced ? names : [])
    .setHasdetaileddiff(named.length > 0);
  for (const path of named) {
    const kind = isReplaced ? UPDATE_REPLACE : UPDATE;
    response.getDetaileddiffMap().set(pulumiPath(path), new rpc.PropertyDiff().setKind(kind).setInputdiff(true));
  }
  return response;
}
