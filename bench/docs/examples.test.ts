// Every public method has an example, which compiles, runs on a few rows, and answers what it says it does.

import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { ActionOutcome } from "../../proto/plan/bundle.ts";
import type { Action } from "../../proto/plan/logical.ts";
import { decodeValue, encodeValue } from "../../proto/plan/values.ts";
import { nodeOf } from "../../sdk/dataset/dataset-base.ts";
import { createMillrace } from "../../sdk/dataset/millrace.ts";
import { DriverSession } from "../../sdk/driver/session.ts";
import * as millrace from "../../sdk/index.ts";
import { KnownSchemas } from "../../sdk/planner/known-schemas.ts";
import * as postgres from "../../sdk/postgres/index.ts";
import { testJob } from "../../sdk/testing/test-job.ts";
import { answerText, bodyOf, type Documented, documentedIn, saidOf } from "./examples.ts";
import { typeErrors } from "./type-check.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

const files = [
  ...["any-column", "boolean-column", "number-column", "string-column", "date-column"],
  ...["nested-column", "aggregate", "window", "expression", "free", "functions"],
  ...["column-type", "schema"],
].map((name) => `sdk/columns/${name}.ts`);
const datasetFiles = [
  ...["closure-steps", "keyed-steps", "column-steps", "group-steps", "join-steps", "dataset"],
  ...["reader", "writer"],
].map((name) => `sdk/dataset/${name}.ts`);

const sdk = { ...millrace, ...postgres };
const names = new Set(Object.keys(sdk));
/** Of these the functions: what their definitions consist of is shown in the functions' examples. */
const connectorFiles = ["dataset/source", "dataset/sink", "postgres/source", "postgres/sink"];
const documented = [
  ...[...files, ...datasetFiles].flatMap((file) => documentedIn(root, file, names)),
  ...connectorFiles
    .flatMap((name) => documentedIn(root, `sdk/${name}.ts`, names))
    .filter(({ name }) => names.has(name)),
];

/** What the examples speak of; a user's program would have read it. */
const given = `
const flightSchema = schema({
  origin: utf8, destination: utf8, delay: int32.nullable(), distance: int32, at: timestamp("UTC"),
  tail: utf8.nullable(),
});
const flights = mr.read.parquet("flights/", { schema: flightSchema });
const earlierFlights = mr.read.parquet("earlier/", { schema: flightSchema });
const airports = mr.read.csv("airports.csv", { schema: schema({ origin: utf8, city: utf8 }) });
const sales = mr.read.csv("sales.csv", {
  schema: schema({ shop: utf8, price: float64, quarter: utf8, tags: list(utf8) }),
});
const shops = mr.read.parquet("shops/", {
  schema: schema({
    shop: utf8, logo: binary, place: struct({ latitude: float64, longitude: float64 }).nullable(),
  }),
});
const quarters = mr.of([{ quarter: "Q1" }, { quarter: "Q2" }], schema({ quarter: utf8 }));
const lines = mr.read.text("lines.txt");
const words = lines.flatMap((line) => line.split(" "));
const counts = words.countByValue();
const pairs = words.map((word): [string, number] => [word, word.length]);
const otherPairs = words.map((word): [string, string] => [word, word]);
const numbers = mr.range(10);
const lookUp = async (word: string): Promise<number> => word.length;
`;

const exports = [...names].filter((name) => name !== "z").join(", ");
const ofPostgres = Object.keys(postgres).join(", ");
const ofMillrace = Object.keys(millrace)
  .filter((name) => name !== "z")
  .join(", ");
const examples = documented.flatMap(({ name, place, examples: all }) =>
  all.map((code, index) => ({ title: `${name} ${index + 1}`, place, code })),
);

function moduleOf(example: (typeof examples)[number]): string {
  return `import { z, ${ofMillrace}, type Millrace, type RowOf } from "millrace";
import { ${ofPostgres} } from "millrace/postgres";
export async function example(mr: Millrace): Promise<unknown> {
${given}
${bodyOf(example.code)}
}
`;
}

type Run = (mr: unknown, names: typeof sdk) => Promise<unknown>;

/** Compiled as it stands, with the names of the SDK and of what the examples speak of in reach. */
function compiled(code: string): Run {
  const body = `async (mr, sdk) => { const { z, ${exports} } = sdk; ${given} ${bodyOf(code)} }`;
  const { outputText } = ts.transpileModule(body, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  });
  return new Function(`return (${outputText.trim().replace(/;$/, "")});`)() as Run;
}

