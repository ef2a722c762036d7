// Each function by examples, and what its errors say.
import { describe, expect, test } from "vitest";
import type { Expr } from "../../../proto/plan/expr.ts";
import { exprText } from "../../../proto/plan/expr-text.ts";
import {
  boolType,
  type DataType,
  dateType,
  float64Type,
  int32Type,
  int64Type,
  jsonType,
  utf8Type,
} from "../../../proto/plan/types.ts";
import {
  call,
  cast,
  column,
  constantValue,
  day,
  decimal,
  evaluate,
  instant,
  int53,
  literal,
} from "./testing/expr.ts";

type Plain = string | number | bigint | boolean | null;
type Example = readonly [name: string, args: readonly (Plain | Expr)[], expected: unknown];

const args = (values: readonly (Plain | Expr)[]): Expr[] =>
  values.map((value) => (typeof value === "object" && value !== null ? value : literal(value)));

const strings: readonly Example[] = [
  ["upper", ["straße é"], "STRASSE É"],
  ["lower", ["ÀB"], "àb"],
  ["initcap", ["hELLO wörld-x 2ND"], "Hello Wörld-X 2nd"],
  ["length", ["a😀é"], 3],
  ["byteLength", ["a😀é"], 7],
  ["trim", ["  a b "], "a b"],
  ["trim", ["xxaxy", "xy"], "a"],
  ["trimStart", [" a "], "a "],
  ["trimEnd", [" a "], " a"],
  ["substring", ["a😀cd", 2, 2], "😀c"],
  ["substring", ["abc", 0, 2], "ab"],
  ["substring", ["abc", -2], "bc"],
  ["substring", ["abc", -5, 3], "a"],
  ["substring", ["abc", 2, -1], ""],
  ["left", ["abc", 2], "ab"],
  ["left", ["abc", -2], ""],
  ["right", ["a😀c", 2], "😀c"],
  ["right", ["abc", 9], "abc"],
  ["concat", ["a", "b", "c"], "abc"],
  ["concat", ["a", null], null],
  ["concatWs", [", ", "a", null, "b"], "a, b"],
  ["concatWs", [null, "a"], null],
  ["replace", ["a.b.c", ".", "$&"], "a$&b$&c"],
  ["replace", ["abc", "", "x"], "abc"],
  ["translate", ["hello", "elx", "ip"], "hippo"],
  ["split", ["a,b,", ","], ["a", "b", ""]],
  ["split", ["a😀", ""], ["a", "😀"]],
  ["splitPart", ["a-b-c", "-", 2], "b"],
  ["splitPart", ["a-b-c", "-", -1], "c"],
  ["splitPart", ["a-b-c", "-", 4], ""],
  ["startsWith", ["abc", "ab"], true],
  ["endsWith", ["abc", "ab"], false],
  ["contains", ["abc", "bc"], true],
  ["position", ["😀bc", "c"], 3],
  ["position", ["abc", "x"], 0],
  ["padStart", ["7", 3, "0"], "007"],
  ["padStart", ["abcd", 3], "abc"],
  ["padEnd", ["a", 4, "xy"], "axyx"],
  ["padEnd", ["a", 3, ""], "a"],
  ["repeat", ["ab", 3], "ababab"],
  ["repeat", ["ab", -1], ""],
  ["reverse", ["a😀"], "😀a"],
  ["like", ["abc", "a%"], true],
  ["like", ["a😀c", "a_c"], true],
  ["like", ["a%c", "a\\%c"], true],
  ["like", ["abc", "a\\%c"], false],
  ["like", ["a\nb", "a%b"], true],
  ["like", ["xxabyyab", "%ab%ab"], true],
  ["like", ["", "%"], true],
  ["like", ["", "_"], false],
  ["ilike", ["ABC", "a%C"], true],
  ["regexMatches", ["abc12", "\\d+$"], true],
  ["regexMatches", ["ABC", "b", "i"], true],
  ["regexExtract", ["k=v1", "(\\w)=(\\w+)", 2], "v1"],
  ["regexExtract", ["k=v1", "\\w+"], "k"],
  ["regexExtract", ["none", "\\d"], null],
  ["regexExtractAll", ["a1b22", "\\d+"], ["1", "22"]],
  ["regexReplace", ["a1b22", "(\\d)", "<$1>"], "a<1>b<2><2>"],
  ["ascii", ["😀"], 0x1f600],
  ["ascii", [""], 0],
  ["chr", [233], "é"],
  ["levenshtein", ["kitten", "sitting"], 3],
];

