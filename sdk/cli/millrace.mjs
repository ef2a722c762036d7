#!/usr/bin/env node
// The `millrace` command: starts the built program, or says how to build it.
import { existsSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = new URL("../../dist/sdk/cli/main.mjs", import.meta.url);

if (existsSync(fileURLToPath(program))) {
  // Newer Node versions keep compiled code between starts; Node 20 does not have the function. In a folder of the user's
  // own, since what lies there is run; who has none, as in some containers, does without.
  const { HOME, XDG_CACHE_HOME } = process.env;
  const caches = XDG_CACHE_HOME || (HOME && join(HOME, ".cache"));
  if (caches) module.enableCompileCache?.(join(caches, "millrace", "compiled"));
  await import(program.href);
} else {
  process.stderr.write(
    "millrace is not built: run `npm run build` in its folder, then try again\n",
  );
  process.exitCode = 70;
}
