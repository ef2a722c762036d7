// The output formats of a dataset.

import { EngineError } from "../../proto/errors.ts";
import type { CommittedOutput } from "../../proto/plan/bundle.ts";
import type { WrittenRows } from "../../proto/plan/connector.ts";
import type { LogicalNode, OutputFormat, WriteOptions } from "../../proto/plan/logical.ts";
import type { RecordOf } from "../columns/column-for.ts";
import { checkOptionNames } from "../columns/option-names.ts";
import { resolveOutput } from "./paths.ts";
import type { Session } from "./session.ts";
import { type Sink, writeToSink } from "./sink.ts";

/** How files are cut and packed. */
export interface FileOptions {
  /** Files are closed at about this many bytes. */
  readonly fileBytesTarget?: number;
  /** None unless told. */
  readonly compression?: "none" | "gzip" | "zstd";
}

/** Of formats with columns. */
export interface ColumnFileOptions<Name extends string> extends FileOptions {
  /** Columns whose values become folders, as in `year=2024/`, and are left out of the files. */
  readonly partitionBy?: Name | readonly Name[];
}

/** Of Parquet files. */
export interface ParquetOptions<Name extends string>
  extends Omit<ColumnFileOptions<Name>, "compression"> {
  /** Snappy unless told. */
  readonly compression?: "none" | "gzip" | "zstd" | "snappy";
}

/** Of CSV files. */
export interface CsvWriteOptions<Name extends string> extends ColumnFileOptions<Name> {
  /** Whether the first record names the columns; true unless told. */
  readonly header?: boolean;
  /** One character; `,` unless told. */
  readonly delimiter?: string;
}

type Given = Omit<CsvWriteOptions<string>, "compression"> & Pick<WriteOptions, "compression">;

/**
 * Writes rows to a folder: one file per task, listed by `_manifest.json`, which appears last. A folder that
 * holds an output already is refused with OUTPUT_EXISTS, one that another job is writing with OUTPUT_LOCKED.
 */
export class DatasetWriter<out T> {
  /** For the type checker only: which rows are written. */
  declare protected readonly row: T;
  readonly #session: Session;
  readonly #node: LogicalNode;

  /** Reached by `dataset.write`. */
  constructor(session: Session, node: LogicalNode) {
    this.#session = session;
    this.#node = node;
    Object.freeze(this);
  }

  /**
   * Action: writes one line per row. Only for datasets of strings.
   * @param folder a path, `file:///…` or `s3://…`
   * @param options compression and the size of files
   * @throws PLAN_INVALID for a path that names no folder; OUTPUT_EXISTS; OUTPUT_LOCKED
   * @example await lines.filter((line) => line.includes("ERROR")).write.text("errors");
   */
  text(
    this: DatasetWriter<string>,
    folder: string,
    options: FileOptions = {},
  ): Promise<CommittedOutput> {
    return this.#write("text", folder, options);
  }

  /**
   * Action: writes one JSON value per line.
   * @param folder a path, `file:///…` or `s3://…`
   * @param options columns that become folders, compression and the size of files
   * @throws PLAN_INVALID for a path that names no folder; OUTPUT_EXISTS; OUTPUT_LOCKED
   * @example await counts.write.ndjson("s3://results/counts");
   */
  ndjson<Row>(
    this: DatasetWriter<Row>,
    folder: string,
    options: ColumnFileOptions<keyof RecordOf<Row> & string> = {},
  ): Promise<CommittedOutput> {
    return this.#write("ndjson", folder, options);
  }

  /**
   * Action: writes comma-separated values (RFC 4180).
   * @param folder a path, `file:///…` or `s3://…`
   * @param options header and delimiter, columns that become folders, compression and the size of files
   * @throws PLAN_INVALID for a path that names no folder or a delimiter that is not one character; OUTPUT_EXISTS;
   *   OUTPUT_LOCKED
   * @example await sales.write.csv("sales", { partitionBy: "shop" });
   */
  csv<Row>(
    this: DatasetWriter<Row>,
    folder: string,
    options: CsvWriteOptions<keyof RecordOf<Row> & string> = {},
  ): Promise<CommittedOutput> {
    checkOptionNames("write.csv", options, optionsOf.csv);
    const { delimiter = "," } = options;
    checkDelimiter("write.csv", delimiter);
    return this.#write("csv", folder, options);
  }

