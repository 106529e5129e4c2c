import * as grpc from "@grpc/grpc-js";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Properties } from "./values";

/** A handler of gRPC's, from a function. It is told by which connection the request came. */
export function answer<Request, Response>(make: (request: Request, peer: string) => Response | Promise<Response>) {
  return (call: grpc.ServerUnaryCall<Request, Response>, callback: grpc.sendUnaryData<Response>): void => {
    const fail = (error: unknown): void => {
      callback({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) });
    };
    Promise.resolve(call.request)
      .then((request) => make(request, call.getPeer()))
      .then((response) => {
        callback(null, response);
      }, fail);
  };
}

export const toStruct = (properties: Properties): Struct =>
  Struct.fromJavaScript(properties as Record<string, JavaScriptValue>);

export const fromStruct = (struct: Struct | undefined): Properties => struct?.toJavaScript() ?? {};
