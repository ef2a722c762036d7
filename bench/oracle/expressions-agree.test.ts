// Kernels over columns agree with the plain evaluation of single rows: values, nulls, and whether they fail.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Expr } from "../../proto/plan/expr.ts";
import { exprText } from "../../proto/plan/expr-text.ts";
import { typeOfExpr } from "../../proto/plan/expr-type.ts";
import { scalarFunctions } from "../../proto/plan/functions/scalars.ts";
import { type DataType, type Schema, typeText } from "../../proto/plan/types.ts";
import { evaluateRaw } from "../../sdk/testing/expressions/evaluate-expr.ts";
import { compileExpr, compilePredicate } from "../../worker/kernels/expressions/compile-expr.ts";
import { rawsOf } from "../../worker/kernels/expressions/raw.ts";
import { vectorOfColumn } from "../../worker/kernels/expressions/vector.ts";
import {
  batchOf,
  columnOf,
  columnTypes,
  literalOf,
  type RandomColumn,
  type Raw,
  rawsOfType,
} from "./testing/random-columns.ts";

const rows = 9;
/** Random inputs for each function; a long hunt sets more. */
const runs = Number(process.env.MILLRACE_EXPRESSION_RUNS ?? 40);

/** Doubles of raws that differ only in the sign of zero are equal. */
function plain(raw: Raw): Raw {
  if (Array.isArray(raw)) return raw.map(plain);
  if (raw instanceof Uint8Array) return [...raw];
  if (typeof raw === "object" && raw !== null && !(raw instanceof Date)) {
    return Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, plain(value)]));
  }
  return Object.is(raw, -0) ? 0 : raw;
}

type Outcome = { readonly raws: readonly Raw[] } | { readonly failed: string };

function outcome(run: () => readonly Raw[]): Outcome {
  try {
    return { raws: run().map(plain) };
  } catch (thrown) {
    return { failed: String(thrown) };
  }
}

function plainRow(columns: readonly RandomColumn[], index: number) {
  return Object.fromEntries(columns.map(({ field, raws }) => [field.name, raws[index]]));
}

function check(expr: Expr, columns: readonly RandomColumn[]): void {
  const schema: Schema = { fields: columns.map(({ field }) => field) };
  let type: DataType;
  try {
    type = typeOfExpr(expr, schema);
  } catch {
    return fc.pre(false);
  }
  const batch = batchOf(columns);
  const wanted = outcome(() =>
    Array.from({ length: rows }, (_, index) => evaluateRaw(expr, plainRow(columns, index), schema)),
  );
  const got = outcome(() => rawsOf(vectorOfColumn(compileExpr(expr)(batch))));
  const shown = `${exprText(expr)}: ${typeText(type)}`;
  if ("failed" in wanted) {
    expect("failed" in got, `${shown} should fail: ${wanted.failed}, not be answered`).toBe(true);
    return;
  }
  expect(got, shown).toEqual(wanted);
  if (type.kind !== "bool") return;
  const indices = wanted.raws.flatMap((raw, index) => (raw === true ? [index] : []));
  const selected = compilePredicate(expr)(batch) ?? Int32Array.from({ length: rows }, (_, i) => i);
  expect([...selected], shown).toEqual(indices);
}

const ofKinds = (...kinds: DataType["kind"][]) =>
  columnTypes.filter(({ kind }) => kinds.includes(kind) || kind === "null");
const anyType = fc.constantFrom(...columnTypes);
const numberTypes = fc.constantFrom(...ofKinds("int32", "int53", "int64", "float64", "decimal"));
const timeTypes = fc.constantFrom(...ofKinds("date", "timestamp"));

/** How an argument is made: a type to draw a column or literal from, or literals of its own. */
type Argument = fc.Arbitrary<DataType> | { readonly texts: readonly string[] };

const text: Argument = fc.constantFrom(...ofKinds("utf8"));
const small: Argument = { texts: ["-5", "-1", "0", "1", "2", "3", "7"] };
const unit: Argument = {
  texts: ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"],
};
const pattern: Argument = { texts: ["a+", "(a)(b)?", "[^a]", "\\w", "^$", "é|😀", "."] };
const likes: Argument = { texts: ["%", "_", "a%", "%a", "%a%", "a_", "%é%b", "\\%", "", "%%a"] };
const format: Argument = {
  texts: ["yyyy-MM-dd", "dd.MM.yy HH:mm:ss.SSS", "EEEE, d MMMM yyyy h:m a ZZ", "yyyy-DDD 'at' H"],
};
const list: Argument = fc.constantFrom(...ofKinds("list"));
/** Texts that fit formats, and some that nearly do. */
const shownTimes: Argument = {
  texts: [
    ...["2024-02-29", "2023-02-29", "-000044-03-15", "29.02.00 23:59:59.999", "1.2.24 1:2:3.4"],
    ...["Friday, 1 march 2024 3:5 pm +05:30", "Friday, 1 March 2024 13:5 PM Z", "2024-366 at 5"],
    ...["2023-366 at 5", "2024-060 at 24", "31.03.24 02:30:00.000", "27.10.24 02:30:00.000"],
  ],
};
const same: unique symbol = Symbol("same type as the first");

