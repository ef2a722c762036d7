// Where datasets come from: files by path, pattern or URI.

import type { z } from "zod";
import { EngineError } from "../../proto/errors.ts";
import type {
  ColumnarFormat,
  ColumnarReadNode,
  ColumnarReadOptions,
  CsvColumnType,
} from "../../proto/plan/logical.ts";
import { checkOptionNames } from "../columns/option-names.ts";
import { RowSchema } from "../columns/schema.ts";
import type { CsvRow } from "./columns.ts";
import { Dataset } from "./dataset.ts";
import { resolveInput, resolveOutput } from "./paths.ts";
import type { Session } from "./session.ts";
import { type Source, sourceParts } from "./source.ts";
import { checkDelimiter } from "./writer.ts";

export interface CsvLayout {
  /** Whether the first record names the columns (the default); else they are `c0`, `c1`, … */
  readonly header?: boolean;
  /** One character; `,` unless told. */
  readonly delimiter?: string;
}

export interface CsvReadOptions<Columns extends Readonly<Record<string, CsvColumnType>>>
  extends CsvLayout {
  /** The columns to read, by name: `{ price: "number" }`. Others are left out. Without it all are strings. */
  readonly columns: Columns;
}

/** Of CSV files with a schema: the columns are typed, and kept as columns. */
export interface CsvSchemaOptions<Row> extends CsvLayout, ColumnFileReadOptions<Row> {
  /** What stands for null, beside nothing between two delimiters. */
  readonly nullText?: string;
}

/** Columns and their types are looked for in the first MiB of up to four files; each of them may hold null. */
export interface InferredReadOptions extends FolderOptions {
  readonly schema: "infer";
}

/** Of CSV files whose columns are found. */
export interface CsvInferredOptions extends CsvLayout, InferredReadOptions {
  /** What stands for null, beside nothing between two delimiters. */
  readonly nullText?: string;
}

/** Of files with columns. */
export interface ColumnFileReadOptions<Row> extends FolderOptions {
  /** The columns: files must fit it, others of their columns are left out. */
  readonly schema: RowSchema<Row>;
}

export interface FolderOptions {
  /** Folders `name=value` below the pattern are columns too. */
  readonly partitionColumns?: boolean;
}

export interface NdjsonReadOptions<T> {
  /** Checked on every row; a row that does not fit ends the job with INPUT_MALFORMED. */
  readonly schema: z.ZodType<T>;
}

/**
 * Reads files. A pattern is a path (relative ones start from the folder where the job was submitted), a
 * `file:///…` or `s3://…` URI, of one file, of a folder with all below it, or with `*`, `**`, `?` and
 * `{a,b}`. Files that end in `.gz` are unpacked. A pattern without any match is INPUT_NOT_FOUND.
 */
export class Reader {
  readonly #session: Session;

  /** Reached by `mr.read`. */
  constructor(session: Session) {
    this.#session = session;
    Object.freeze(this);
  }

