// Loaded into every process and thread of a profiled cluster by NODE_OPTIONS: profiles from one signal to the next.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { basename, join } from "node:path";
import { isMainThread, threadId } from "node:worker_threads";

const folder = process.env.MILLRACE_PROFILE_FOLDER;
const samplingUs = 500;
const heapSamplingBytes = 65_536;

/** `embedded/main.mjs` and the like, without what is not for file names. */
function processName() {
  const path = process.argv[1] ?? "node";
  const role =
    process.argv[2] === "master" || process.argv[2] === "worker" ? `-${process.argv[2]}` : "";
  const parent = basename(join(path, ".."));
  return `${parent}-${basename(path).replace(/\.mjs$/, "")}${role}`.replaceAll(/[^a-z0-9-]/gi, "_");
}

if (folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  const session = new Session();
  session.connect();
  const role = isMainThread ? processName() : "executor";
  const name = `${role}-${process.pid}-thread-${threadId}`;
  const listening = join(folder, `${name}.listening`);
  let isRunning = false;

  const start = () => {
    isRunning = true;
    session.post("Profiler.enable");
    session.post("Profiler.setSamplingInterval", { interval: samplingUs });
    session.post("Profiler.start");
    session.post("HeapProfiler.startSampling", { samplingInterval: heapSamplingBytes });
    writeFileSync(join(folder, `${name}.running`), "");
  };
  const stop = () => {
    isRunning = false;
    // First: ending the other one collects garbage, which is not the time of the job.
    session.post("Profiler.stop", (_, result) => {
      writeFileSync(join(folder, `${name}.cpuprofile`), JSON.stringify(result?.profile ?? {}));
    });
    session.post("HeapProfiler.stopSampling", (_, result) => {
      writeFileSync(join(folder, `${name}.heapprofile`), JSON.stringify(result?.profile ?? {}));
    });
  };
  const turn = () => (isRunning ? stop() : start());

  const channel = new BroadcastChannel("millrace-profile");
  channel.onmessage = turn;
  channel.unref();
  if (isMainThread) {
    process.on("SIGUSR2", () => {
      channel.postMessage("turn");
      turn();
    });
  }
  // Only processes that say so may be sent the signal: it ends others.
  writeFileSync(listening, "");
  process.once("exit", () => rmSync(listening, { force: true }));
}
