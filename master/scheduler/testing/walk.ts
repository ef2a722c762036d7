// A random walk through commands, sensible and senseless, checked at every step, then healed to its
// end.

import { assert } from "../../../proto/errors.ts";
import {
  asIncarnation,
  asJobId,
  asSha256,
  asWorkerId,
  type JobId,
  type TaskRef,
  taskName,
} from "../../../proto/ids.ts";
import type { LockStep } from "../../../proto/plan/stage.ts";
import { type RandomStream, randomStream } from "../../../proto/ports/random.ts";
import { isUnplanned } from "../actions.ts";
import { apply } from "../apply.ts";
import { assign, assignDriver } from "../assign.ts";
import type { Command, CommandReply, RenewedLease } from "../commands.ts";
import { findRunning, findTask, leasedTo } from "../find.ts";
import { intents } from "../intents.ts";
import type { LeaseBug } from "../planted-bugs.ts";
import {
  decodeSnapshot,
  digest,
  encodeSnapshot,
  type SnapshotText,
  snapshotPieces,
} from "../snapshot.ts";
import { type ClusterState, emptyState, type LeasedTask } from "../state.ts";
import { graphOf } from "./graphs.ts";
import { acceptedTasks, checkInvariants, type PartitionSize } from "./invariants.ts";
import { printState } from "./print.ts";

interface Lease {
  readonly ref: TaskRef;
  readonly token: number;
  readonly workerId: string;
}

export interface Walk {
  readonly random: RandomStream;
  state: ClusterState;
  /** A replica that was restored from a snapshot on the way, and must not be told apart. */
  twin: ClusterState | undefined;
  /** A snapshot asked for earlier, still in pieces, and what it has to say. */
  late: { readonly pieces: readonly SnapshotText[]; readonly text: string } | undefined;
  /** Every lease that ever was: most reports of the walk are from zombies. */
  readonly leases: Lease[];
  readonly counts: Map<string, number>;
  /** Token with which each task was last accepted. */
  readonly heard: Map<string, number>;
  incarnations: number;
  jobs: number;
}

const bundle = asSha256("cd".repeat(32));
const workers = ["w0", "w1", "w2"].map(asWorkerId);

function pick<Item>(random: RandomStream, items: readonly Item[]): Item | undefined {
  return items[random.below(Math.max(1, items.length))];
}

function run(walk: Walk, command: Command): CommandReply {
  const { state, twin } = walk;
  const before = acceptedTasks(state);
  const current = command.kind === "report" ? currentTokens(state, command) : [];
  const index = state.appliedIndex + 1;
  const reply = apply(state, index, command);
  if (twin !== undefined) {
    const twinReply = apply(twin, index, command);
    const same = JSON.stringify(twinReply) === JSON.stringify(reply);
    assert(same, `a restored replica answers ${command.kind} differently`);
  }
  checkInvariants(state, partitionSize);
  if (command.kind === "report" && reply.kind === "verdicts") {
    checkVerdicts(walk, command, reply, current);
  }
  checkAccepted(walk, command, before);
  const what = reply.kind === "error" ? reply.error.code : reply.kind;
  const key = `${command.kind} ${what}`;
  walk.counts.set(key, (walk.counts.get(key) ?? 0) + 1);
  return reply;
}

type Report = Extract<Command, { kind: "report" }>;

function currentTokens(state: ClusterState, report: Report): number[] {
  return report.reports.map((each) => {
    const task = findTask(state, each)?.task;
    return task?.kind === "leased" ? task.token : 0;
  });
}

