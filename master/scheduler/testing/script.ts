// Runs scripts of commands against a scheduler and prints its reactions: decisions as text.
// A script is made of blocks: command lines, `----`, what they printed, an empty line. `#` begins a
// remark.

import { assert, type ErrorRecord, isErrorCode } from "../../../proto/errors.ts";
import { asIncarnation, asJobId, asSha256, asWorkerId, type TaskRef } from "../../../proto/ids.ts";
import type { LockStep } from "../../../proto/plan/stage.ts";
import { apply } from "../apply.ts";
import { assign, assignDriver } from "../assign.ts";
import type { Command, CommandReply } from "../commands.ts";
import { findTask } from "../find.ts";
import { intents } from "../intents.ts";
import type { LeaseBug } from "../planted-bugs.ts";
import { decodeSnapshot, digest, encodeSnapshot } from "../snapshot.ts";
import { type ClusterState, emptyState } from "../state.ts";
import { graphOf } from "./graphs.ts";
import { printReply, printState } from "./print.ts";

interface Session {
  state: ClusterState;
  /** Of the present leader. */
  term: number;
  readonly plantedBug: LeaseBug | undefined;
  /** Driver token of each job, as last told. */
  readonly drivers: Map<string, number>;
}

interface Line {
  readonly name: string;
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

const bundle = asSha256("ab".repeat(32));

function parseLine(text: string): Line {
  const [name = "", ...rest] = text.split(/\s+/);
  const options = new Map<string, string>();
  const words: string[] = [];
  for (const word of rest) {
    const at = word.indexOf("=");
    if (at > 0) options.set(word.slice(0, at), word.slice(at + 1));
    else words.push(word);
  }
  return { name, words, options };
}

function word(line: Line, at: number): string {
  const value = line.words[at];
  assert(value !== undefined, `${line.name} lacks argument ${at + 1}`);
  return value;
}

function numberOption(line: Line, name: string, otherwise: number): number {
  const text = line.options.get(name);
  return text === undefined ? otherwise : Number(text);
}

function propose(session: Session, command: Command): CommandReply {
  return apply(session.state, session.state.appliedIndex + 1, command);
}

/** `j1/a0/s1/t2` */
function parseTask(text: string): TaskRef {
  const parts = /^(.+)\/a(\d+)\/s(\d+)\/t(\d+)$/.exec(text);
  assert(parts !== null, `${text} is no task`);
  return {
    jobId: asJobId(parts[1]!),
    actionIndex: Number(parts[2]),
    stageId: Number(parts[3]),
    taskIndex: Number(parts[4]),
  };
}

/** The token given, or that of the current lease. */
function tokenFor(session: Session, line: Line, ref: TaskRef): number {
  const task = findTask(session.state, ref)?.task;
  const current = task?.kind === "leased" || task?.kind === "done" ? task.token : 0;
  return numberOption(line, "as", current);
}

function workerOf(session: Session, name: string) {
  const workerId = asWorkerId(name);
  const incarnation = session.state.workers.get(workerId)?.incarnation ?? asIncarnation("gone");
  return { workerId, incarnation };
}

function poll(session: Session, line: Line): string {
  const worker = workerOf(session, word(line, 0));
  const room = { slots: numberOption(line, "free", 1), ahead: numberOption(line, "ahead", 0) };
  const tasks = assign(session.state, worker.workerId, room, new Set());
  if (tasks.length === 0) return "nothing to do";
  return printReply(propose(session, { kind: "grantTasks", ...worker, tasks }));
}

function pollDriver(session: Session, line: Line): string {
  const worker = workerOf(session, word(line, 0));
  const jobId = assignDriver(session.state, 1, new Set());
  if (jobId === undefined) return "no job waits";
  const reply = propose(session, { kind: "grantDriver", ...worker, jobId });
  if (reply.kind === "driverGranted") session.drivers.set(jobId, reply.token);
  return printReply(reply);
}

function errorOf(line: Line, code: string): ErrorRecord {
  assert(isErrorCode(code), `${code} is no error code`);
  const details: Record<string, number> = {};
  for (const name of ["stageId", "taskIndex", "token"]) {
    const value = line.options.get(name);
    if (value !== undefined) details[name] = Number(value);
  }
  return { code, message: line.options.get("message") ?? "it went wrong", details };
}

function reportOf(session: Session, line: Line): Command {
  const { workerId } = workerOf(session, word(line, 0));
  const ref = parseTask(word(line, 1));
  const token = tokenFor(session, line, ref);
  if (line.name === "fail") {
    const error = errorOf(line, word(line, 2));
    return {
      kind: "report",
      workerId,
      reports: [{ ...ref, token, outcome: { kind: "failed", error } }],
    };
  }
  const digestText = line.options.get("digest") ?? "d";
  const uri = line.options.get("upload");
  const upload =
    uri === undefined
      ? {}
      : {
          uploads: [{ uri, uploadId: "u", etags: [], sizeBytes: 10, rows: 1, digest: digestText }],
        };
  const result = line.options.get("result");
  const sizes = line.options.get("sizes");
  const outcome = {
    kind: "done",
    rows: 1,
    bytes: 10,
    ...(line.options.has("rows") ? { rowsOut: numberOption(line, "rows", 0) } : {}),
    bytesOut: 5,
    digest: digestText,
    ...upload,
    ...(sizes === undefined ? {} : { partitionBytes: sizes.split(",").map(Number) }),
    ...(result === undefined ? {} : { resultJson: result }),
  } as const;
  return { kind: "report", workerId, reports: [{ ...ref, token, outcome }] };
}

function renewOf(session: Session, line: Line): Command {
  const worker = workerOf(session, word(line, 0));
  const progress = numberOption(line, "progress", 0);
  const tasks = line.words.slice(1).map((name) => {
    const ref = parseTask(name);
    return { ...ref, token: tokenFor(session, line, ref), progress, rows: 0, bytes: 0 };
  });
  const job = line.options.get("driver");
  const drivers =
    job === undefined ? [] : [{ jobId: asJobId(job), token: session.drivers.get(job) ?? 0 }];
  const held = line.options.get("held")?.split(",") ?? [];
  return { kind: "renew", ...worker, tasks, drivers, heldJobs: held.map(asJobId) };
}

function submitOf(line: Line): Command {
  return {
    kind: "submitJob",
    jobId: asJobId(word(line, 0)),
    name: line.options.get("name") ?? "words",
    paramsJson: "{}",
    bundleSha256: bundle,
    seed: 1,
    submittedWallMs: 0,
    workingFolder: "/",
    detached: line.words.includes("detached"),
  };
}

function actionOf(session: Session, line: Line): Command {
  const jobId = asJobId(word(line, 0));
  const actionIndex = Number(word(line, 1));
  const keep = line.options.get("keep");
  const graph = graphOf({
    actionIndex,
    maps: numberOption(line, "maps", 1),
    reduces: numberOption(line, "reduces", 0),
    sorts: line.words.includes("sorts"),
    folderUri: line.options.get("output") ?? "",
    plan: line.options.get("plan") ?? "0",
    ...(keep === undefined ? {} : { keep }),
    ...(line.options.has("coalesce") ? { coalesce: numberOption(line, "coalesce", 0) } : {}),
    isLeaf: line.words.includes("leaf"),
    counts: line.words.includes("counts"),
    cleans: line.words.includes("cleans"),
    publishes: line.words.includes("publishes"),
  });
  const driverToken = numberOption(line, "as", session.drivers.get(jobId) ?? 0);
  return { kind: "startAction", jobId, driverToken, graph };
}

/** `lock j1 0 NAME wait=MS`, `unlock j1 1 NAME of=0` */
function lockStepOf(session: Session, line: Line): Command {
  const jobId = asJobId(word(line, 0));
  const actionIndex = Number(word(line, 1));
  const name = word(line, 2);
  const lock: LockStep =
    line.name === "lock"
      ? { kind: "lock", name, waitMs: numberOption(line, "wait", 0) }
      : { kind: "unlock", name, actionIndex: numberOption(line, "of", 0) };
  const digestText = `${line.name}:${name}`;
  const graph = { actionIndex, planDigest: digestText, label: digestText, stages: [], lock };
  const driverToken = numberOption(line, "as", session.drivers.get(jobId) ?? 0);
  return { kind: "startAction", jobId, driverToken, graph };
}

/** `answer j1 0 3`: what the driver knew without a task. */
function answerOf(session: Session, line: Line): Command {
  const jobId = asJobId(word(line, 0));
  const actionIndex = Number(word(line, 1));
  const named = { actionIndex, planDigest: line.options.get("plan") ?? "0", label: "count" };
  const graph = { ...named, stages: [], answerJson: word(line, 2) };
  const driverToken = numberOption(line, "as", session.drivers.get(jobId) ?? 0);
  return { kind: "startAction", jobId, driverToken, graph };
}

function finishOf(session: Session, line: Line): Command {
  const jobId = asJobId(word(line, 0));
  const code = line.words[1];
  const end =
    code === undefined
      ? ({ kind: "succeeded", resultJson: "1" } as const)
      : ({ kind: "failed", error: errorOf(line, code) } as const);
  const driverToken = numberOption(line, "as", session.drivers.get(jobId) ?? 0);
  return { kind: "finishJob", jobId, driverToken, end };
}

function registerOf(line: Line): Command {
  const replaces = line.options.get("replaces");
  return {
    kind: "registerWorker",
    workerId: asWorkerId(word(line, 0)),
    incarnation: asIncarnation(line.options.get("incarnation") ?? "i1"),
    dataAddress: `${word(line, 0)}:1`,
    slots: numberOption(line, "slots", 4),
    weight: 1,
    replaces: replaces === undefined ? undefined : asIncarnation(replaces),
  };
}

function commandOf(session: Session, line: Line): Command {
  switch (line.name) {
    case "tick":
      return { kind: "tick", term: session.term };
    case "bundle":
      return { kind: "putBundle", sha256: bundle, codeBase64: "Y29kZQ==" };
    case "register":
      return registerOf(line);
    case "submit":
      return submitOf(line);
    case "action":
      return actionOf(session, line);
    case "lock":
    case "unlock":
      return lockStepOf(session, line);
    case "answer":
      return answerOf(session, line);
    case "done":
    case "fail":
      return reportOf(session, line);
    case "renew":
      return renewOf(session, line);
    case "renew-driver": {
      const jobId = asJobId(word(line, 0));
      const driverToken = numberOption(line, "as", session.drivers.get(jobId) ?? 0);
      return { kind: "renewDriver", jobId, driverToken };
    }
    case "finish":
      return finishOf(session, line);
    case "cancel":
      return { kind: "cancelJob", jobId: asJobId(word(line, 0)), reason: "enough" };
    default:
      return leaderCommandOf(line);
  }
}

function leaderCommandOf(line: Line): Command {
  const name = word(line, 0);
  const owner = line.options.get("owner") ?? "";
  const ttlLoggedTicks = numberOption(line, "ttl", 0);
  const waitLoggedTicks = numberOption(line, "wait", 0);
  const token = numberOption(line, "as", 0);
  const action = { jobId: asJobId(name), actionIndex: Number(line.words[1]) };
  switch (line.name) {
    case "committed":
      return { kind: "actionCommitted", ...action };
    case "commit-failed":
      return { kind: "actionCommitFailed", ...action, error: errorOf(line, word(line, 2)) };
    case "swept":
      return { kind: "actionSwept", ...action };
    case "acquire":
      return { kind: "acquireLock", name, owner, holder: owner, ttlLoggedTicks, waitLoggedTicks };
    case "renew-lock":
      return { kind: "renewLock", name, owner, token, ttlLoggedTicks };
    case "release":
      return { kind: "releaseLock", name, owner, token };
    default:
      assert(false, `unknown command ${line.name}`);
  }
}

function runLine(session: Session, text: string): string | undefined {
  const line = parseLine(text);
  switch (line.name) {
    case "state":
      return printState(session.state);
    case "intents":
      return (
        intents(session.state)
          .map((intent) => intent.key)
          .join("\n") || "nothing to do"
      );
    case "poll":
      return poll(session, line);
    case "poll-driver":
      return pollDriver(session, line);
    case "tick": {
      const times = Number(line.words[0] ?? "1");
      const term = numberOption(line, "term", session.term);
      let reply: CommandReply = { kind: "ok" };
      for (let i = 0; i < times; i++) reply = propose(session, { kind: "tick", term });
      return reply.kind === "ok" ? undefined : printReply(reply);
    }
    case "leader":
      session.term = numberOption(line, "term", session.term + 1);
      return undefined;
    case "restore": {
      const before = digest(session.state);
      session.state = decodeSnapshot(encodeSnapshot(session.state), session.plantedBug);
      return digest(session.state) === before ? "same digest" : "OTHER DIGEST";
    }
    default: {
      const reply = propose(session, commandOf(session, line));
      if (reply.kind === "submitted") session.drivers.set(word(line, 0), reply.driverToken);
      return printReply(reply);
    }
  }
}

/** The script with what each block prints now. */
export function runScript(text: string, plantedBug?: LeaseBug): string {
  const state = emptyState(plantedBug);
  const session: Session = { state, term: 1, plantedBug, drivers: new Map() };
  const blocks = text.split(/\n\n+/).map((block) => block.trim());
  const done = blocks
    .filter((block) => block !== "")
    .map((block) => {
      const commands = block.split("\n----")[0]!.split("\n");
      const printed = commands
        .filter((line) => !line.startsWith("#") && line !== "")
        .map((line) => runLine(session, line))
        .filter((line) => line !== undefined);
      if (printed.length === 0) return commands.join("\n");
      return [...commands, "----", ...printed].join("\n");
    });
  return `${done.join("\n\n")}\n`;
}
