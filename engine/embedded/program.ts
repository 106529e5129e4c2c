import { spawn } from "node:child_process";
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
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { EngineEvent, StackLocation } from "../engine";
import type { Project } from "../project";
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
    const places = { monitor: address, engine: address, "root-directory": projectFolder, pwd: projectFolder };
    const flags = Object.entries({ ...places, project, stack, organization: "organization", parallel: "32" });
    const run = require.resolve("@pulumi/pulumi/cmd/run", { paths: [projectFolder] });
    const args = [
      // The SDK keeps the stack of each of its promises.
      "--stack-trace-limit=4",
      ...["--require", path.join(__dirname, "leave-out.cjs")],
      ...["--require", path.join(__dirname, "..", "load-typescript.cjs")],
      run,
      ...flags.flatMap(([flag, value]) => [`--${flag}`, value]),
      ...(preview ? ["--dry-run"] : []),
      main,
    ];
    const variables = { PULUMI_CONFIG: JSON.stringify(config), PULUMI_CONFIG_SECRET_KEYS: "[]" };
    // Of its own process group: a terminal's Ctrl-C is for the engine, which lets running operations finish.
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...variables, PULUMI_NODEJS_TYPESCRIPT: "false" },
      cwd: projectFolder,
      detached: true,
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
        .setObject(Struct.fromJavaScript(properties as Record<string, JavaScriptValue>))
        .setResult(succeeded ? monitor.Result.SUCCESS : monitor.Result.FAIL);
    }),
    registerResourceOutputs: answer((request: monitor.RegisterResourceOutputsRequest) => {
      if (request.getUrn().includes(`::${STACK}::`)) listener.finish(request.getOutputs()?.toJavaScript() ?? {});
      return new Empty();
    }),
    invoke: answer((request: monitor.ResourceInvokeRequest): monitor.ResourceInvokeRequest => {
      throw new Error(`the embedded engine does not support function ${request.getTok()}`);
    }),
  };
}

function answer<Request, Response>(make: (request: Request) => Response | Promise<Response>) {
  return ({ request }: { request: Request }, callback: grpc.sendUnaryData<Response>): void => {
    const fail = (error: Error): void => {
      callback({ code: grpc.status.UNKNOWN, details: error.message });
    };
    Promise.resolve(request)
      .then(make)
      .then((response) => {
        callback(null, response);
      }, fail);
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
    inputs: request.getObject()?.toJavaScript() ?? {},
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