const numbers: readonly Example[] = [
  ["round", [2.5], 3],
  ["round", [-2.5], -3],
  ["round", [1.25, 1], 1.3],
  ["round", [1234, -2], 1200],
  ["round", [1250, -2], 1300],
  ["round", [decimal("2.345", 5, 3), 2], "2.350"],
  ["floor", [-1.5], -2],
  ["floor", [decimal("-1.5", 3, 1)], "-2.0"],
  ["ceil", [1.2], 2],
  ["trunc", [-1.7], -1],
  ["sign", [-3], -1],
  ["sqrt", [9], 3],
  ["pow", [2, 10], 1024],
  ["log10", [1000], 3],
  ["ln", [0], Number.NEGATIVE_INFINITY],
  ["atan2", [0, 1], 0],
  ["degrees", [Math.PI], 180],
  ["isNaN", [Number.NaN], true],
  ["isNaN", [1], false],
  ["isFinite", [Number.POSITIVE_INFINITY], false],
  ["isFinite", [1], true],
  ["bitAnd", [12, 10], 8],
  ["bitXor", [12n, 10], 6n],
  ["add", [2147483647, 1], 2147483648],
  ["multiply", [decimal("1.10", 3, 2), decimal("2.5", 2, 1)], "2.750"],
  [
    "add",
    [decimal("99999999999999999999.9", 21, 1), decimal("0.1", 2, 1)],
    "100000000000000000000.0",
  ],
  ["add", [decimal("1.25", 3, 2), 1], "2.25"],
  ["divide", [1, 0], Number.POSITIVE_INFINITY],
  ["divide", [decimal("1.5", 2, 1), 2], 0.75],
  ["modulo", [-7, 3], -1],
  ["negate", [-(2n ** 62n)], 2n ** 62n],
  ["abs", [-5], 5],
  ["greatest", [1, null, 3], 3],
  ["greatest", [1.5, Number.NaN], Number.NaN],
  ["least", ["b", "a", null], "a"],
  ["nullIf", [1, 1.0], null],
  ["nullIf", [1, 2], 1],
  ["coalesce", [null, null, 2], 2],
];