/** Heard are only the current token, and a repetition of what was heard last. */
function checkVerdicts(
  walk: Walk,
  { reports }: Report,
  { verdicts }: Extract<CommandReply, { kind: "verdicts" }>,
  current: readonly number[],
): void {
  reports.forEach((each, i) => {
    const name = taskName(each);
    const isCurrent = each.token === current[i];
    if (verdicts[i] === "stale") {
      assert(!isCurrent, `${name} refused its current token ${each.token}`);
      return;
    }
    const repeats = walk.heard.get(name) === each.token && each.outcome.kind === "done";
    assert(isCurrent || repeats, `${name} heard ${each.token}, its token is ${current[i]}`);
    if (each.outcome.kind === "done") walk.heard.set(name, each.token);
  });
}

/** A finished task stays as it was accepted, unless its output went away. */
function checkAccepted(walk: Walk, command: Command, before: ReturnType<typeof acceptedTasks>) {
  const after = acceptedTasks(walk.state);
  for (const [name, task] of before) {
    const now = after.get(name);
    if (now?.token === task.token) continue;
    const ref = parse(name);
    const action = walk.state.jobs.get(ref.jobId)?.actions.get(ref.actionIndex);
    if (action?.phase.kind !== "running") continue;
    if (isUnplanned(action)) continue;
    // What the action made is no longer wanted: its cleanup is another stage of the same number.
    if (action.phase.ending !== undefined) continue;
    assert(now === undefined, `${name} was accepted twice`);
    const stage = action.phase.stages[ref.stageId]!;
    assert(stage.plan.output.kind === "shuffle", `${name} gave a result and runs again`);
    const worker = command.kind === "registerWorker" && command.workerId === task.workerId;
    const gone = worker || !walk.state.workers.has(task.workerId);
    assert(gone || namesOutput(command, ref, task.token), `${name} survived and runs again`);
  }
}

function namesOutput(command: Command, ref: TaskRef, token: number): boolean {
  if (command.kind !== "report") return false;
  return command.reports.some(({ outcome }) => {
    if (outcome.kind !== "failed") return false;
    const { details } = outcome.error;
    return (
      details.stageId === ref.stageId &&
      details.taskIndex === ref.taskIndex &&
      details.token === token
    );
  });
}

function parse(name: string): TaskRef {
  const [job, action, stage, task] = name.split("/") as [string, string, string, string];
  const number = (part: string): number => Number(part.slice(1));
  return {
    jobId: asJobId(job),
    actionIndex: number(action),
    stageId: number(stage),
    taskIndex: number(task),
  };
}

function incarnationOf(walk: Walk, workerId: (typeof workers)[number]) {
  return walk.state.workers.get(workerId)?.incarnation ?? asIncarnation("gone");
}

function register(walk: Walk, workerId: (typeof workers)[number]): void {
  const incarnation = asIncarnation(`i${walk.incarnations++}`);
  const dataAddress = `${workerId}:1`;
  const shape = { dataAddress, slots: 3, weight: 1 };
  const known = walk.state.workers.get(workerId)?.incarnation;
  // Now and then one that was late, and knows nothing of who came after it.
  const replaces = walk.random.below(8) === 0 ? undefined : known;
  run(walk, { kind: "registerWorker", workerId, incarnation, ...shape, replaces });
}

function submit(walk: Walk): void {
  run(walk, { kind: "putBundle", sha256: bundle, codeBase64: "YQ==" });
  run(walk, {
    kind: "submitJob",
    jobId: asJobId(`j${walk.jobs++}`),
    name: "walk",
    paramsJson: "{}",
    bundleSha256: bundle,
    seed: 0,
    submittedWallMs: 0,
    workingFolder: "/",
    detached: walk.random.below(2) === 0,
  });
}

function driverTokenOf(walk: Walk, jobId: JobId): number {
  const driver = walk.state.jobs.get(jobId)?.driver;
  return driver === undefined || driver.kind === "waiting" ? 0 : driver.token;
}