  /**
   * One row per line of UTF-8 text, without the line's end.
   * @param pattern which files
   * @throws PLAN_INVALID for a path that cannot be understood
   * @example
   * mr.read.text("s3://logs/2024-*.log.gz")
   * // => "to be"
   */
  text(pattern: string): Dataset<string> {
    const id = this.#session.nextNode();
    return new Dataset(this.#session, { kind: "readText", id, pattern: this.#resolve(pattern) });
  }

  /**
   * One row per line of newline-delimited JSON.
   * @param pattern which files
   * @param options a schema of columns, into which lines are read without an object for each; `"infer"` for columns as
   *   the files show them; or a zod schema, which checks each row by a function; without one rows are `unknown`, or
   *   what you say
   * @throws PLAN_INVALID for a path that cannot be understood
   * @example
   * mr.read.ndjson("sales.ndjson", { schema: schema({ shop: utf8, price: float64 }) })
   * // => { shop: "north", price: 2.5 } { shop: "south", price: 4 }
   * @example
   * mr.read.ndjson("sales.ndjson", { schema: "infer" }).where((c) => c("price").cast(float64).gt(3))
   * // => { shop: "south", price: 4 }
   * @example
   * mr.read.ndjson("sales.ndjson", { schema: z.object({ shop: z.string(), price: z.number() }) })
   * // => { shop: "north", price: 2.5 } { shop: "south", price: 4 }
   */
  ndjson<Row>(pattern: string, options: ColumnFileReadOptions<Row>): Dataset<Row>;
  ndjson(pattern: string, options: InferredReadOptions): Dataset<Record<string, unknown>>;
  ndjson<T = unknown>(pattern: string, options?: NdjsonReadOptions<T>): Dataset<T>;
  ndjson<T>(
    pattern: string,
    options?: NdjsonReadOptions<T> | ColumnFileReadOptions<T> | InferredReadOptions,
  ): Dataset<T> {
    if (options !== undefined && isColumnar(options)) {
      checkOptionNames("read.ndjson", options, folderOptions);
      return this.#columns("ndjson", pattern, options);
    }
    checkOptionNames("read.ndjson", options, ["schema"]);
    const id = this.#session.nextNode();
    const node = { kind: "readNdjson", id, pattern: this.#resolve(pattern) } as const;
    if (options === undefined) return new Dataset<T>(this.#session, node);
    const { schema } = options;
    if (typeof schema?.safeParse !== "function") throw noSchema("read.ndjson", schema);
    const optional = optionalKeys(schema);
    return new Dataset<unknown>(this.#session, node).map((row) =>
      withKeys(checkRow(schema, row), optional),
    );
  }

  /**
   * The rows of Parquet files, as columns. Only the columns that the job uses are fetched.
   * @param pattern which files
   * @param options the schema that they must fit; without one it is read off the files, and the columns have to
   *   be cast where they are used
   * @throws PLAN_INVALID for a path that cannot be understood
   * @example
   * mr.read.parquet("flights/", { schema: schema({ origin: utf8, delay: int32.nullable() }) })
   * // => { origin: "SEA", delay: 42 } { origin: "SFO", delay: -3 } { origin: "SEA", delay: null }
   * @example mr.read.parquet("flights/").where((c) => c("delay").cast(int32).gt(30))
   */
  parquet<Row>(pattern: string, options: ColumnFileReadOptions<Row>): Dataset<Row>;
  parquet(pattern: string, options?: FolderOptions): Dataset<Record<string, unknown>>;
  parquet<Row>(
    pattern: string,
    options: FolderOptions | ColumnFileReadOptions<Row> = {},
  ): Dataset<Row> {
    checkOptionNames("read.parquet", options, folderOptions);
    return this.#columns("parquet", pattern, options);
  }

  /**
   * The rows of Arrow IPC files, as columns.
   * @param pattern which files
   * @param options the schema that they must fit; without one it is read off the files, and the columns have to
   *   be cast where they are used
   * @throws PLAN_INVALID for a path that cannot be understood
   * @example
   * mr.read.arrow("flights.arrow", { schema: schema({ origin: utf8, delay: int32.nullable() }) })
   * // => { origin: "SEA", delay: 42 } { origin: "SFO", delay: -3 } { origin: "SEA", delay: null }
   */
  arrow<Row>(pattern: string, options: ColumnFileReadOptions<Row>): Dataset<Row>;
  arrow(pattern: string, options?: FolderOptions): Dataset<Record<string, unknown>>;
  arrow<Row>(
    pattern: string,
    options: FolderOptions | ColumnFileReadOptions<Row> = {},
  ): Dataset<Row> {
    checkOptionNames("read.arrow", options, folderOptions);
    return this.#columns("arrow", pattern, options);
  }

  /**
   * One row per record of comma-separated values (RFC 4180: quotes may span lines).
   * @param pattern which files
   * @param options a schema, `"infer"` for columns and types as the files show them, or the columns' types; whether
   *   there is a header, the delimiter. With a schema an empty field is null where the column may be; with `columns`
   *   it is an empty string
   * @throws PLAN_INVALID for a path or a delimiter that cannot be understood
   * @example mr.read.csv("sales.csv", { schema: schema({ shop: utf8, price: decimal(15, 2) }) })
   * @example mr.read.csv("sales.csv", { columns: { shop: "string", price: "number" } })
   * @example
   * mr.read.csv("airports.csv", { schema: "infer" }).where((c) => c("city").cast(utf8).eq("Seattle"))
   * // => { origin: "SEA", city: "Seattle" }
   */
  csv<Row>(pattern: string, options: CsvSchemaOptions<Row>): Dataset<Row>;
  csv(pattern: string, options: CsvInferredOptions): Dataset<Record<string, unknown>>;
  csv(pattern: string, options?: CsvLayout): Dataset<Record<string, string>>;
  csv<const Columns extends Readonly<Record<string, CsvColumnType>>>(
    pattern: string,
    options: CsvReadOptions<Columns>,
  ): Dataset<CsvRow<Columns>>;
  csv(
    pattern: string,
    options: CsvLayout & {
      readonly columns?: Readonly<Record<string, CsvColumnType>>;
      readonly schema?: RowSchema<unknown> | "infer";
    } = {},
  ): Dataset<never> {
    const isColumnar = options?.schema !== undefined;
    checkOptionNames("read.csv", options, isColumnar ? csvColumnOptions : csvOptions);
    const { columns = {}, header = true, delimiter = "," } = options;
    checkDelimiter("read.csv", delimiter);
    if (isColumnar) return this.#columns("csv", pattern, options);
    const id = this.#session.nextNode();
    return new Dataset(this.#session, {
      kind: "readCsv",
      id,
      pattern: this.#resolve(pattern),
      options: Object.freeze({ header, delimiter, columns: Object.freeze({ ...columns }) }),
    });
  }

  /**
   * The rows of a checkpoint that a job wrote to a folder of its choice, as they were there. For jobs of one version of
   * the engine; rows that are to be kept for long, or for others, are better written as Parquet.
   * @param folder what was given to `checkpoint`
   * @param schema the columns that they have, where there are any: rows that do not fit end the job; without it rows are
   *   `unknown`, or what you say
   * @throws PLAN_INVALID for a path that cannot be understood
   * @example
   * mr.read.checkpoint("known-flights", schema({ origin: utf8, delay: int32.nullable() }))
   * // => { origin: "SEA", delay: 42 } { origin: "SFO", delay: -3 } { origin: "SEA", delay: null }
   */
  checkpoint<Row>(folder: string, schema: RowSchema<Row>): Dataset<Row>;
  checkpoint<T = unknown>(folder: string): Dataset<T>;
  checkpoint<Row>(folder: string, schema?: RowSchema<Row>): Dataset<Row> {
    const pattern = resolveOutput(folder, this.#session.workingFolder);
    const id = this.#session.nextNode();
    const rows = new Dataset<Row>(this.#session, { kind: "readCheckpoint", id, pattern });
    return schema === undefined ? rows : rows.as(schema);
  }

  /**
   * The rows of a source of yours, or of a package: see `defineSource`. Only the columns that the job uses are asked
   * for, and conditions right over it are offered to it.
   * @param source what to read
   * @throws PLAN_INVALID for what is no source
   * @example mr.read.from(postgresSource({ table: "orders" })).select("id")
   */
  from<Row>(source: Source<Row>): Dataset<Row> {
    const { draft, call } = sourceParts(source);
    return new Dataset<Row>(this.#session, { ...draft, id: this.#session.nextNode(call) });
  }

  #columns<Row>(
    format: ColumnarFormat,
    pattern: string,
    given: Omit<ColumnarReadOptions, "schema"> & {
      readonly schema?: RowSchema<unknown> | "infer";
    },
  ): Dataset<Row> {
    const { schema, header, delimiter, nullText, partitionColumns } = given;
    if (schema !== undefined && schema !== "infer" && !(schema instanceof RowSchema)) {
      throw noSchema(`read.${format}`, schema);
    }
    const options: ColumnarReadOptions = Object.freeze({
      ...(schema === undefined || schema === "infer" ? {} : { schema: { fields: schema.fields } }),
      ...(header === undefined ? {} : { header }),
      ...(delimiter === undefined ? {} : { delimiter }),
      ...(nullText === undefined ? {} : { nullText }),
      ...(partitionColumns === undefined ? {} : { partitionColumns }),
    });
    const id = this.#session.nextNode();
    const node = { kind: "readColumns", id, format, pattern: this.#resolve(pattern), options };
    return new Dataset<Row>(this.#session, node as ColumnarReadNode);
  }

  #resolve(pattern: string): string {
    return resolveInput(pattern, this.#session.workingFolder);
  }
}

function isColumnar<T>(
  options: NdjsonReadOptions<T> | ColumnFileReadOptions<T> | InferredReadOptions,
): options is ColumnFileReadOptions<T> | InferredReadOptions {
  return options.schema instanceof RowSchema || options.schema === "infer";
}

const folderOptions = ["schema", "partitionColumns"] as const;
const csvOptions = ["schema", "columns", "header", "delimiter"] as const;
const csvColumnOptions = [...folderOptions, "header", "delimiter", "nullText"] as const;

/** JavaScript may hand over anything. */
function noSchema(method: string, given: unknown): EngineError {
  return new EngineError(
    "PLAN_INVALID",
    `${method}: the schema is ${given === null ? "null" : typeof given}; make one, as in ` +
      'schema({ name: utf8, price: float64.nullable() }), or give "infer"',
  );
}

/** Keys that the schema names and rows may leave out. */
function optionalKeys(schema: z.ZodType): readonly string[] {
  if (!("shape" in schema) || typeof schema.shape !== "object" || schema.shape === null) return [];
  const fields = Object.entries(schema.shape as Readonly<Record<string, z.ZodType>>);
  return fields.filter(([, field]) => field.safeParse(undefined).success).map(([name]) => name);
}

/** They are columns all the same, even where no row has them. */
function withKeys<T>(row: T, keys: readonly string[]): T {
  const missing = keys.filter((key) => !Object.hasOwn(row as object, key));
  if (missing.length === 0) return row;
  return { ...row, ...Object.fromEntries(missing.map((key) => [key, undefined])) };
}

/** Runs on workers, once per row. */
function checkRow<T>(schema: z.ZodType<T>, row: unknown): T {
  const parsed = schema.safeParse(row);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => ({
    path: issue.path.map(String).join("."),
    message: issue.message,
  }));
  const [first] = fields;
  const where = first === undefined || first.path === "" ? "the row" : `field '${first.path}'`;
  throw new EngineError(
    "INPUT_MALFORMED",
    `a row does not fit the schema: ${where}: ${first?.message ?? "invalid"}`,
    { fields },
  );
}