const at = instant("2024-02-29T23:30:15.250Z");
const times: readonly Example[] = [
  ["year", [at], 2024],
  ["year", [day(-719_529)], -1],
  ["quarter", [at], 1],
  ["month", [at], 2],
  ["day", [at], 29],
  ["day", [day(-1)], 31],
  ["dayOfWeek", [at], 4],
  ["dayOfYear", [at], 60],
  ["weekOfYear", [day(18_628)], 53],
  ["hour", [at], 23],
  ["minute", [at], 30],
  ["second", [at], 15],
  ["millisecond", [at], 250],
  ["microsecond", [at], 250_000],
  ["isLeapYear", [at], true],
  ["dateTrunc", ["month", at], new Date("2024-02-01T00:00:00Z")],
  ["dateTrunc", ["week", at], new Date("2024-02-26T00:00:00Z")],
  ["dateTrunc", ["hour", at], new Date("2024-02-29T23:00:00Z")],
  ["dateAdd", ["year", 1, at], new Date("2025-02-28T23:30:15.250Z")],
  ["dateAdd", ["month", -1, day(19_782)], new Date("2024-01-29T00:00:00Z")],
  ["dateDiff", ["year", instant("2023-12-31T23:59:59Z"), instant("2024-01-01T00:00:00Z")], 1],
  ["dateDiff", ["week", day(0), day(4)], 1],
  ["dateDiff", ["day", day(4), day(0)], -4],
  ["lastDayOfMonth", [at], new Date("2024-02-29T00:00:00Z")],
  ["makeDate", [2024, 2, 29], new Date("2024-02-29T00:00:00Z")],
  ["makeTimestamp", [2024, 2, 29, 1, 2, 3.5], new Date("2024-02-29T01:02:03.500Z")],
  ["hour", [call("inZone", at, literal("Europe/Berlin"))], 0],
  ["day", [call("inZone", at, literal("Europe/Berlin"))], 1],
  ["toDate", ["29.02.2024", "dd.MM.yyyy"], new Date("2024-02-29T00:00:00Z")],
  ["tryToDate", ["30.02.2024", "dd.MM.yyyy"], null],
  ["toTimestamp", ["Mar 1, 2024 3:05 PM", "MMM d, yyyy h:mm a"], new Date("2024-03-01T15:05:00Z")],
  [
    "toTimestamp",
    ["2024-03-31 02:30", "yyyy-MM-dd HH:mm", "Europe/Berlin"],
    new Date("2024-03-31T01:30:00Z"),
  ],
  [
    "toTimestamp",
    ["2024-10-27 02:30", "yyyy-MM-dd HH:mm", "Europe/Berlin"],
    new Date("2024-10-27T00:30:00Z"),
  ],
  ["toTimestamp", ["20240301T00+02:00", "yyyyMMdd'T'HHZZ"], new Date("2024-02-29T22:00:00Z")],
  [
    "formatDate",
    [at, "EEEE, d MMMM yyyy 'at' hh:mm:ss.SSS a ZZ"],
    "Thursday, 29 February 2024 at 11:30:15.250 PM Z",
  ],
  ["epochSeconds", [instant("1969-12-31T23:59:59.500Z")], -1],
  ["epochMillis", [at], Date.UTC(2024, 1, 29, 23, 30, 15, 250)],
  ["epochMicros", [day(1)], 86_400_000_000n],
  ["fromEpochSeconds", [1.5], new Date(1500)],
  ["fromEpochMillis", [int53(1500)], new Date(1500)],
];

const list = call("makeList", literal(3), literal(1), literal(null), literal(3));
const nested: readonly Example[] = [
  ["makeList", [1, 2.5, null], [1, 2.5, null]],
  ["size", [list], 4],
  ["elementAt", [list, 2], 1],
  ["elementAt", [list, -1], 3],
  ["elementAt", [list, 9], null],
  ["contains", [list, 3], true],
  ["contains", [list, 7], false],
  ["listPosition", [list, 3n], 1],
  ["slice", [list, 2, 2], [1, null]],
  ["sortList", [list], [null, 1, 3, 3]],
  ["distinctList", [list], [3, 1, null]],
  ["flatten", [call("makeList", list, call("makeList", literal(9)))], [3, 1, null, 3, 9]],
  ["join", [call("split", literal("a b"), literal(" ")), "-"], "a-b"],
  ["makeStruct", ["a", 1, "b", "x"], { a: 1, b: "x" }],
  ["field", [call("makeStruct", literal("a"), literal(1)), "a"], 1],
];

describe("functions by example", () => {
  for (const [name, values, expected] of [...strings, ...numbers, ...times, ...nested]) {
    const expr = call(name, ...args(values));
    test(exprText(expr), () => {
      expect(constantValue(expr)).toEqual(expected);
    });
  }
});

describe("functions over columns", () => {
  const rows = ["apple", null, "Äpfel", ""].map((text, n) => ({ text, n }));

  test("text with nulls", () => {
    const text = column("text");
    expect(evaluate(call("upper", text), rows)).toEqual(["APPLE", null, "ÄPFEL", ""]);
    expect(evaluate(call("length", text), rows)).toEqual([5, null, 5, 0]);
    expect(evaluate(call("like", text, literal("%pp%l%")), rows)).toEqual([
      true,
      null,
      false,
      false,
    ]);
    expect(evaluate(call("contains", text, literal("pp")), rows)).toEqual([
      true,
      null,
      false,
      false,
    ]);
    expect(evaluate(call("left", text, column("n")), rows)).toEqual(["", null, "Äp", ""]);
  });

  test("nested values of rows without a schema", () => {
    const nestedRows = [
      { a: { b: 1 }, l: [1, 2] },
      { a: { c: "x" }, l: [] },
      { a: null, l: null },
    ];
    expect(evaluate(call("field", column("a"), literal("b")), nestedRows)).toEqual([1, null, null]);
    expect(evaluate(call("field", column("a"), literal("d")), nestedRows)).toEqual([
      null,
      null,
      null,
    ]);
    expect(evaluate(call("size", column("l")), nestedRows)).toEqual([2, 0, null]);
    expect(evaluate(call("elementAt", column("l"), literal(2)), nestedRows)).toEqual([
      2,
      null,
      null,
    ]);
  });
});