function startAction(walk: Walk, jobId: JobId): void {
  const { random } = walk;
  const actions = walk.state.jobs.get(jobId)?.actions;
  const unplanned = [...(actions?.values() ?? [])].find(isUnplanned);
  const actionIndex = unplanned?.actionIndex ?? actions?.size ?? 0;
  if (unplanned === undefined && random.below(6) === 0) {
    return startLockStep(walk, jobId, actionIndex);
  }
  const folderUri = random.below(2) === 0 ? "" : `file:///out${random.below(3)}/`;
  const reduces = random.below(5);
  const coalescing = random.below(2) === 0 ? {} : { coalesce: 1 + random.below(20) };
  const cut = reduces === 0 || random.below(2) === 0 ? coalescing : { keep: `k${reduces}` };
  const graph = graphOf({
    actionIndex,
    maps: 1 + random.below(4),
    reduces,
    sorts: random.below(2) === 0,
    folderUri: unplanned?.folderUri ?? folderUri,
    plan: "p",
    ...cut,
    counts: !("coalesce" in cut) && random.below(2) === 0,
    isLeaf: random.below(2) === 0,
    cleans: random.below(3) === 0,
    publishes: random.below(6) === 0,
  });
  run(walk, { kind: "startAction", jobId, driverToken: driverTokenOf(walk, jobId), graph });
}

/** Of few locks, so that jobs wait for each other; now and then one is given back that was never taken. */
function startLockStep(walk: Walk, jobId: JobId, actionIndex: number): void {
  const { random } = walk;
  const name = `l${random.below(2)}`;
  const lock: LockStep =
    random.below(3) > 0
      ? { kind: "lock", name, waitMs: random.below(2) * random.below(20_000) }
      : { kind: "unlock", name, actionIndex: random.below(actionIndex + 1) };
  const graph = { actionIndex, planDigest: `${lock.kind}:0`, label: "", stages: [], lock };
  run(walk, { kind: "startAction", jobId, driverToken: driverTokenOf(walk, jobId), graph });
}

function poll(walk: Walk, workerId: (typeof workers)[number]): void {
  const { state } = walk;
  const incarnation = incarnationOf(walk, workerId);
  const jobId = assignDriver(state, 1, new Set());
  if (jobId !== undefined && walk.random.below(2) === 0) {
    run(walk, { kind: "grantDriver", workerId, incarnation, jobId });
  }
  const room = { slots: 1 + walk.random.below(3), ahead: walk.random.below(3) };
  const tasks = assign(state, workerId, room, new Set());
  if (tasks.length === 0) return;
  const before = tasks.map((ref) => findTask(state, ref)?.task.kind);
  assert(
    before.every((kind) => kind === "pending"),
    "assigned a task that is not free",
  );
  const reply = run(walk, { kind: "grantTasks", workerId, incarnation, tasks });
  if (reply.kind !== "granted") return;
  assert(reply.tasks.length === tasks.length, "the leader's own choice was refused");
  for (const ref of reply.tasks) walk.leases.push({ ref, token: reply.token, workerId });
  // The same choice once more, as of a second leader: nothing is left of it.
  const again = run(walk, { kind: "grantTasks", workerId, incarnation, tasks });
  assert(again.kind === "granted" && again.tasks.length === 0, "two leases of one task");
}

/** What tasks of the walk report. */
const partitionSize: PartitionSize = (mapIndex, partition) => (5 * mapIndex + 3 * partition) % 7;

/** Where the grant asks for sizes; now and then a worker does not know what is asked. */
function sizesToTell(walk: Walk, ref: TaskRef): readonly number[] | undefined {
  const sums = findTask(walk.state, ref)?.stage.partitionBytes;
  if (sums === undefined || walk.random.below(40) === 0) return undefined;
  return sums.map((_, partition) => partitionSize(ref.taskIndex, partition));
}

