// Where datasets come from: files by path, pattern or URI.

import type { z } from "zod";
import { EngineError } from "../../proto/errors.ts";
import type { CsvColumnType } from "../../proto/plan/logical.ts";
import type { CsvRow } from "./columns.ts";
import { Dataset } from "./dataset.ts";
import { resolveInput } from "./paths.ts";
import type { Session } from "./session.ts";

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
   * @example mr.read.text("s3://logs/2024/**.log.gz")
   */
  text(pattern: string): Dataset<string> {
    const id = this.#session.nextNode();
    return new Dataset(this.#session, { kind: "readText", id, pattern: this.#resolve(pattern) });
  }

  /**
   * One row per line of newline-delimited JSON.
   * @param pattern which files
   * @param options a schema that checks and types each row; without one rows are `unknown`, or what you say
   * @throws PLAN_INVALID for a path that cannot be understood
   * @example mr.read.ndjson("sales.ndjson", { schema: z.object({ shop: z.string(), price: z.number() }) })
   */
  ndjson<T = unknown>(pattern: string, options?: NdjsonReadOptions<T>): Dataset<T> {
    const id = this.#session.nextNode();
    const node = { kind: "readNdjson", id, pattern: this.#resolve(pattern) } as const;
    if (options === undefined) return new Dataset<T>(this.#session, node);
    const { schema } = options;
    return new Dataset<unknown>(this.#session, node).map((row) => checkRow(schema, row));
  }

  /**
   * One row per record of comma-separated values (RFC 4180: quotes may span lines).
   * @param pattern which files
   * @param options the columns' types, whether there is a header, the delimiter
   * @throws PLAN_INVALID for a path or a delimiter that cannot be understood
   * @example mr.read.csv("sales.csv", { columns: { shop: "string", price: "number" } })
   */
  csv(pattern: string, options?: CsvLayout): Dataset<Record<string, string>>;
  csv<const Columns extends Readonly<Record<string, CsvColumnType>>>(
    pattern: string,
    options: CsvReadOptions<Columns>,
  ): Dataset<CsvRow<Columns>>;
  csv(
    pattern: string,
    options: CsvLayout & { readonly columns?: Readonly<Record<string, CsvColumnType>> } = {},
  ): Dataset<Record<string, string>> | Dataset<CsvRow<Readonly<Record<string, CsvColumnType>>>> {
    const { columns = {}, header = true, delimiter = "," } = options;
    if (delimiter.length !== 1 || /["\r\n]/.test(delimiter)) {
      throw new EngineError(
        "PLAN_INVALID",
        `read.csv: the delimiter ${JSON.stringify(delimiter)} is not one character beside quotes and line ends`,
      );
    }
    const id = this.#session.nextNode();
    return new Dataset(this.#session, {
      kind: "readCsv",
      id,
      pattern: this.#resolve(pattern),
      options: Object.freeze({ header, delimiter, columns: Object.freeze({ ...columns }) }),
    });
  }

  #resolve(pattern: string): string {
    return resolveInput(pattern, this.#session.workingFolder);
  }
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
