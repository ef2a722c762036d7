// Runs before the tests of real processes: they start what is in dist/.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export function setup(): void {
  const build = fileURLToPath(new URL("./build.mjs", import.meta.url));
  const result = spawnSync(process.execPath, [build], { stdio: "inherit" });
  if (result.status !== 0) {
    throw new Error(`the build ended with status ${result.status}: tests of processes cannot run`);
  }
}
