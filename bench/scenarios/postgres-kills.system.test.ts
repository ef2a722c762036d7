// Three masters, three workers and PostgreSQL as real processes; the leader and a worker are killed while rows are
// staged, and again while they are published. The rows are there once; a cancelled job leaves nothing.

import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { afterAll, describe, expect, test } from "vitest";
import type { ClusterView, JobView } from "../../proto/wire/views.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { postgresForTests } from "../postgres/for-tests.ts";
import { type JobReport, runCommand, startCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("postgres-kills");
const postgres = postgresForTests();
const input = join(folder, "orders.ndjson");
const rows = 800_000;
let cluster: LocalCluster | undefined;
afterAll(() => cluster?.stop());

async function writeOrders(): Promise<void> {
  const file = createWriteStream(input);
  for (let first = 0; first < rows; first += 10_000) {
    let text = "";
    for (let id = first; id < first + 10_000; id++) {
      text += `{"id":${id},"customer":"customer ${id % 977}","price":${id % 1000}.25,"placed":"2024-05-01T10:00:00Z"}\n`;
    }
    file.write(text);
  }
  file.end();
  await finished(file);
}

async function json<Value>(args: readonly string[], running: LocalCluster): Promise<Value> {
  const [command = "", ...rest] = args;
  const masters = ["--masters", running.masters.join(",")];
  const { environment } = running;
  const result = await runCommand([command, ...masters, "--json", ...rest], { environment });
  if (result.code !== 0) throw new Error(`${args.join(" ")} failed:\n${result.stderr}`);
  return JSON.parse(result.stdout) as Value;
}

function load(running: LocalCluster, table: string) {
  const masters = running.masters.join(",");
  const args = ["submit", "--json", "--masters", masters, "jobs/load-postgres/job.ts"];
  const { environment } = running;
  return startCommand([...args, "--input", input, "--table", table], { environment });
}

/** Waits for a job other than the known ones for which something holds. */
async function untilJob(
  running: LocalCluster,
  known: readonly string[],
  holds: (job: JobView) => boolean,
): Promise<JobView> {
  for (let look = 0; look < 600; look++) {
    const { jobs } = await json<{ jobs: JobView[] }>(["status"], running);
    const job = jobs.find((one) => !known.includes(one.jobId));
    if (job !== undefined && holds(job)) return job;
  }
  throw new Error("the job never got so far");
}

const hasStaged = (tasks: number) => (job: JobView) =>
  (job.actions[0]?.stages[0]?.done ?? 0) >= tasks;

/** Kills the leader and a worker at once; answers what starts them again. */
async function strike(running: LocalCluster, worker: string): Promise<() => Promise<void>> {
  const { cluster: view } = await json<{ cluster: ClusterView }>(["status"], running);
  const victims = [view.leader, worker];
  await Promise.all(victims.map((name) => running.kill(name, "SIGKILL")));
  return async () => {
    for (const name of victims) await running.restart(name);
  };
}

async function startCluster(): Promise<LocalCluster> {
  cluster = await startLocalCluster({
    ...{ masters: 3, workers: 3, threads: 1 },
    folder: join(folder, "cluster"),
    program: builtProgram(),
  });
  return cluster;
}

describe.skipIf(postgres.absent)(`killing while PostgreSQL is written${postgres.note}`, () => {
  test("rows are there once, and staged ones of a cancelled job are removed", async () => {
    await writeOrders();
    const server = await postgres.server();
    Object.assign(process.env, server.environment);
    for (const table of ["struck", "held", "cancelled"]) {
      await server.query(
        `create table ${table} (id int8, customer text, price numeric(12, 2), placed timestamptz)`,
      );
    }
    const running = await startCluster();
    const counts = (table: string) =>
      server.query(
        `select count(*)::int4 as rows, count(distinct id)::int4 as ids, sum(price)::text as sum from ${table}`,
      );
    const whole = { rows, ids: rows, sum: `${(rows / 1000) * 499_500 + rows / 4}.00` };

    // While rows are staged.
    const struck = load(running, "struck");
    const first = await untilJob(running, [], hasStaged(2));
    const heal = await strike(running, "worker-2");
    const struckResult = await struck.result;
    expect(struckResult.code, struckResult.stderr).toBe(0);
    expect((JSON.parse(struckResult.stdout) as JobReport).result).toEqual({ rows });
    expect(await counts("struck")).toEqual([whole]);
    await heal();

    // While they are published: a lock on the table holds the transaction up.
    const lock = await server.session();
    await lock.query("begin");
    await lock.query("lock table held in share mode");
    const held = load(running, "held");
    const second = await untilJob(running, [first.jobId], (job) => {
      const [stage] = job.actions[1]?.stages ?? [];
      return (stage?.running ?? 0) > 0;
    });
    const healAgain = await strike(running, "worker-1");
    await lock.query("rollback");
    await lock.end();
    const heldResult = await held.result;
    expect(heldResult.code, heldResult.stderr).toBe(0);
    expect(await counts("held")).toEqual([whole]);
    await healAgain();

    const cancelled = load(running, "cancelled");
    const known = [first.jobId, second.jobId];
    const third = await untilJob(running, known, hasStaged(1));
    await json(["cancel", third.jobId], running);
    expect((await cancelled.result).code).toBe(6);
    await untilJob(running, known, (job) => job.state === "cancelled");
    expect(await counts("cancelled")).toEqual([{ rows: 0, ids: 0, sum: null }]);
    const staged = await server.query(
      "select relname from pg_class where relname like 'staged\\_%'",
    );
    expect(staged).toEqual([]);
    const states = await server.query(
      "select state, staged from millrace.writes order by opened_at",
    );
    expect(states).toEqual([
      { state: "committed", staged: false },
      { state: "committed", staged: false },
      { state: "aborted", staged: false },
    ]);
  }, 300_000);
});
