// Runs another benchmark of the project, which prints an object of JSON a line.

import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { startProcess } from "../traces/traces.ts";
import { UsageError } from "../usage-error.ts";

/** Objects as they come. Throws where the program is not there, or ends before it printed any. */
export async function* printedObjects<T>(
  program: string,
  args: readonly string[],
): AsyncGenerator<T> {
  if (!existsSync(program)) {
    throw new UsageError(`--parts needs ${program}, which only the project's own folder has`);
  }
  const child = startProcess([process.execPath, program, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let printed = 0;
  for await (const line of createInterface(child.stdout!)) {
    yield JSON.parse(line) as T;
    printed++;
  }
  const status = await ended;
  // Later lines may be missing too, but what came was measured; the program said why on its error stream.
  if (printed === 0) throw new Error(`${program} ended with ${status} and measured nothing`);
}
