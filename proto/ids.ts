// Branded identifiers: a JobId can never be passed where a WorkerId is meant.

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

export type ClusterId = Branded<string, "ClusterId">;
export type MasterId = Branded<string, "MasterId">;
export type WorkerId = Branded<string, "WorkerId">;
/** Chosen anew at each start of a worker process, so a restarted worker is never taken for its past self. */
export type Incarnation = Branded<string, "Incarnation">;
export type JobId = Branded<string, "JobId">;
export type Sha256 = Branded<string, "Sha256">;

/** Position of an entry in the replicated log. The first entry has index 1. */
export type LogIndex = Branded<number, "LogIndex">;
export type Term = Branded<number, "Term">;
/** Log index of the grant of a lease: unique, rising, never reused. */
export type FencingToken = Branded<number, "FencingToken">;
/** Logged ticks since the cluster began: the only time that replicated state knows. */
export type LoggedTick = Branded<number, "LoggedTick">;

/** One task of one stage of one action of one job. */
export interface TaskRef {
  readonly jobId: JobId;
  readonly actionIndex: number;
  readonly stageId: number;
  readonly taskIndex: number;
}

/** `job-1/a0/s2/t7`: how a task is named in logs and errors. */
export function taskName(task: TaskRef): string {
  return `${task.jobId}/a${task.actionIndex}/s${task.stageId}/t${task.taskIndex}`;
}

export const asClusterId = (value: string): ClusterId => value as ClusterId;
export const asMasterId = (value: string): MasterId => value as MasterId;
export const asWorkerId = (value: string): WorkerId => value as WorkerId;
export const asIncarnation = (value: string): Incarnation => value as Incarnation;
export const asJobId = (value: string): JobId => value as JobId;
export const asSha256 = (value: string): Sha256 => value as Sha256;
export const asLogIndex = (value: number): LogIndex => value as LogIndex;
export const asTerm = (value: number): Term => value as Term;
export const asFencingToken = (value: number): FencingToken => value as FencingToken;
export const asLoggedTick = (value: number): LoggedTick => value as LoggedTick;