/** Arguments of functions that do not simply take any types. */
const argumentsOf: Readonly<Record<string, readonly (Argument | typeof same)[]>> = {
  substring: [text, small, small],
  left: [text, small],
  right: [text, small],
  splitPart: [text, text, small],
  padStart: [text, small, text],
  padEnd: [text, small, text],
  repeat: [text, small],
  like: [text, likes],
  ilike: [text, likes],
  regexMatches: [text, pattern, { texts: ["", "i", "s"] }],
  regexExtract: [text, pattern, { texts: ["0", "1"] }],
  regexExtractAll: [text, pattern, { texts: ["0"] }],
  regexReplace: [text, pattern, { texts: ["<$&>", "$1", "$$"] }],
  chr: [fc.constantFrom(...ofKinds("int32"))],
  round: [numberTypes, small],
  dateTrunc: [unit, timeTypes],
  dateAdd: [unit, small, timeTypes],
  dateDiff: [unit, timeTypes, same],
  makeDate: [small, small, small],
  makeTimestamp: [small, small, small, small, small, numberTypes],
  inZone: [timeTypes, { texts: ["Asia/Kolkata", "Europe/Berlin"] }],
  toDate: [shownTimes, format],
  tryToDate: [shownTimes, format],
  toTimestamp: [shownTimes, format, { texts: ["UTC", "Europe/Berlin"] }],
  tryToTimestamp: [shownTimes, format, { texts: ["UTC", "Europe/Berlin"] }],
  formatDate: [timeTypes, format],
  elementAt: [list, small],
  slice: [list, small, small],
  contains: [fc.constantFrom(...ofKinds("list", "utf8")), text],
  listPosition: [list, anyType],
  join: [list, text],
  makeStruct: [{ texts: ["a"] }, anyType, { texts: ["b"] }, anyType],
  makeList: [anyType, same, same],
  field: [],
  flatten: [],
};

const onlyText = [
  "upper",
  "lower",
  "initcap",
  "length",
  "byteLength",
  "trim",
  "trimStart",
  "trimEnd",
]
  .concat([
    "concat",
    "concatWs",
    "replace",
    "translate",
    "split",
    "startsWith",
    "endsWith",
    "position",
  ])
  .concat(["reverse", "ascii", "levenshtein"]);
const onlyBool = ["and", "or", "not"];

function argumentsFor(
  name: string,
  argsMin: number,
  argsMax: number,
): fc.Arbitrary<readonly (Argument | typeof same)[]> {
  const own = argumentsOf[name];
  if (own !== undefined) {
    return fc.integer({ min: argsMin, max: own.length }).map((count) => own.slice(0, count));
  }
  const each = onlyText.includes(name)
    ? text
    : onlyBool.includes(name)
      ? fc.constantFrom(...ofKinds("bool"))
      : anyType;
  const most = Math.min(argsMax, argsMin + 2);
  return fc
    .tuple(fc.integer({ min: argsMin, max: most }), fc.boolean())
    .map(([count, isSame]) =>
      Array.from({ length: count }, (_, index) => (index > 0 && isSame ? same : each)),
    );
}

interface Case {
  readonly expr: Expr;
  readonly columns: readonly RandomColumn[];
}

/** An argument as an expression, with the column that it reads. */
function argument(
  wanted: Argument,
  name: string,
): fc.Arbitrary<{ readonly expr: Expr; readonly column?: RandomColumn }> {
  if ("texts" in wanted) {
    const isNumber = wanted.texts.every((one) => /^-?\d+$/.test(one));
    const type: DataType = { kind: isNumber ? "int32" : "utf8" };
    return fc
      .constantFrom(...wanted.texts)
      .map((literal) => ({ expr: { kind: "literal", type, text: literal } }));
  }
  return wanted.chain((type) => {
    const literal = fc
      .option(rawsOfType(type), { freq: 6 })
      .map((raw) => ({ expr: literalOf(raw, type) }));
    const column = columnOf(name, type, rows).map((made) => ({
      expr: { kind: "column", name } as Expr,
      column: made,
    }));
    return fc.oneof({ weight: 1, arbitrary: literal }, { weight: 3, arbitrary: column });
  });
}