/** The rows that files hold in examples, by what the examples call them. */
const at = (hour: number) => new Date(Date.UTC(2024, 1, 29, hour, 30));
const flightRows = [
  { origin: "SEA", destination: "SFO", delay: 42, distance: 679, at: at(6), tail: "N17" },
  { origin: "SFO", destination: "SEA", delay: -3, distance: 679, at: at(9), tail: null },
  { origin: "SEA", destination: "JFK", delay: null, distance: 2422, at: at(13), tail: "N17" },
];
const contents = {
  "flights/0.parquet": flightRows,
  "flights.arrow": flightRows,
  "known-flights/0.checkpoint": flightRows,
  "earlier/0.parquet": flightRows.slice(0, 1),
  "airports.csv": "origin,city\nSEA,Seattle\nSFO,San Francisco\n",
  "sales.csv": [
    { shop: "north", price: 2.5, quarter: "Q1", tags: ["new"] },
    { shop: "south", price: 4, quarter: "Q2", tags: [] },
    { shop: "north", price: 1, quarter: "Q2", tags: ["old", "big"] },
  ],
  "sales.ndjson": '{"shop":"north","price":2.5}\n{"shop":"south","price":4}\n',
  "shops/0.parquet": [
    { shop: "north", logo: Uint8Array.of(1, 255), place: { latitude: 47.5, longitude: -122 } },
    { shop: "south", logo: new Uint8Array(), place: null },
  ],
  "lines.txt": "to be or\nnot to be ERROR\n",
  "s3://logs/2024-02.log.gz": "to be\n",
};

/** What an example answers: of a dataset its rows, of an action its result. */
async function answerOf(code: string): Promise<unknown> {
  const job = millrace.defineJob({
    name: "example",
    params: z.object({}),
    run: async (mr) => {
      const made = await compiled(code)(mr, sdk);
      if (!(made instanceof millrace.Dataset)) return encodeValue(isPlain(made) ? made : undefined);
      return encodeValue(await made.collect());
    },
  });
  return decodeValue(
    (await testJob(job, {}, { files: contents, nowMs: Date.UTC(2024, 1, 29) })).result,
  );
}

/** Answers every action as an engine without rows would. */
async function outcomeWithoutRows(action: Action): Promise<ActionOutcome> {
  if (action.kind === "write") {
    const output = { folderUri: action.folderUri, files: 0, rows: 0, bytes: 0 };
    return { kind: "committed", output };
  }
  return { kind: "result", parts: [encodeValue(action.kind === "count" ? 0 : [])] };
}

/** Of examples that speak to a server, which there is none of here: as far as the planner follows them. */
async function planOf(code: string): Promise<void> {
  const locks = (): Promise<never> => Promise.reject(new Error("no example takes a lock"));
  const session = new DriverSession("/base", outcomeWithoutRows, locks);
  const result = await compiled(code)(
    createMillrace(session, 0, () => 0.5),
    sdk,
  );
  if (result instanceof millrace.Dataset) new KnownSchemas(new Map()).of(nodeOf(result));
}

const isOfServer = (code: string): boolean => /postgres|fetch\(/i.test(code);

/** Groups, readers and the like are steps on the way. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function";
  if (Array.isArray(value) || value instanceof Date || value instanceof Uint8Array) return true;
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}

describe("examples in docstrings", () => {
  test("every public method and function has one", () => {
    expect(documented.length).toBeGreaterThan(150);
    const without = documented.filter(({ examples: all }: Documented) => all.length === 0);
    expect(without.map(({ name, place }) => `${place} ${name}`)).toEqual([]);
  });

  test("they compile", () => {
    const blocks = examples.map((example, index) => ({
      page: `${example.place} ${example.title}`,
      line: 1,
      language: "ts",
      marks: [`example-${index}.ts`],
      code: moduleOf(example),
    }));
    expect(typeErrors(root, blocks)).toEqual([]);
  }, 60_000);

  test.each(examples.map((example) => [example.title, example.code] as const))(
    "%s runs on rows, and answers what it says",
    async (_title, code) => {
      if (isOfServer(code)) return await planOf(code);
      const answer = await answerOf(code);
      const said = saidOf(code);
      if (said !== undefined) expect(answerText(answer)).toBe(said);
    },
  );
});
