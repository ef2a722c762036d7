// Sources of others: batches as their code yields them, made to fit the schema that was planned with.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { EngineError } from "../../proto/errors.ts";
import { batchRowsMax } from "../../proto/limits.ts";
import type { SourceCall, SourceFilter, TaskAttempt } from "../../proto/plan/connector.ts";
import type { SourceProgram } from "../../proto/plan/program.ts";
import type { Field } from "../../proto/plan/types.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import { bitBytes, setBit } from "../kernels/columns/bits.ts";
import { sliceBatch } from "../kernels/columns/gather.ts";
import { batchOfAnswer } from "../operators/batch-view.ts";
import { conformBatch } from "../operators/conform.ts";
import { type Outside, outsideFailure, waitOutside } from "../operators/outside-wait.ts";

export type OwnProgram = Extract<SourceProgram, { readonly kind: "source" }>;

type Ask = (call: SourceCall) => unknown;

interface View {
  readonly values: ArrayLike<unknown>;
  readonly valid?: ArrayLike<number>;
}

function viewIn(given: unknown): View | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  if (Array.isArray(given) || ArrayBuffer.isView(given)) {
    return { values: given as ArrayLike<unknown> };
  }
  return "values" in given ? (given as View) : undefined;
}

function bitsOf(valid: ArrayLike<number>): Uint8Array {
  const bits = new Uint8Array(bitBytes(valid.length));
  for (let i = 0; i < valid.length; i++) if (valid[i] !== 0) setBit(bits, i);
  return bits;
}

const dayMs = 86_400_000;

/** Times in typed arrays: milliseconds as doubles, microseconds as bigints. Undefined for anything else. */
function timeColumn({ name, type }: Field, { values, valid }: View): Column | undefined {
  const validity = valid === undefined ? undefined : bitsOf(valid);
  const base = { name, length: values.length, nulls: "null", validity } as const;
  if (type.kind === "date" && values instanceof Float64Array) {
    return { ...base, type: "date", values: Int32Array.from(values, (ms) => ms / dayMs) };
  }
  if (type.kind !== "timestamp") return undefined;
  const { zone } = type;
  if (values instanceof BigInt64Array) {
    return { ...base, type: "timestamp", zone, values: values.slice() };
  }
  if (!(values instanceof Float64Array)) return undefined;
  const micros = BigInt64Array.from(values, (ms) => BigInt(Math.round(ms * 1000)));
  return { ...base, type: "timestamp", zone, values: micros };
}

/** The columns of the schema; others that the answer has are dropped. */
function batchOf(answer: unknown, fields: readonly Field[], label: string): Batch | undefined {
  if (Array.isArray(answer) || typeof answer !== "object" || answer === null) {
    return batchOfAnswer(answer, label);
  }
  const given = answer as Readonly<Record<string, unknown>>;
  const times = new Map<string, Column>();
  const others: Record<string, unknown> = {};
  for (const field of fields) {
    if (!Object.hasOwn(given, field.name)) continue;
    const view = viewIn(given[field.name]);
    const time = view && timeColumn(field, view);
    if (time === undefined) others[field.name] = given[field.name];
    else times.set(field.name, time);
  }
  const rest = Object.keys(others).length === 0 ? undefined : batchOfAnswer(others, label);
  const rows = rest?.rows ?? [...times.values()][0]?.length ?? 0;
  if (rows === 0) return undefined;
  for (const { name, length } of times.values()) {
    if (length === rows) continue;
    throw new EngineError(
      "VALUE_UNSUPPORTED",
      `${label} answered ${length} values for column ${name} and ${rows} for others`,
    );
  }
  const columns = fields.flatMap(
    ({ name }) => times.get(name) ?? rest?.columns.find((column) => column.name === name) ?? [],
  );
  return { ...makeBatch("record", columns), rows };
}

function iteratorOf(answer: unknown, label: string): AsyncIterator<unknown> {
  const found =
    typeof answer === "object" && answer !== null
      ? (answer as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator]
      : undefined;
  if (typeof found === "function") return found.call(answer);
  throw new EngineError(
    "VALUE_UNSUPPORTED",
    `${label} answered no async iterable; write read as an async generator: async *read(split) { … }`,
  );
}

/** What is wrong with an answer is wrong with this source. */
function named<Value>(outside: Outside, decode: () => Value): Value {
  try {
    return decode();
  } catch (thrown) {
    throw outsideFailure(outside, thrown);
  }
}

/** The batches of one split. `take` answers false once no more are wanted. */
export async function readOwnSource(
  program: OwnProgram,
  own: string,
  outside: Outside & { readonly ask: Ask; readonly task: TaskAttempt },
  take: (batch: Batch) => Promise<boolean>,
): Promise<void> {
  const { ask, task, label } = outside;
  const { fields } = program.schema;
  const filters = decodeValue(program.filtersJson) as readonly SourceFilter[];
  const request = { columns: fields.map(({ name }) => name), filters };
  const call: SourceCall = { kind: "read", split: decodeValue(own), request, task };
  const answer = await waitOutside(outside, () => ask(call));
  const iterator = named(outside, () => iteratorOf(answer, label));
  let firstRow = 0;
  let isOver = false;
  try {
    for (;;) {
      const next = await waitOutside(outside, () => iterator.next());
      if (next.done === true) {
        isOver = true;
        return;
      }
      const batch = named(outside, () => batchOf(next.value, fields, label));
      if (batch === undefined) continue;
      const place = { operator: label, partition: task.taskIndex, firstRow };
      const typed = conformBatch(batch, program.schema, place);
      firstRow += typed.rows;
      for (let start = 0; start < typed.rows; start += batchRowsMax) {
        const end = Math.min(start + batchRowsMax, typed.rows);
        const piece = end - start === typed.rows ? typed : sliceBatch(typed, start, end);
        if (!(await take(piece))) return;
      }
    }
  } finally {
    // Lets the code close what it opened; how that ends changes nothing for the rows that were read.
    if (!isOver) await iterator.return?.(undefined).catch(() => undefined);
  }
}
