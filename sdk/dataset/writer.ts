// The output formats of a dataset.

import type { CommittedOutput } from "../../proto/plan/bundle.ts";
import type { LogicalNode, OutputFormat } from "../../proto/plan/logical.ts";
import { resolveOutput } from "./paths.ts";
import type { Session } from "./session.ts";

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
   * @throws PLAN_INVALID for a path that names no folder; OUTPUT_EXISTS; OUTPUT_LOCKED
   * @example await lines.filter((line) => line.includes("ERROR")).write.text("errors");
   */
  text(this: DatasetWriter<string>, folder: string): Promise<CommittedOutput> {
    return this.#write("text", folder);
  }

  /**
   * Action: writes one JSON value per line.
   * @param folder a path, `file:///…` or `s3://…`
   * @throws PLAN_INVALID for a path that names no folder; OUTPUT_EXISTS; OUTPUT_LOCKED
   * @example await counts.write.ndjson("s3://results/counts");
   */
  ndjson(folder: string): Promise<CommittedOutput> {
    return this.#write("ndjson", folder);
  }

  /**
   * Action: writes Arrow IPC files, which keep every column's type and are read without parsing.
   * @param folder a path, `file:///…` or `s3://…`
   * @throws PLAN_INVALID for a path that names no folder; OUTPUT_EXISTS; OUTPUT_LOCKED
   * @example await sales.write.arrow("s3://results/sales");
   */
  arrow(folder: string): Promise<CommittedOutput> {
    return this.#write("arrow", folder);
  }

  async #write(format: OutputFormat, folder: string): Promise<CommittedOutput> {
    const folderUri = resolveOutput(folder, this.#session.workingFolder);
    return await this.#session.write({ kind: "write", input: this.#node, format, folderUri });
  }
}
