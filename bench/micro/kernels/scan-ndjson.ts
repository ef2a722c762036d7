// Sums by kind of event, from a million lines of NDJSON of some 130 bytes with six fields, one of them nested.

import {
  boolType,
  type DataType,
  type Field,
  float64Type,
  instantType,
  int53Type,
  utf8Type,
} from "../../../proto/plan/types.ts";
import { type Kernel, nextRandom } from "./kernel.ts";
import { linesOf, scanPart, sharedText, totalsOf } from "./scanned-file.ts";

const column = (name: string) => ({ kind: "column", name }) as const;
const field = (name: string, type: DataType): Field => ({ name, type, nullable: true });
const schema = {
  fields: [
    field("id", int53Type),
    field("kind", utf8Type),
    field("moment", instantType),
    field("amount", float64Type),
    field("isPaid", boolType),
    field("buyer", {
      kind: "struct",
      fields: [field("name", utf8Type), field("age", float64Type)],
    }),
  ],
};
const program = {
  kind: "columns",
  node: 0,
  format: "ndjson",
  options: { schema },
} as const;
const groups = {
  keys: [{ name: "kind", expr: column("kind") }],
  aggregates: [
    { name: "sum", call: { function: "sum", args: [column("amount")], distinct: false } },
  ],
} as const;
const kinds = ["view", "click", "order", "refund", "sign-up"];
const rowsOfLine = 10;

function lineOf(id: number): string {
  const kind = kinds[nextRandom() % kinds.length]!;
  const moment = new Date(1.7e12 + id * 1000).toISOString();
  const amount = (nextRandom() % 100_000) / 100;
  const buyer = { name: `user ${nextRandom() % 10_000}`, age: nextRandom() % 100 };
  return JSON.stringify({ id, kind, moment, amount, isPaid: amount > 500, buyer });
}

export const kernelOf = (rows: number): Kernel => ({
  aim: 150,
  counted: "bytes",
  make: (threads) => ({
    bytes: sharedText("", Math.ceil(rows / rowsOfLine), lineOf),
    answers: new SharedArrayBuffer(8 * threads),
  }),
  steps: (shared, thread, threads) => [
    async () => {
      const part = [thread, threads] as const;
      const found = await scanPart(new Uint8Array(shared.bytes!), part, program, groups);
      new Float64Array(shared.answers!)[thread] = totalsOf(found, "sum").sum;
    },
  ],
  answer: (shared) => new Float64Array(shared.answers!).reduce((sum, own) => sum + own, 0),
  plain: (shared) =>
    linesOf(shared.bytes!).reduce((sum, line) => sum + (JSON.parse(line).amount as number), 0),
  duck: {
    tables: [],
    file: "bytes",
    query:
      "select sum(s) from (select kind, sum(amount) as s, max(id), max(moment), max(isPaid), max(buyer.name) from " +
      "read_ndjson('$file', columns = {id: 'BIGINT', kind: 'VARCHAR', moment: 'TIMESTAMP', amount: 'DOUBLE', " +
      "isPaid: 'BOOLEAN', buyer: 'STRUCT(name VARCHAR, age DOUBLE)'}) group by kind)",
  },
});
