// An application submits jobs by itself, without the command line: a job value, and a path of a module.

import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("application");
let cluster: LocalCluster | undefined;
afterAll(() => cluster?.stop());

const jobModule = `import { defineJob, z } from "millrace";

export default defineJob({
  name: "longest",
  params: z.object({ input: z.string(), count: z.number().int() }),
  async run(mr, { input, count }) {
    const lines = await mr.read.text(input).orderBy((line) => line.length, "desc").take(count);
    return { lines };
  },
});
`;

const application = `import { connect, EngineError } from "millrace";
import job from "./longest.mjs";

const client = await connect({ masters: [process.argv[2]], token: process.env.MILLRACE_TOKEN });
const byValue = await client.submit(job, { input: "in.txt", count: 2 });
const byPath = await client.submit("longest.mjs", { input: "in.txt", count: 1 });
let wrong = "nothing";
try {
  await client.submit(job, { input: "in.txt", count: "many" });
} catch (failure) {
  wrong = failure instanceof EngineError ? failure.code : String(failure);
}
const view = await client.status(byValue.jobId);
client.close();
console.log(JSON.stringify([byValue.result, byPath.result, wrong, view.state]));
`;

function runNode(args: readonly string[], environment: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...environment };
    const child = spawn(process.execPath, args, { cwd: folder, env });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`the application ended with ${code}:\n${errors}`));
    });
  });
}

test("connect and submit from a program of one's own", async () => {
  const running = await startLocalCluster({
    masters: 1,
    workers: 1,
    threads: 1,
    folder: join(folder, "cluster"),
    program: builtProgram(),
  });
  cluster = running;
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(dirname(dirname(dirname(builtProgram()))), join(folder, "node_modules/millrace"));
  writeFileSync(join(folder, "in.txt"), "a\nthree\nfour!!\nbb\n");
  writeFileSync(join(folder, "longest.mjs"), jobModule);
  writeFileSync(join(folder, "app.mjs"), application);
  const [master] = running.masters;
  const output = await runNode(["app.mjs", master ?? ""], { ...running.environment });
  expect(JSON.parse(output)).toEqual([
    { lines: ["four!!", "three"] },
    { lines: ["four!!"] },
    "PARAMS_INVALID",
    "succeeded",
  ]);
}, 60_000);
