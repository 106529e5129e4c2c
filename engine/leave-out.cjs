// Preloaded into the program: leaves out modules that the SDK loads and never uses here, a third of the program's time. Modules that
// another version of the SDK loads are not affected.
"use strict";
const Module = require("node:module");

/** A module's name to its replacement. */
const LEFT_OUT = new Map([
  // Computes a stack trace for each resource and each promise. The sources have no maps (see load-typescript.cjs).
  ["source-map-support/register", {}],
  // Turn functions into text for dynamic providers, which no engine of ours supports: with a TypeScript compiler and a debugger.
  ["./closure/serializeClosure", {}],
  ["./closure/codePaths", {}],
  ["../../runtime/closure/v8Hooks", { isInitializedAsync: () => Promise.resolve() }],
  // For `--tracing`.
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