  /**
   * Action: writes Arrow IPC files, which keep every column's type and are read without parsing.
   * @param folder a path, `file:///…` or `s3://…`
   * @param options columns that become folders, and the size of files
   * @throws PLAN_INVALID for a path that names no folder; OUTPUT_EXISTS; OUTPUT_LOCKED
   * @example await sales.write.arrow("s3://results/sales");
   */
  arrow<Row>(
    this: DatasetWriter<Row>,
    folder: string,
    options: Omit<ColumnFileOptions<keyof RecordOf<Row> & string>, "compression"> = {},
  ): Promise<CommittedOutput> {
    return this.#write("arrow", folder, options);
  }

  /**
   * Action: writes Parquet files, which keep every column's type and are small.
   * @param folder a path, `file:///…` or `s3://…`
   * @param options columns that become folders, compression and the size of files
   * @throws PLAN_INVALID for a path that names no folder; OUTPUT_EXISTS; OUTPUT_LOCKED
   * @example await flights.write.parquet("s3://results/flights", { partitionBy: ["origin"] });
   */
  parquet<Row>(
    this: DatasetWriter<Row>,
    folder: string,
    options: ParquetOptions<keyof RecordOf<Row> & string> = {},
  ): Promise<CommittedOutput> {
    return this.#write("parquet", folder, options);
  }

  /**
   * Action: writes the rows to a sink of yours, or of a package: see `defineSink`. All of them appear at once, and once,
   * if the sink keeps what it promises.
   * @param sink what to write to
   * @throws PLAN_INVALID for what is no sink; INPUT_MALFORMED for a row that does not fit its schema; what its code
   *   throws
   * @example await counts.write.to(postgresSink({ table: "counts" }));
   */
  async to<Row>(this: DatasetWriter<Row>, sink: Sink<Row>): Promise<WrittenRows> {
    return await writeToSink(this.#session, this.#node, sink);
  }

  async #write(
    format: keyof typeof optionsOf,
    folder: string,
    given: Given,
  ): Promise<CommittedOutput> {
    const folderUri = resolveOutput(folder, this.#session.workingFolder);
    checkOptionNames(`write.${format}`, given, optionsOf[format]);
    const options = checkedOptions(format, given);
    return await this.#session.write({
      kind: "write",
      input: this.#node,
      format,
      folderUri,
      ...(Object.keys(options).length === 0 ? {} : { options }),
    });
  }
}

const fileOptions = ["fileBytesTarget", "compression"] as const;
const optionsOf: Readonly<Record<Exclude<OutputFormat, "checkpoint">, readonly string[]>> = {
  text: fileOptions,
  ndjson: ["partitionBy", ...fileOptions],
  csv: ["partitionBy", ...fileOptions, "header", "delimiter"],
  arrow: ["partitionBy", "fileBytesTarget"],
  parquet: ["partitionBy", ...fileOptions],
};

/** Throws PLAN_INVALID for what is not one character beside quotes and line ends. */
export function checkDelimiter(method: string, delimiter: string): void {
  if (delimiter.length === 1 && !/["\r\n]/.test(delimiter)) return;
  throw new EngineError(
    "PLAN_INVALID",
    `${method}: the delimiter ${JSON.stringify(delimiter)} is not one character beside quotes and line ends`,
  );
}

const compressions: readonly unknown[] = ["none", "gzip", "zstd", "snappy"];

function checkedOptions(format: OutputFormat, given: Given): WriteOptions {
  const { partitionBy, fileBytesTarget, compression, header, delimiter } = given;
  if (fileBytesTarget !== undefined && !(fileBytesTarget >= 1)) {
    throw new EngineError(
      "PLAN_INVALID",
      `write.${format}: fileBytesTarget is ${fileBytesTarget}; give a number of bytes`,
    );
  }
  if (compression !== undefined && !compressions.includes(compression)) {
    throw new EngineError(
      "PLAN_INVALID",
      `write.${format}: there is no compression '${compression}'; use ${compressions.join(", ")}`,
    );
  }
  const names = typeof partitionBy === "string" ? [partitionBy] : partitionBy;
  return Object.freeze({
    ...(names === undefined ? {} : { partitionBy: Object.freeze([...names]) }),
    ...(fileBytesTarget === undefined ? {} : { fileBytesTarget }),
    ...(compression === undefined ? {} : { compression }),
    ...(header === undefined ? {} : { header }),
    ...(delimiter === undefined ? {} : { delimiter }),
  });
}
