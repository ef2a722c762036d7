// Who is measured: how each is found on this machine, and how its process is started.

import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pythonEnvironment, skaleFolder } from "../peers/environment.ts";
import { builtFile, projectFolder, suiteFile } from "../places.ts";
import type { HostCommand } from "../protocol/session.ts";
import type { Task, TaskOwner } from "../protocol/workload.ts";

export interface HostSettings {
  readonly workload: string;
  readonly threads: number;
}

export interface Contender {
  /** As in result files. */
  readonly name: string;
  readonly title: string;
  /** Which of a row's tasks it runs. */
  readonly owner: TaskOwner;
  /** Undefined where it can be used; otherwise why it cannot. */
  absent(): string | undefined;
  /** Why it cannot run a task that is written for it, as it is installed here; undefined where it can. */
  refuses?(task: Task): string | undefined;
  host(settings: HostSettings): HostCommand;
  /** A command of its own for one task; undefined where there is none. */
  shell?(settings: HostSettings, task: Task, output: string): HostCommand;
}

function node(...args: readonly string[]): HostCommand {
  return { command: [process.execPath, ...args], workingFolder: projectFolder() };
}

function ours(name: string, title: string, masters: number): Contender {
  const shell = ({ threads }: HostSettings, task: Task): HostCommand => {
    if (task.kind !== "job") throw new Error("millrace runs jobs");
    const program = join(projectFolder(), "sdk/cli/millrace.mjs");
    const flags = Object.entries(task.params).flatMap(([key, value]) => [`--${key}`, `${value}`]);
    return node(program, "run", "--quiet", "--threads", `${threads}`, task.file, ...flags);
  };
  return {
    name,
    title,
    owner: "millrace",
    absent: () => undefined,
    host: ({ threads }) =>
      node(builtFile("bench/macro/hosts/millrace.mjs"), `${masters}`, `${threads}`),
    ...(masters === 1 ? { shell } : {}),
  };
}

const baseline: Contender = {
  name: "baseline",
  title: "TypeScript, 1 thread",
  owner: "baseline",
  absent: () => undefined,
  host: ({ workload }) => node(builtFile("bench/macro/hosts/baseline.mjs"), workload),
  shell: ({ workload }, task) =>
    node(builtFile("bench/macro/hosts/baseline.mjs"), workload, "--once", JSON.stringify(task)),
};

function python(name: TaskOwner, title: string, needs?: () => string | undefined): Contender {
  const command = ({ workload, threads }: HostSettings, rest: readonly string[]): HostCommand => {
    const found = pythonEnvironment();
    const program = join("folder" in found ? found.folder : "", "bin/python");
    const module = suiteFile(`workloads/${workload}/peers.py`);
    const host = suiteFile("peers/host.py");
    return {
      command: [program, host, name, `${threads}`, module, ...rest],
      environment: {
        PYTHONDONTWRITEBYTECODE: "1",
        PYSPARK_PYTHON: program,
        // Its sockets lie below, and their paths must be short.
        RAY_TMPDIR: tmpdir(),
      },
      workingFolder: projectFolder(),
    };
  };
  return {
    name,
    title,
    owner: name,
    absent: () => {
      const found = pythonEnvironment();
      return "absent" in found ? found.absent : needs?.();
    },
    host: (settings) => command(settings, []),
    shell: (settings, task, output) => command(settings, ["--once", JSON.stringify(task), output]),
  };
}

function javaMissing(): string | undefined {
  const { status } = spawnSync("java", ["-version"]);
  return status === 0 ? undefined : "Spark needs Java 17, and there is no `java`";
}

const duckdbOfPython = python("duckdb", "DuckDB");
const duckdbHost = (): string => builtFile("bench/macro/hosts/duckdb.mjs");

/** The newer one of the Python environment where there is one, else the one of npm. */
const duckdb: Contender = {
  name: "duckdb",
  title: "DuckDB",
  owner: "duckdb",
  absent: () => undefined,
  refuses: ({ kind }) => {
    const found = pythonEnvironment();
    if (kind === "sql" || "folder" in found) return undefined;
    return `the DuckDB of npm runs SQL alone; ${found.absent}`;
  },
  host: (settings) =>
    "folder" in pythonEnvironment()
      ? duckdbOfPython.host(settings)
      : node(duckdbHost(), `${settings.threads}`),
  shell: (settings, task, output) =>
    "folder" in pythonEnvironment() && duckdbOfPython.shell !== undefined
      ? duckdbOfPython.shell(settings, task, output)
      : node(duckdbHost(), `${settings.threads}`, "--once", JSON.stringify(task)),
};

const skale: Contender = {
  name: "skale",
  title: "skale",
  owner: "skale",
  absent: () => {
    const found = skaleFolder();
    return "absent" in found ? found.absent : undefined;
  },
  host: ({ threads, workload }) => {
    const found = skaleFolder();
    const folder = "folder" in found ? found.folder : "";
    return node(suiteFile("peers/skale-host.mjs"), folder, `${threads}`, workload);
  },
};

/** In the order of the report. */
export const contenders: readonly Contender[] = [
  ours("millrace", "Millrace", 1),
  ours("millrace-3", "Millrace, 3 masters", 3),
  baseline,
  duckdb,
  python("polars", "Polars"),
  python("spark", "Spark", javaMissing),
  python("dask", "Dask"),
  python("ray", "Ray Data"),
  skale,
];
