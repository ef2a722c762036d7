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
import * as testing from "../../sdk/testing/index.ts";
import {
  answerText,
  bodyOf,
  type Documented,
  documentedIn,
  publicNames,
  saidOf,
} from "./examples.ts";
import { standInClient } from "./stand-in-client.ts";
import { typeErrors } from "./type-check.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

const sdk = { ...millrace, ...postgres, ...testing };
const names = new Set(Object.keys(sdk));

/** Users write these: what they consist of is shown where they are handed over. */
const written = ["SourceDefinition", "SinkDefinition", "JobOptions", "Job"];
/** Nobody names these, but methods answer them. */
const answered = [
  ["sdk/columns/free.ts", new Set(["WhenStep", "CaseColumn"])],
  ["sdk/client/result.ts", new Set(["CommittedRows"])],
] as const;

/** Read off what the package exports, so that nothing new can be left out. */
const documented = [
  ...["sdk/index.ts", "sdk/postgres/index.ts", "sdk/testing/index.ts"].flatMap((surface) => [
    ...publicNames(root, surface),
  ]),
  ...answered,
].flatMap(([file, own]) =>
  documentedIn(root, file, own).filter(({ name }) => {
    const owner = name.split(".")[0]!;
    return own.has(owner) && !written.includes(owner);
  }),
);

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
const prices = [{ shop: "north", price: 2 }];
const save = async (...what: readonly unknown[]): Promise<number> => what.length;
const wordCount = defineJob({
  name: "word-count",
  params: z.object({ input: z.string(), output: z.string() }),
  run: async (mr, { input, output }) => {
    const found = mr.read.text(input).flatMap((line) => line.split(" "));
    await found.countByValue().write.ndjson(output);
  },
});
`;

const exports = [...names].filter((name) => name !== "z").join(", ");
const ofPostgres = Object.keys(postgres).join(", ");
const ofTesting = Object.keys(testing).join(", ");
const ofMillrace = Object.keys(millrace)
  .filter((name) => name !== "z")
  .join(", ");
const examples = documented.flatMap(({ name, place, examples: all }) =>
  all.map((code, index) => ({ title: `${name} ${index + 1}`, place, code })),
);

const head = `import { z, ${ofMillrace}, type Client, type Millrace, type RowOf } from "millrace";
import { ${ofPostgres} } from "millrace/postgres";
import { ${ofTesting} } from "millrace/testing";
declare function expect(found: unknown): { toContainEqual(row: unknown): void };
declare const mr: Millrace;
declare const client: Client;
${given}`;

/** What the compiler says of all examples, as one module, by the example that it says it of. */
function errorsOfExamples(): readonly string[] {
  let code = head;
  const firstLines = examples.map((example, index) => {
    const line = code.split("\n").length;
    code += `export async function example${index}(): Promise<unknown> {\n${inFunction(example.code)}\n}\n`;
    return line;
  });
  const block = { page: "examples", line: 1, language: "ts", marks: ["examples.ts"], code };
  return typeErrors(root, [block]).map((error) => {
    const [, line = "", message = error] = /^examples:(\d+): (.*)$/s.exec(error) ?? [];
    const example = examples[firstLines.findLastIndex((first) => first <= Number(line))];
    return `${example?.place ?? "what examples speak of"} ${example?.title ?? ""}: ${message}`;
  });
}

/** A module's default export is answered instead. */
function inFunction(code: string): string {
  return bodyOf(code.replace(/^export default /m, "return "));
}

type Run = (mr: unknown, names: typeof sdk, client: millrace.Client) => Promise<unknown>;

/** Compiled as it stands, with the names of the SDK and of what the examples speak of in reach. */
function compiled(code: string): Run {
  const body = `const example = async (mr, { z, ${exports} }, client, expect) => {
    ${given}
    { ${inFunction(code)} }
  };`;
  const { outputText } = ts.transpileModule(body, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  });
  const run = new Function(`${outputText}; return example;`)() as (...given: unknown[]) => unknown;
  return async (mr, own, client) => await run(mr, own, client, expect);
}

process.env.MILLRACE_TOKEN ??= "the token of a test";

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
  "prices/0.csv": "shop,price\nnorth,2\n",
  "s3://logs/2024-02.log.gz": "to be\n",
};

/** What an example answers: of a dataset its rows, of an action its result. */
async function answerOf(code: string): Promise<unknown> {
  const job = millrace.defineJob({
    name: "example",
    params: z.object({}),
    run: async (mr) => {
      const made = await compiled(code)(mr, sdk, standInClient);
      if (!(made instanceof millrace.Dataset)) return encodeValue(isPlain(made) ? made : undefined);
      return encodeValue(await made.collect());
    },
  });
  return decodeValue(
    (await testing.testJob(job, {}, { files: contents, nowMs: Date.UTC(2024, 1, 29) })).result,
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
    standInClient,
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
    expect(documented.length).toBeGreaterThan(250);
    // Of each way into the surface: by inheritance, by an interface, by another entry of the package.
    const found = new Set(documented.map(({ name }) => name));
    for (const name of ["Dataset.collect", "JoinSteps.join", "ClosureSteps.map", "Millrace.range"])
      expect(found).toContain(name);
    for (const name of ["Client.lock", "testJob", "postgresSink", "col"])
      expect(found).toContain(name);
    const without = documented.filter(({ examples: all }: Documented) => all.length === 0);
    expect(without.map(({ name, place }) => `${place} ${name}`)).toEqual([]);
  });

  test("they compile", { timeout: 300_000 }, () => {
    expect(errorsOfExamples()).toEqual([]);
  });

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
