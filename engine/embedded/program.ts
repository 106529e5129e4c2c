import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as monitor from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { EngineEvent, StackLocation } from "../engine";
import { startProgram } from "../program-process";
import type { Project } from "../project";
import { answer, fromStruct, toStruct } from "../rpc";
import type { Goal } from "./state";
import type { Properties } from "../values";

/** Receives what the program registers and logs. */
export interface Listener {
  register(goal: Goal): Promise<{ id: string; properties: Properties; succeeded: boolean }>;
  /** Receives the stack's outputs. */
  finish(outputs: Properties): void;
  log(severity: Extract<EngineEvent, { kind: "log" }>["severity"], message: string, urn: string): void;
}

const STACK = "pulumi:pulumi:Stack";
const FEATURES = ["secrets", "aliasSpecs", "parameterization"];
const SEVERITIES = [undefined, "info", "warning", "error"] as const;

/** Runs the program as Pulumi's language host does, and resolves to its exit code. */
export async function runProgram(
  { projectFolder, stack, stateFolder }: StackLocation,
  { name: project, main, config }: Project,
  preview: boolean,
  listener: Listener,
): Promise<number> {
  const folder = makeSocketFolder(stateFolder, preview);
  const address = `unix:${path.join(folder, "socket")}`;
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
  server.addService(ResourceMonitorService, monitorHandlers(`urn:pulumi:${stack}::${project}`, listener));
  server.addService(EngineService, {
    log: answer((request: LogRequest) => {
      const severity = SEVERITIES[request.getSeverity()];
      // The SDK's debug messages show secrets.
      if (severity) listener.log(severity, request.getMessage(), request.getUrn());
      return new Empty();
    }),
  });
  try {
    await promisify(server.bindAsync.bind(server))(address, grpc.ServerCredentials.createInsecure());
    const child = startProgram({
      ...{ monitor: address, engine: address, project, stack, organization: "organization" },
      ...{ folder: projectFolder, main, config, secretKeys: [], parallel: 32, preview },
    });
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on("line", (line) => {
        listener.log("info", line, "");
      });
    const [code] = (await once(child, "close")) as [number | null];
    return code ?? 1;
  } finally {
    server.forceShutdown();
    fs.rmSync(folder, { recursive: true });
  }
}

/**
 * A folder for the socket, for its owner alone: beside the state, so that the next run removes leftovers of a killed one. Elsewhere for
 * a preview, which makes no state, and where the socket's path would exceed 107 bytes (unix(7)).
 */
function makeSocketFolder(stateFolder: string, preview: boolean): string {
  const folder = path.join(stateFolder, "program");
  if (preview || path.join(folder, "socket").length > 107) return fs.mkdtempSync(path.join(os.tmpdir(), "lab-"));
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { mode: 0o700 });
  return folder;
}

function monitorHandlers(urnPrefix: string, listener: Listener): grpc.UntypedServiceImplementation {
  return {
    supportsFeature: answer((request: monitor.SupportsFeatureRequest) =>
      new monitor.SupportsFeatureResponse().setHassupport(FEATURES.includes(request.getId())),
    ),
    registerPackage: answer((request: monitor.RegisterPackageRequest) =>
      new monitor.RegisterPackageResponse().setRef(request.getName()),
    ),
    registerResource: answer(async (request: monitor.RegisterResourceRequest) => {
      const goal = goalOf(request, urnPrefix);
      const { id, properties, succeeded } = await listener.register(goal);
      return new monitor.RegisterResourceResponse()
        .setUrn(goal.urn)
        .setId(id)
        .setObject(toStruct(properties))
        .setResult(succeeded ? monitor.Result.SUCCESS : monitor.Result.FAIL);
    }),
    registerResourceOutputs: answer((request: monitor.RegisterResourceOutputsRequest) => {
      if (request.getUrn().includes(`::${STACK}::`)) listener.finish(fromStruct(request.getOutputs()));
      return new Empty();
    }),
    invoke: answer((request: monitor.ResourceInvokeRequest): monitor.ResourceInvokeRequest => {
      throw new Error(`the embedded engine does not support function ${request.getTok()}`);
    }),
  };
}

function goalOf(request: monitor.RegisterResourceRequest, urnPrefix: string): Goal {
  const { type, name, custom, parent, ...given } = request.toObject();
  const parentType = parent.split("::")[2] ?? STACK;
  const provider = given.provider.split("::").slice(0, 4).join("::");
  const unsupported = {
    aliases: given.aliasesList.length > 0,
    deletedWith: given.deletedwith !== "",
    import: given.importid !== "",
    retainOnDelete: given.retainondelete,
    replacementTrigger: request.hasReplacementTrigger(),
    hideDiffs: given.hidediffsList.length > 0,
  };
  return {
    urn: `${urnPrefix}::${parentType === STACK ? "" : `${parentType}$`}${type}::${name}`,
    type,
    name,
    custom,
    inputs: fromStruct(request.getObject()),
    needs: [parent, provider, ...given.dependenciesList].filter((urn) => urn !== ""),
    sources: Object.fromEntries(given.propertydependenciesMap.map(([input, { urnsList }]) => [input, urnsList])),
    provider,
    protect: given.protect === true,
    deleteBeforeReplace: given.deletebeforereplace,
    ignoreChanges: given.ignorechangesList,
    replaceOnChanges: given.replaceonchangesList,
    secretOutputs: given.additionalsecretoutputsList,
    timeouts: { create: "", update: "", delete: "", ...request.getCustomtimeouts()?.toObject() },
    unsupported: Object.entries(unsupported).flatMap(([option, isSet]) => (isSet ? [option] : [])),
  };
}
