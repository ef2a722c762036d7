// Runs the user's functions: where they are is noted in the cells, what they throw gets a place and a name.

import { AssertionError, EngineError, type ErrorDetails, isErrorCode } from "../../proto/errors.ts";
import { cellAt, cellStates, type TaskCells } from "./cells.ts";

/** Finds the place in the user's own source. */
export type Locate = (thrown: unknown) => { readonly source?: string; readonly stack?: string };

export type Closure = (...args: never[]) => unknown;

export interface UserCode {
  readonly cells: TaskCells;
  /** URI of the file that is being read. */
  file(): string | undefined;
  readonly partition: number;
  readonly locate: Locate;
  /** Names of the task's operators, by index. */
  readonly labels: readonly string[];
}

/** The step whose function this thread is in. */
let entered: string | undefined;

/** Asked by the SDK in the job's module: what belongs to `run` is refused inside of functions. */
export const functionRunning = (): string | undefined => entered;

export function enterUser(user: UserCode, operator: number): void {
  const { ints } = user.cells;
  entered = user.labels[operator];
  ints[cellAt.operator] = operator;
  ints[cellAt.steps] = ints[cellAt.steps]! + 1;
  ints[cellAt.state] = cellStates.user;
}

/** What an async function does after its first await may come at any time, beside all else. */
export function calledUser(): void {
  entered = undefined;
}

export function leaveUser(user: UserCode): void {
  entered = undefined;
  user.cells.ints[cellAt.state] = cellStates.engine;
}

function placeOf(user: UserCode): ErrorDetails {
  const { ints } = user.cells;
  const file = user.file();
  const operator = user.labels[ints[cellAt.operator]!];
  return {
    ...(file === undefined ? {} : { file }),
    ...(operator === undefined ? {} : { operator }),
    partition: user.partition,
    row: ints[cellAt.row]!,
  };
}

function messageOf(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) {
    return `threw ${String(thrown)}; only an Error tells the place where it was thrown`;
  }
  const { name, message } = thrown as { readonly name?: unknown; readonly message?: unknown };
  if (typeof message !== "string") return "threw an object that is no Error";
  return `${typeof name === "string" ? name : "Error"}: ${message}${causeText(thrown)}`;
}

/** `fetch failed` alone helps nobody. */
function causeText(thrown: object): string {
  const { cause } = thrown as { readonly cause?: unknown };
  if (typeof cause !== "object" || cause === null) return "";
  const { message, code } = cause as { readonly message?: unknown; readonly code?: unknown };
  const text = message === "" || message === undefined ? code : message;
  return typeof text === "string" && text !== "" ? `, because of: ${text}` : "";
}

/** The module brings an SDK with error classes of its own: they are known by name and code. */
export function engineErrorOfBundle(thrown: unknown): EngineError | undefined {
  if (!(thrown instanceof Error) || thrown.name !== "EngineError") return undefined;
  const { code, details } = thrown as { readonly code?: unknown; readonly details?: ErrorDetails };
  if (!isErrorCode(code)) return undefined;
  return new EngineError(code, thrown.message, details ?? {}, thrown);
}

/** What was thrown while a closure ran, as an error of ours; our own pass, with the place added. */
export function userFailure(user: UserCode, thrown: unknown): Error {
  entered = undefined;
  if (thrown instanceof AssertionError) return thrown;
  if (thrown instanceof EngineError) {
    const { code, details: known } = thrown;
    // Of a source that a function pulls, the error says which file it is of.
    const isOfRow =
      code === "VALUE_UNSUPPORTED" || (code === "INPUT_MALFORMED" && known.file === undefined);
    if (!isOfRow || known.operator !== undefined) return thrown;
    const details = { ...thrown.details, ...placeOf(user) };
    return new EngineError(thrown.code, thrown.message, details, thrown.cause);
  }
  const known = engineErrorOfBundle(thrown);
  if (known !== undefined) {
    const details = { ...known.details, ...placeOf(user) };
    return new EngineError(known.code, known.message, details, thrown);
  }
  const details = { ...placeOf(user), ...user.locate(thrown) };
  return new EngineError("USER_CODE_FAILED", messageOf(thrown), details, thrown);
}

/** A closure's answer that no operator can use. */
export function unsupported(message: string): EngineError {
  return new EngineError("VALUE_UNSUPPORTED", message);
}

/** Async closures answer promises, which would pass for values. */
export function refusePromise(answer: unknown, what: string): void {
  if (typeof answer !== "object" || answer === null) return;
  if (typeof (answer as { readonly then?: unknown }).then !== "function") return;
  throw unsupported(
    `the function of ${what} returned a promise; it must not be async: use mapAsync for what has to be awaited`,
  );
}