describe("errors name the value and what to do", () => {
  test.each([
    [call("chr", literal(-1)), /there is no character -1/],
    [call("regexMatches", literal("a"), literal("(")), /Invalid regular expression/],
    [call("toDate", literal("x"), literal("yyyy")), /"x" does not fit the format "yyyy"/],
    [call("formatDate", at, literal("yyyy q")), /"q", which means nothing/],
    [call("dateAdd", literal("hour"), literal(1), day(0)), /no units shorter than a day/],
    [call("dateTrunc", literal("eon"), at), /there is no unit 'eon'; the units are: year/],
    [call("hour", call("inZone", at, literal("Mars/Base"))), /there is no time zone "Mars\/Base"/],
    [call("makeDate", literal(2023), literal(2), literal(29)), /there is no date 2023-2-29/],
    [cast(literal("1x"), int32Type), /"1x" of the type utf8 is no int32; tryCast makes null/],
    [call("add", int53(2 ** 53 - 1), literal(1)), /add\(9007199254740991, 1\) does not fit int53/],
    [
      call("repeat", literal("ab"), int53(2 ** 40)),
      /would make a text of 2199023255552 characters/,
    ],
  ])("%#", (expr, message) => {
    expect(() => constantValue(expr)).toThrow(message);
  });
});

describe("casts by example", () => {
  const examples: readonly (readonly [Expr, DataType, unknown])[] = [
    [literal("12"), int32Type, 12],
    [literal("+12"), int64Type, 12n],
    [literal(" 12"), int32Type, null],
    [literal("2147483648"), int32Type, null],
    [literal("1e3"), float64Type, 1000],
    [literal("-Infinity"), float64Type, Number.NEGATIVE_INFINITY],
    [literal(""), float64Type, null],
    [literal(-1.9), int32Type, -1],
    [literal(Number.NaN), int32Type, null],
    [literal(1e20), int64Type, null],
    [literal(2 ** 40), int64Type, 2n ** 40n],
    [literal(2.675), { kind: "decimal", precision: 5, scale: 2 }, "2.68"],
    [decimal("-2.5", 2, 1), int32Type, -3],
    [decimal("2.345", 4, 3), { kind: "decimal", precision: 3, scale: 2 }, "2.35"],
    [literal("1.005e1"), { kind: "decimal", precision: 5, scale: 2 }, "10.05"],
    [literal(1.5), utf8Type, "1.5"],
    [literal(-0), utf8Type, "0"],
    [literal("true"), boolType, true],
    [literal("TRUE"), boolType, null],
    [literal(2), boolType, true],
    [literal("2024-02-29"), dateType, new Date("2024-02-29T00:00:00Z")],
    [literal("2023-02-29"), dateType, null],
    [day(0), utf8Type, "1970-01-01"],
    [at, utf8Type, "2024-02-29T23:30:15.250Z"],
    [at, dateType, new Date("2024-02-29T00:00:00Z")],
    [call("inZone", at, literal("America/New_York")), utf8Type, "2024-02-29T18:30:15.250-05:00"],
    [
      literal("2024-02-29T18:30:15.25-05:00"),
      { kind: "timestamp", zone: "UTC" },
      new Date("2024-02-29T23:30:15.250Z"),
    ],
    [literal("2024-02-29 18:30Z"), { kind: "timestamp" }, null],
    [literal(1), jsonType, 1],
  ];
  for (const [input, to, expected] of examples) {
    const expr = cast(input, to, "null");
    test(exprText(expr), () => {
      expect(constantValue(expr)).toEqual(expected);
    });
  }
});
