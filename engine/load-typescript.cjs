// Preloaded into a process: lets Node load TypeScript. Pulumi's own way, ts-node, loads a compiler of 9 MB for that, and works out a stack
// trace by source maps for each of the SDK's promises, of which there are thousands.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { buildSync } = require("esbuild");

/** The TypeScript files of a folder; packages and hidden folders are left out. */
function sourcesOf(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return /^(node_modules$|\.)/.test(entry.name) ? [] : sourcesOf(file);
    return /(?<!\.d)\.ts$/.test(entry.name) ? [file] : [];
  });
}

/** Files below a folder, and the JavaScript of each. */
function compile(files, folder) {
  const { outputFiles } = buildSync({
    entryPoints: files,
    outbase: folder,
    outdir: folder,
    write: false,
    format: "cjs",
    platform: "node",
    target: `node${process.versions.node}`,
    // `import()` would look for JavaScript.
    supported: { "dynamic-import": false },
    tsconfigRaw: {},
    logLevel: "silent",
  });
  return outputFiles.map(({ path: file, text }) => [file.replace(/\.js$/, ".ts"), text]);
}

// All of the working folder in one run, for each takes a process.
const compiled = new Map(compile(sourcesOf(process.cwd()), process.cwd()));

require.extensions[".ts"] = (module, file) => {
  // A package may lie elsewhere.
  if (!compiled.has(file)) for (const [name, text] of compile([file], path.dirname(file))) compiled.set(name, text);
  module._compile(compiled.get(file), file);
};
