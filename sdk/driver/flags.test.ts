// Flags and parameters: what is taken, and how what is wrong is named.

import { describe, expect, test } from "vitest";
import { z } from "zod";
import { EngineError } from "../../proto/errors.ts";
import { describeParams } from "./describe.ts";
import { parseFlags } from "./flags.ts";
import { parseParams } from "./params.ts";

const schema = z.object({
  input: z.string().describe("text files"),
  minLength: z.number().int().min(1).default(3),
  verbose: z.boolean().default(false),
  tag: z.array(z.string()).optional(),
  weight: z.array(z.number()).optional(),
  mode: z.enum(["fast", "safe"]).optional(),
  since: z.coerce.date().optional(),
  big: z.coerce.bigint().optional(),
  pair: z.object({ a: z.number() }).optional(),
  either: z.union([z.string(), z.number()]).optional(),
});

const parse = (...flags: readonly string[]): unknown =>
  JSON.parse(parseFlags(schema, flags).paramsJson);

function problems(...flags: readonly string[]): readonly { path: string; message: string }[] {
  try {
    parse(...flags);
  } catch (error) {
    expect(error).toMatchObject({ code: "PARAMS_INVALID" });
    return (error as EngineError).details.fields ?? [];
  }
  throw new Error("the flags were taken");
}

describe("flags", () => {
  test("values by space and by equals sign, kebab-case and camelCase", () => {
    expect(parse("--input", "a b.txt", "--min-length=5")).toEqual({
      input: "a b.txt",
      minLength: 5,
    });
    expect(parse("--input=x=y", "--minLength", "7")).toEqual({ input: "x=y", minLength: 7 });
    expect(parse("--input", "-", "--min-length", "9")).toEqual({ input: "-", minLength: 9 });
  });

  test("switches stand alone, are negated, or are told", () => {
    expect(parse("--verbose", "--input", "x")).toEqual({ input: "x", verbose: true });
    expect(parse("--no-verbose", "--input", "x")).toEqual({ input: "x", verbose: false });
    expect(parse("--verbose", "false", "--input", "x")).toEqual({ input: "x", verbose: false });
    expect(parse("--verbose=true", "--input", "x")).toEqual({ input: "x", verbose: true });
  });

  test("lists collect repeated flags", () => {
    expect(
      parse("--input", "x", "--tag", "1", "--tag=b", "--weight", "2", "--weight", "-3"),
    ).toEqual({
      input: "x",
      tag: ["1", "b"],
      weight: [2, -3],
    });
  });

  test("text stays text, objects are JSON, unions are what they look like", () => {
    const flags = ["--input", "7", "--since", "2024-01-02", "--big", "9007199254740993"];
    expect(parse(...flags, "--pair", '{"a":1}', "--either", "x")).toEqual({
      input: "7",
      since: "2024-01-02",
      big: "9007199254740993",
      pair: { a: 1 },
      either: "x",
    });
    const { paramsJson } = parseFlags(schema, flags);
    expect(parseParams(schema, paramsJson)).toMatchObject({
      since: new Date("2024-01-02"),
      big: 9007199254740993n,
    });
  });

  test("values may begin with a dash, by '=' with two", () => {
    const numbers = z.object({ offset: z.number(), mark: z.string() });
    const { paramsJson } = parseFlags(numbers, ["--offset", "-5", "--mark=--x"]);
    expect(JSON.parse(paramsJson)).toEqual({ offset: -5, mark: "--x" });
  });

  test.each<[string, z.ZodType, readonly string[], unknown]>([
    ["text that looks like a number", z.string(), ["--a", "007"], "007"],
    ["text or null", z.string().nullable(), ["--a", "7"], "7"],
    ["a number or null", z.number().nullable(), ["--a", "7"], 7],
    ["null for a number", z.number().nullable(), ["--a", "null"], null],
    ["a list or null", z.array(z.number()).nullable(), ["--a", "7", "--a", "8"], [7, 8]],
    ["a tuple", z.tuple([z.number(), z.string()]), ["--a", '[7,"x"]'], [7, "x"]],
    ["a list of lists", z.array(z.array(z.number())), ["--a", "[1]", "--a", "[]"], [[1], []]],
    ["a record", z.record(z.string(), z.number()), ["--a", '{"x":1}'], { x: 1 }],
    ["a number made of any value", z.coerce.number(), ["--a", "1e3"], 1000],
    ["a transformed text", z.string().transform(Number), ["--a", "12"], "12"],
    ["a text switch", z.stringbool(), ["--a", "yes"], "yes"],
    ["a literal number", z.literal([1, 2]), ["--a", "2"], 2],
    ["a number with an id", z.number().meta({ id: "flags-test-size" }), ["--a", "3"], 3],
    [
      "one of several records",
      z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("x"), x: z.number() }),
        z.object({ kind: z.literal("y") }),
      ]),
      ["--a", '{"kind":"x","x":1}'],
      { kind: "x", x: 1 },
    ],
  ])("%s", (_, field, flags, value) => {
    const { paramsJson } = parseFlags(z.object({ a: field }), flags);
    expect(JSON.parse(paramsJson)).toEqual({ a: value });
  });

  test("every wrong flag and field is named at once", () => {
    const found = problems("--outptu", "x", "--min-length", "few", "--mode", "slow", "stray");
    expect(found.map((problem) => problem.path).sort()).toEqual([
      "",
      "--outptu",
      "input",
      "minLength",
      "mode",
    ]);
    expect(found).toContainEqual({ path: "input", message: "is required" });
    expect(found).toContainEqual({ path: "minLength", message: "expected a number, got 'few'" });
  });

  test("the nearest flag is suggested", () => {
    expect(problems("--inptu", "x")).toContainEqual({
      path: "--inptu",
      message: "no such flag; did you mean '--input'?",
    });
  });

  test.each([
    [["--input"], "input", "--input needs a value"],
    [["--input", "a", "--input", "b"], "input", "is given more than once"],
    [["--input", "a", "--verbose=yes"], "verbose", "expected true or false, got 'yes'"],
    [["--input", "a", "--no-verbose=1"], "verbose", "--no-verbose takes no value"],
    [["--input", "a", "--min-length", ""], "minLength", "expected a number, got ''"],
    [["--input", "a", "--no-input"], "--no-input", "no such flag; did you mean '--input'?"],
  ])("%j", (flags, path, message) => {
    expect(problems(...flags)).toContainEqual({ path, message });
  });
});

