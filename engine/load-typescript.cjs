// Preloaded into a process: lets Node load TypeScript. Pulumi's own way, ts-node, loads a compiler of 9 MB for that, and works out a stack
// trace by source maps for each of the SDK's promises, of which there are thousands.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

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
 * The same for all sources of a folder, kept for the next process: a command has three, one after the other. It is kept beside the packages,
 * which go when esbuild is another; where nothing can be written, it is not kept.
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
    // There is none, or not a whole one.
  }
  const compiled = compile(sources, folder);
  try {
    const mine = `${kept}.${process.pid}`;
    fs.mkdirSync(path.dirname(kept), { recursive: true });
    fs.writeFileSync(mine, JSON.stringify({ state, compiled }));
    fs.renameSync(mine, kept);
  } catch {
    // Somebody else's folder.
  }
  return compiled;
}

const compiled = new Map(compileOnce(process.cwd()));

require.extensions[".ts"] = (module, file) => {
  // A package may lie elsewhere.
  if (!compiled.has(file)) for (const [name, text] of compile([file], path.dirname(file))) compiled.set(name, text);
  module._compile(compiled.get(file), file);
};
