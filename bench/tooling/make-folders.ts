// Makes a folder that a command line names, with those above it, or says why it cannot be.

import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** One after the other: where the system says that a parent is missing, Node tries for ever to make that first. */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolders(parent);
  mkdirSync(folder);
}

/** Undefined where the folder is there now and can be written; else what the system says, or what is in its place. */
export function whyNotWritable(folder: string): string | undefined {
  try {
    makeFolders(resolve(folder));
    if (!statSync(folder).isDirectory()) return "it is a file";
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  }
}
