import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { promisify } from "node:util";
import { LanguageHost } from "./language-host";
import { layDownPorts, pluginVersions } from "./lay-down";
import { Provider } from "./provider";
import { Workplace } from "./workplace";

const PARENT_MILLISECONDS = 200;

/** Serves on a port of this machine, which it returns. */
async function serve(service: grpc.ServiceDefinition, handlers: grpc.UntypedServiceImplementation): Promise<number> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
  server.addService(service, handlers);
  const bind = promisify(server.bindAsync.bind(server));
  return bind("127.0.0.1:0", grpc.ServerCredentials.createInsecure());
}

/** Serves one provider, or the language host together with all three, to the CLI: this process's parent. */
async function main(name: string, engine: string): Promise<void> {
  const cli = process.ppid;
  const versions = pluginVersions();
  const workplace = new Workplace(process.cwd());
  const serveProvider = (plugin: string): Promise<number> =>
    serve(ResourceProviderService, new Provider(versions[plugin] ?? "", workplace).handlers);
  let removePorts = (): void => undefined;
  const host = new LanguageHost(engine, async () => {
    const ports = await Promise.all(
      Object.keys(versions).map(async (each) => [each, await serveProvider(each)] as const),
    );
    removePorts = layDownPorts(cli, Object.fromEntries(ports));
  });
  const stop = (): void => {
    host.stop();
    removePorts();
    process.exit();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  // A killed CLI does not end its plugins.
  setInterval(() => {
    if (process.ppid !== cli) stop();
  }, PARENT_MILLISECONDS);
  const port = await (name === "nodejs" ? serve(LanguageRuntimeService, host.handlers) : serveProvider(name));
  process.stdout.write(`${port}\n`);
}

// The CLI gives its own address last.
void main(process.argv[2] ?? "", process.argv.at(-1) ?? "");