function reportDone(walk: Walk, lease: Lease, digestText: string): void {
  const { ref, token } = lease;
  const action = walk.state.jobs.get(ref.jobId)?.actions.get(ref.actionIndex);
  const uri = `${action?.folderUri}part-${ref.taskIndex}`;
  const upload = {
    uri,
    uploadId: `${token}`,
    etags: [],
    sizeBytes: 1,
    rows: 1,
    digest: digestText,
  };
  const isOutput = action !== undefined && action.folderUri !== "";
  const told = walk.random.below(10) === 0 ? {} : { rowsOut: ref.taskIndex };
  const sizes = { rows: 1, bytes: 1, ...told, bytesOut: 1 };
  const done = { kind: "done", ...sizes, digest: digestText } as const;
  const partitionBytes = sizesToTell(walk, ref);
  const outcome = partitionBytes === undefined ? done : { ...done, partitionBytes };
  run(walk, {
    kind: "report",
    workerId: asWorkerId(lease.workerId),
    reports: [{ ...ref, token, outcome: isOutput ? { ...outcome, uploads: [upload] } : outcome }],
  });
  const stages = findRunning(walk.state, ref.jobId, ref.actionIndex)?.stages ?? [];
  const isCut = stages.some(({ starts, plan }) => starts && starts.length < plan.taskCount);
  if (isCut) walk.counts.set("cut", (walk.counts.get("cut") ?? 0) + 1);
}

function reportFailed(walk: Walk, lease: Lease): void {
  const { random } = walk;
  const { ref, token } = lease;
  const codes = ["STORE_FAILED", "EXECUTOR_DIED", "UNAVAILABLE", "BLOCK_MISSING"] as const;
  const code = random.below(40) === 0 ? "USER_CODE_FAILED" : pick(random, codes)!;
  const input = { ...ref, stageId: Math.max(0, ref.stageId - 1), taskIndex: random.below(4) };
  const task = findTask(walk.state, input)?.task;
  const inputToken = task?.kind === "done" ? task.token : 1;
  const { stageId, taskIndex } = input;
  const details = code.startsWith("BLOCK") ? { stageId, taskIndex, token: inputToken } : {};
  run(walk, {
    kind: "report",
    workerId: asWorkerId(lease.workerId),
    reports: [
      { ...ref, token, outcome: { kind: "failed", error: { code, message: "m", details } } },
    ],
  });
}

/** What a faultless worker would say. */
function renew(walk: Walk, workerId: (typeof workers)[number]): void {
  const { state } = walk;
  const held = leasedTo(state, workerId);
  const tasks: RenewedLease[] = held.map((ref) => {
    const { token } = findTask(state, ref)!.task as LeasedTask;
    return { ...ref, token, progress: state.appliedIndex, rows: 1, bytes: 1 };
  });
  const drivers = [...state.jobs.values()].flatMap(({ jobId, driver }) =>
    driver.kind === "worker" && driver.workerId === workerId
      ? [{ jobId, token: driver.token }]
      : [],
  );
  const incarnation = incarnationOf(walk, workerId);
  const heldJobs = [...state.jobs.keys()];
  run(walk, { kind: "renew", workerId, incarnation, tasks, drivers, heldJobs });
}

function doIntents(walk: Walk): void {
  for (const { kind, jobId, actionIndex } of intents(walk.state)) {
    const fails = kind === "commit" && walk.random.below(8) === 0;
    const error = { code: "OUTPUT_EXISTS", message: "taken", details: {} } as const;
    if (fails) run(walk, { kind: "actionCommitFailed", jobId, actionIndex, error });
    run(walk, {
      kind: kind === "commit" ? "actionCommitted" : "actionSwept",
      jobId,
      actionIndex,
    });
  }
}

function finish(walk: Walk, jobId: JobId): void {
  run(walk, {
    kind: "finishJob",
    jobId,
    driverToken: driverTokenOf(walk, jobId),
    end: { kind: "succeeded", resultJson: "1" },
  });
}

