// Preloaded into a process: lets Node load TypeScript. Pulumi's own way, ts-node, loads a compiler of 9 MB, and computes a stack trace
// by source maps for each of the SDK's thousands of promises.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

/** The TypeScript files of a folder, without packages, tests and hidden folders: a process reads what became of all of them. */
function sourcesOf(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return /^(node_modules|test)$|^\./.test(entry.name) ? [] : sourcesOf(file);
    return /(?<!\.d)\.ts$/.test(entry.name) ? [file] : [];
  });
}

/** Pairs of a file and its JavaScript. */
function compile(files, folder) {
  const { outputFiles } = require("esbuild").buildSync({
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

/**
 * The same for all sources of a folder, cached for the next process: a command has three, one after the other. The cache is beside the
 * packages, and is removed with them when esbuild changes; where nothing can be written, there is none.
 */
function compileOnce(folder) {
  const kept = path.join(folder, "node_modules", ".cache", "lab-typescript.json");
  const sources = sourcesOf(folder);
  const state = JSON.stringify([
    process.versions.node,
    sources.map((file) => {
      const { size, mtimeMs, ino } = fs.statSync(file);
      return [file, size, mtimeMs, ino];
    }),
  ]);
  try {
    const before = JSON.parse(fs.readFileSync(kept, "utf8"));
    if (before.state === state) return before.compiled;
  } catch {
    // There is no cache, or a damaged one.
  }
  const compiled = compile(sources, folder);
  try {
    const mine = `${kept}.${process.pid}`;
    fs.mkdirSync(path.dirname(kept), { recursive: true });
    fs.writeFileSync(mine, JSON.stringify({ state, compiled }));
    fs.renameSync(mine, kept);
  } catch {
    // The folder is another user's.
  }
  return compiled;
}

const compiled = new Map(compileOnce(process.cwd()));

require.extensions[".ts"] = (module, file) => {
  // A package may lie elsewhere.
  if (!compiled.has(file)) for (const [name, text] of compile([file], path.dirname(file))) compiled.set(name, text);
  module._compile(compiled.get(file), file);
};
