import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { type LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderClient, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { promisify } from "node:util";
import { Provider } from "../../engine/plugins/provider";
import type { Workplace } from "../../engine/plugins/workplace";
import { answer, fromStruct, toStruct } from "../../engine/rpc";
import type { Properties } from "../../engine/values";

const { DIFF_NONE } = rpc.DiffResponse.DiffChanges;
const { UPDATE_REPLACE } = rpc.PropertyDiff.Kind;

/** What a `diff` answered: `none`, or each named path with what it takes. */
export type DiffAnswer = "none" | Readonly<Record<string, "update" | "replace">>;

/** A resource, as the engine knows it. */
export interface Known {
  readonly id?: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

type Method = Exclude<keyof ResourceProviderClient, keyof grpc.Client>;

/** Calls a provider as the engine does, over gRPC, about one resource. */
export class ProviderClient {
  /** What the provider has logged: severity and message. */
  readonly logged: string[] = [];
  private readonly servers: grpc.Server[] = [];
  private readonly clients: grpc.Client[] = [];
  private port = 0;
  private client!: ResourceProviderClient;

  constructor(
    readonly urn: string,
    private readonly workplace: Workplace,
  ) {}

  get type(): string {
    return this.urn.split("::")[2] ?? "";
  }

  async start(): Promise<void> {
    const engine = await this.serve(EngineService, {
      log: answer((request: LogRequest) => {
        const isWarning = request.getSeverity() === LogSeverity.WARNING;
        this.logged.push(`${isWarning ? "warning" : "info"} ${request.getUrn()} ${request.getMessage()}`);
        return new Empty();
      }),
    });
    this.port = await this.serve(ResourceProviderService, new Provider("1.2.3", this.workplace).handlers);
    this.client = this.connect();
    await this.call<rpc.ProviderHandshakeResponse>(
      "handshake",
      new rpc.ProviderHandshakeRequest().setEngineAddress(`127.0.0.1:${engine}`),
    );
  }

  /** Another connection, as the engine opens one for each provider. */
  connect(): ResourceProviderClient {
    const client = new ResourceProviderClient(`127.0.0.1:${this.port}`, grpc.credentials.createInsecure(), {
      // Of its own, whatever other connections there are.
      "grpc.use_local_subchannel_pool": 1,
    });
    this.clients.push(client);
    return client;
  }

  stop(): void {
    for (const client of this.clients) client.close();
    for (const server of this.servers) server.forceShutdown();
  }

  /** Calls one method. */
  call<Response>(method: Method, request: object, client = this.client): Promise<Response> {
    return new Promise((resolve, reject) => {
      const done = (error: grpc.ServiceError | null, response: Response): void => {
        if (error) reject(new Error(error.details));
        else resolve(response);
      };
      (client[method] as (request: object, callback: typeof done) => void).call(client, request, done);
    });
  }

  async configure(inputs: Properties, client = this.client): Promise<rpc.ConfigureResponse> {
    return this.call<rpc.ConfigureResponse>("configure", new rpc.ConfigureRequest().setArgs(toStruct(inputs)), client);
  }

  async check(inputs: Properties): Promise<string[]> {
    const request = new rpc.CheckRequest().setUrn(this.urn).setType(this.type).setNews(toStruct(inputs));
    const response = await this.call<rpc.CheckResponse>("check", request);
    return response.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
  }

  async diff(old: Known, inputs: Properties, ignoreChanges: string[] = []): Promise<DiffAnswer> {
    const request = new rpc.DiffRequest()
      .setUrn(this.urn)
      .setType(this.type)
      .setId(old.id ?? "");
    request.setOlds(toStruct(old.outputs)).setOldInputs(toStruct(old.inputs)).setNews(toStruct(inputs));
    const response = await this.call<rpc.DiffResponse>("diff", request.setIgnorechangesList(ignoreChanges));
    if (response.getChanges() === DIFF_NONE) return "none";
    const named = (response.getDetaileddiffMap().toArray() as unknown as [string, unknown][]).map(([path]) => path);
    return Object.fromEntries(
      named.map((path) => {
        const kind = response.getDetaileddiffMap().get(path)?.getKind();
        return [path, kind === UPDATE_REPLACE ? "replace" : "update"];
      }),
    );
  }

  async create(inputs: Properties, { preview = false, seconds = 0, client = this.client } = {}): Promise<Known> {
    const request = new rpc.CreateRequest().setUrn(this.urn).setType(this.type).setProperties(toStruct(inputs));
    const response = await this.call<rpc.CreateResponse>(
      "create",
      request.setPreview(preview).setTimeout(seconds),
      client,
    );
    return { id: response.getId(), inputs, outputs: fromStruct(response.getProperties()) };
  }

  /** Undefined when it is missing. */
  async read({ id = "", inputs, outputs }: Known): Promise<Known | undefined> {
    const request = new rpc.ReadRequest().setUrn(this.urn).setType(this.type).setId(id);
    request.setInputs(toStruct(inputs)).setProperties(toStruct(outputs));
    const response = await this.call<rpc.ReadResponse>("read", request);
    if (response.getId() === "") return undefined;
    return {
      id: response.getId(),
      inputs: fromStruct(response.getInputs()),
      outputs: fromStruct(response.getProperties()),
    };
  }

  async update(old: Known, inputs: Properties, preview = false): Promise<Known> {
    const request = new rpc.UpdateRequest()
      .setUrn(this.urn)
      .setType(this.type)
      .setId(old.id ?? "");
    request.setOlds(toStruct(old.outputs)).setOldInputs(toStruct(old.inputs)).setNews(toStruct(inputs));
    const response = await this.call<rpc.UpdateResponse>("update", request.setPreview(preview));
    return { id: old.id, inputs, outputs: fromStruct(response.getProperties()) };
  }

  async delete({ id = "", inputs, outputs }: Known): Promise<void> {
    const request = new rpc.DeleteRequest().setUrn(this.urn).setType(this.type).setId(id);
    await this.call<Empty>("delete", request.setOldInputs(toStruct(inputs)).setProperties(toStruct(outputs)));
  }

  private async serve(service: grpc.ServiceDefinition, handlers: grpc.UntypedServiceImplementation): Promise<number> {
    const server = new grpc.Server();
    server.addService(service, handlers);
    this.servers.push(server);
    return promisify(server.bindAsync.bind(server))("127.0.0.1:0", grpc.ServerCredentials.createInsecure());
  }
}