describe("parameters", () => {
  const wrong = (params: unknown): EngineError => {
    try {
      parseParams(schema, JSON.stringify(params));
    } catch (error) {
      return error as EngineError;
    }
    throw new Error("the parameters were taken");
  };

  test("unknown names are refused with the nearest known one", () => {
    const error = wrong({ input: "x", minLenght: 3 });
    expect(error.code).toBe("PARAMS_INVALID");
    expect(error.message).toContain("minLenght: no such parameter; did you mean 'minLength'?");
  });

  test("open schemas take unknown names, strict ones name them once", () => {
    expect(parseParams(z.looseObject({}), '{"a":1}')).toEqual({ a: 1 });
    expect(() => parseParams(z.strictObject({}), '{"a":1}')).toThrow(
      /fit: a: no such parameter; the job has none$/,
    );
  });

  test("nested fields are named by path", () => {
    expect(wrong({ input: "x", pair: { a: "1" } }).details.fields?.[0]?.path).toBe("pair.a");
  });

  test("defaults are filled in", () => {
    expect(parseParams(schema, '{"input":"x"}')).toMatchObject({ minLength: 3, verbose: false });
  });

  test.each(["[]", "null", "{", '"x"'])("%s is refused", (json) => {
    expect(() => parseParams(schema, json)).toThrow(EngineError);
  });
});

test("fields are described for help", () => {
  const byName = new Map(describeParams(schema).fields.map((field) => [field.name, field]));
  expect(byName.get("input")).toMatchObject({
    type: "string",
    required: true,
    description: "text files",
  });
  expect(byName.get("minLength")).toMatchObject({
    type: "integer",
    required: false,
    defaultText: "3",
  });
  expect(byName.get("tag")?.type).toBe("list of string");
  expect(byName.get("mode")?.type).toBe('"fast" | "safe"');
  expect(byName.get("either")?.type).toBe("string | number");
});