function caseOf(name: string, wanted: readonly (Argument | typeof same)[]): fc.Arbitrary<Case> {
  const [first] = wanted;
  const shared = first === undefined || first === same || "texts" in first ? anyType : first;
  return shared.chain((type) => {
    const parts = wanted.map((one, index) => {
      const isFirst = index === 0 && one === shared;
      const own = one === same || isFirst ? fc.constant(type) : one;
      return argument(own, `c${index}`);
    });
    const spare = columnOf("spare", { kind: "bool" }, rows);
    return fc.tuple(spare, ...parts).map(([filler, ...made]) => ({
      expr: { kind: "call", name, args: made.map(({ expr }) => expr) } as Expr,
      columns: [filler, ...made.flatMap(({ column }) => (column === undefined ? [] : [column]))],
    }));
  });
}

describe("each function", () => {
  const own = Object.entries(scalarFunctions).filter(([name]) => argumentsOf[name]?.length !== 0);
  test.each(own)("%s", (name, { argsMin, argsMax }) => {
    const cases = argumentsFor(name, argsMin, argsMax).chain((wanted) => caseOf(name, wanted));
    fc.assert(
      fc.property(cases, ({ expr, columns }) => check(expr, columns)),
      { numRuns: runs, maxSkipsPerRun: 2000 },
    );
  });
});

describe("casts", () => {
  test.each(columnTypes.map((type) => [typeText(type), type] as const))("from %s", (_, type) => {
    const cases = fc.tuple(
      columnOf("c", type, rows),
      fc.constantFrom(...columnTypes.filter(({ kind }) => kind !== "null")),
      fc.constantFrom("error" as const, "null" as const),
    );
    fc.assert(
      fc.property(cases, ([column, to, onFailure]) => {
        const input: Expr = { kind: "column", name: "c" };
        check({ kind: "cast", input, to, onFailure }, [column]);
      }),
      { numRuns: runs * 2 },
    );
  });
});

/** Conditions and sums of several levels, with branches that must not run for every row. */
function tree(depth: number, wanted: "bool" | "number"): fc.Arbitrary<Expr> {
  const column = (...names: string[]) =>
    fc.constantFrom(...names).map((name): Expr => ({ kind: "column", name }));
  const call = (names: readonly string[], ...parts: fc.Arbitrary<Expr>[]) =>
    fc
      .tuple(fc.constantFrom(...names), ...parts)
      .map(([name, ...args]): Expr => ({ kind: "call", name, args }));
  if (depth === 0) {
    if (wanted === "bool") return column("p", "q");
    const literal = fc.constantFrom(0, 1, 3).map((raw) => literalOf(raw, { kind: "int32" }));
    return fc.oneof(column("a", "b", "c", "d"), literal);
  }
  const bool = tree(depth - 1, "bool");
  const number = tree(depth - 1, "number");
  const branch = fc.record({ when: bool, result: wanted === "bool" ? bool : number });
  const chosen = fc
    .tuple(
      fc.array(branch, { minLength: 1, maxLength: 2 }),
      fc.boolean(),
      wanted === "bool" ? bool : number,
    )
    .map(([branches, hasRest, rest]): Expr => {
      return { kind: "case", branches, ...(hasRest ? { otherwise: rest } : {}) };
    });
  if (wanted === "number") {
    const sums = call(["add", "subtract", "multiply", "modulo", "divide"], number, number);
    return fc.oneof(
      sums,
      chosen,
      call(["coalesce", "greatest", "least", "nullIf"], number, number),
    );
  }
  return fc.oneof(
    call(["and", "or"], bool, bool),
    call(["not"], bool),
    call(["eq", "ne", "lt", "le", "gt", "ge", "eqOrBothNull"], number, number),
    call(["isIn"], number, number, number),
    call(["isNull", "isNotNull"], number),
    chosen,
  );
}

describe("expressions of several levels", () => {
  const kinds = ["int32", "int53", "int64", "float64", "decimal"] as const;
  const numbers = fc.constantFrom(
    ...columnTypes.filter(({ kind }) => kinds.includes(kind as "int32")),
  );
  const columns = fc
    .tuple(numbers, numbers, numbers, numbers)
    .chain((types) =>
      fc.tuple(
        ...types.map((type, index) => columnOf("abcd"[index]!, type, rows)),
        columnOf("p", { kind: "bool" }, rows),
        columnOf("q", { kind: "bool" }, rows),
      ),
    );

  test.each(["bool", "number"] as const)("of %s", (wanted) => {
    fc.assert(
      fc.property(columns, tree(3, wanted), (own, expr) => check(expr, own)),
      { numRuns: runs * 5, maxSkipsPerRun: 2000 },
    );
  });
});