function randomStep(walk: Walk): void {
  const { random } = walk;
  const workerId = pick(random, workers)!;
  const jobId = asJobId(`j${random.below(walk.jobs + 1)}`);
  const lease = pick(random, walk.leases.slice(-12));
  const roll = random.below(100);
  if (roll < 4) register(walk, workerId);
  else if (roll < 8) submit(walk);
  else if (roll < 16) startAction(walk, jobId);
  else if (roll < 36) poll(walk, workerId);
  else if (roll < 66 && lease !== undefined) {
    reportDone(walk, lease, random.below(30) === 0 ? "other" : "same");
  } else if (roll < 74 && lease !== undefined) reportFailed(walk, lease);
  else if (roll < 84) renew(walk, workerId);
  else if (roll < 93)
    for (let i = 0; i <= random.below(6); i++) run(walk, { kind: "tick", term: 1 });
  else if (roll < 95) doIntents(walk);
  else if (roll < 96) run(walk, { kind: "cancelJob", jobId, reason: "" });
  else if (roll < 98) finish(walk, jobId);
  else if (roll < 99) walk.twin = decodeSnapshot(encodeSnapshot(walk.state), walk.state.plantedBug);
  else takeLate(walk);
}

/** Pieces made late tell of the moment at which they were asked for. */
function takeLate(walk: Walk): void {
  const { late } = walk;
  if (late !== undefined) {
    const made = late.pieces.map((make) => make()).join("");
    assert(made === late.text, "a snapshot changed while it was being made");
    walk.counts.set("snapshot late", (walk.counts.get("snapshot late") ?? 0) + 1);
  }
  walk.late = { pieces: snapshotPieces(walk.state), text: encodeSnapshot(walk.state) };
}

/** Workers work, drivers drive, ticks tick: every job has to end. */
function heal(walk: Walk): void {
  const roundsMax = 400;
  for (let round = 0; round < roundsMax; round++) {
    const { state } = walk;
    // Second sweeps are due long after.
    const isSwept = [...state.sweeps.values()].every((sweep) => sweep.again);
    if (state.live.size === 0 && isSwept) return;
    for (const workerId of workers) {
      if (!state.workers.has(workerId)) register(walk, workerId);
      renew(walk, workerId);
      poll(walk, workerId);
      for (const ref of leasedTo(state, workerId)) {
        const task = findTask(state, ref)?.task;
        if (task?.kind === "leased") reportDone(walk, { ref, token: task.token, workerId }, "same");
      }
    }
    doIntents(walk);
    for (const job of [...state.jobs.values()]) {
      if (job.driver.kind !== "worker") continue;
      if (job.open.size === 0) finish(walk, job.jobId);
      if ([...job.actions.values()].some(isUnplanned)) startAction(walk, job.jobId);
    }
    run(walk, { kind: "tick", term: 1 });
  }
  assert(false, `jobs have not ended after ${roundsMax} rounds:\n${printState(walk.state)}`);
}

/** Throws when an invariant breaks; answers how often each command was answered how. */
export function walkFrom(
  seed: number,
  steps: number,
  plantedBug?: LeaseBug,
): ReadonlyMap<string, number> {
  const walk: Walk = {
    random: randomStream(seed),
    state: emptyState(plantedBug),
    twin: undefined,
    late: undefined,
    leases: [],
    counts: new Map(),
    heard: new Map(),
    incarnations: 0,
    jobs: 0,
  };
  for (const workerId of workers) register(walk, workerId);
  for (let i = 0; i < steps; i++) randomStep(walk);
  heal(walk);
  if (walk.twin !== undefined) {
    assert(digest(walk.twin) === digest(walk.state), "a restored replica has another digest");
  }
  assert(walk.state.locks.size === 0, `${walk.state.locks.size} locks outlived their jobs`);
  for (const each of walk.state.bundles.values()) {
    assert(each.users === 0, `${each.users} users of a bundle outlived their jobs`);
  }
  for (const name of walk.state.workers.values()) assert(name.leases === 0, "a lease remains");
  return walk.counts;
}
