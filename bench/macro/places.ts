// Where the suite's files are: sources and what was built of them.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, seen from the built or the source tree. */
export function projectFolder(): string {
  const here = fileURLToPath(import.meta.url);
  return here.slice(0, here.lastIndexOf("/bench/")).replace(/\/dist$/, "");
}

/** A built file by its path below `dist`. */
export function builtFile(path: string): string {
  return join(projectFolder(), "dist", path);
}

/** A file of the suite by its path below `bench/macro`. */
export function suiteFile(path: string): string {
  return join(projectFolder(), "bench/macro", path);
}

/** Whether this is the project's own repository, or a package that somebody installed. */
export function isRepository(): boolean {
  return existsSync(suiteFile("main.ts"));
}

/** How the suite is started from here: for hints. */
export function benchCommand(rest: string): string {
  return `${isRepository() ? "npm run bench --" : "millrace bench"} ${rest}`;
}
