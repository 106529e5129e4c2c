// Preloaded into the program: leaves out what the SDK loads and never uses here, which takes a third of the program's time. Should another
// version of it load something else, that is loaded.
"use strict";
const Module = require("node:module");

/** What is asked for, and what is given instead. */
const LEFT_OUT = new Map([
  // By which a stack is worked out for each resource and each promise. The sources have no maps (see load-typescript.cjs).
  ["source-map-support/register", {}],
  // Turn functions into text, for dynamic providers, which this engine does not take: with a TypeScript compiler and a debugger.
  ["./closure/serializeClosure", {}],
  ["./closure/codePaths", {}],
  ["../../runtime/closure/v8Hooks", { isInitializedAsync: () => Promise.resolve() }],
  // Send traces to where `--tracing` says.
  ...[
    "resources",
    "sdk-trace-base",
    "exporter-zipkin",
    "instrumentation-grpc",
    "sdk-trace-node",
    "instrumentation",
  ].map((name) => [`@opentelemetry/${name}`, {}]),
]);

const load = Module._load;

Module._load = (request, ...rest) => LEFT_OUT.get(request) ?? load(request, ...rest);
