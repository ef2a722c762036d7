// The files that the rules speak about, each parsed once, and small questions about a path.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { type Place, testSupport } from "./rules.ts";

export interface Source {
  /** Path from the root of the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

export interface Violation {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

const folders = ["bench", "jobs", "master", "proto", "sdk", "worker"];
const skippedFolders = new Set(["node_modules", "dist", "generated", "testdata"]);

export function parse(path: string, text: string): Source {
  const kind = path.endsWith(".mjs") ? ts.ScriptKind.JS : ts.ScriptKind.TS;
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true, kind) };
}

function walk(root: string, folder: string, isWanted: (name: string) => boolean): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return skippedFolders.has(entry.name) ? [] : walk(root, path, isWanted);
    }
    return entry.isFile() && isWanted(entry.name) ? [path] : [];
  });
}

const isKernel = (name: string) => name.endsWith(".as.ts");
const isCode = (name: string) => /(?<!\.d)\.ts$|\.mjs$/.test(name) && !isKernel(name);

function read(root: string, isWanted: (name: string) => boolean): Source[] {
  const present = new Set(readdirSync(root));
  const paths = ["vitest.config.ts"].filter((path) => present.has(path) && isWanted(path));
  for (const folder of folders) {
    if (present.has(folder)) paths.push(...walk(root, folder, isWanted));
  }
  return paths.sort().map((path) => parse(path, readFileSync(join(root, path), "utf8")));
}

/** Every hand-written source file of the project that TypeScript compiles. */
export function readSources(root: string): Source[] {
  return read(root, isCode);
}

/** Sources of kernels: AssemblyScript, which is written much as TypeScript is. */
export function readKernelSources(root: string): Source[] {
  return read(root, isKernel);
}

/** Folder, file, or prefix ending in `*`. */
export function covers(place: Place, path: string): boolean {
  if (place.endsWith("*")) return path.startsWith(place.slice(0, -1));
  return path === place || path.startsWith(`${place}/`);
}

export function isWithin(path: string, places: readonly Place[]): boolean {
  return places.some((place) => covers(place, path));
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function isTestSupport(path: string): boolean {
  return path.split("/").includes(testSupport.folder) && !covers(testSupport.except, path);
}

/** A test, or what tests share. */
export function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || isTestSupport(path);
}

export function isScript(path: string): boolean {
  return path.endsWith(".mjs");
}

export function lineOf(source: Source, node: ts.Node): number {
  return source.tree.getLineAndCharacterOfPosition(node.getStart(source.tree)).line + 1;
}

/** Calls `visit` for every node, parents first. */
export function eachNode(source: Source, visit: (node: ts.Node) => void): void {
  const step = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, step);
  };
  step(source.tree);
}
