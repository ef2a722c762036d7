// Reads a file of columns in memory as a task would, cut where a test wants it.

import type { Batch } from "../../../proto/batch/batch.ts";
import { batchRows } from "../../../proto/batch/batch.ts";
import { describeInput } from "../../../proto/formats/describe.ts";
import type { Expr } from "../../../proto/plan/expr.ts";
import type { ColumnarFormat, ColumnarReadOptions } from "../../../proto/plan/logical.ts";
import type { FileRange } from "../../../proto/plan/program.ts";
import { gunzipBlocks } from "../../executor/gunzip.ts";
import type { KeyTest } from "../../operators/stage.ts";
import { storeReader } from "../byte-reader.ts";
import { type ColumnsProgram, readColumns } from "../columns.ts";

export interface Reading {
  readonly uri?: string;
  readonly cuts?: readonly number[];
  readonly options?: ColumnarReadOptions;
  readonly columns?: readonly string[];
  readonly pruning?: Expr;
  readonly condition?: Expr;
  readonly wantedAfter?: ReadonlySet<string>;
  readonly keyTests?: readonly KeyTest[];
  readonly wants?: ReadonlySet<string>;
  /** Told what came beside each batch. */
  readonly note?: (rowsLeftOut: number, isKept: boolean) => void;
}

export function storeOf(bytes: Uint8Array) {
  const read = async (_: string, offset: number, length: number) =>
    Uint8Array.from(bytes.subarray(offset, offset + length));
  return { read };
}

/** The rows of a file, read in one task for each piece. */
export async function read(
  format: ColumnarFormat,
  bytes: Uint8Array,
  reading: Reading = {},
): Promise<unknown[]> {
  const { uri = "s3://bucket/input", cuts = [], options = {}, columns, pruning } = reading;
  const { condition, wantedAfter, keyTests, wants, note } = reading;
  const store = storeOf(bytes);
  const files = [{ uri, sizeBytes: bytes.length }];
  const schema = await describeInput(store, format, files, options);
  const program: ColumnsProgram = {
    kind: "columns",
    node: 0,
    format,
    options: { ...options, schema },
    ...(columns === undefined ? {} : { columns }),
    ...(pruning === undefined ? {} : { pruning }),
  };
  const compression = uri.endsWith(".gz") ? "gzip" : uri.endsWith(".zst") ? "zstd" : "none";
  const inside = [...new Set(cuts.filter((cut) => cut > 0 && cut < bytes.length))];
  const edges = [0, ...inside.sort((a, b) => a - b), bytes.length];
  const batches: Batch[] = [];
  const reader = storeReader(store as Parameters<typeof storeReader>[0]);
  for (let i = 1; i < edges.length; i++) {
    const range: FileRange = {
      uri,
      fileBytes: bytes.length,
      startByte: edges[i - 1]!,
      endByte: edges[i]!,
      compression,
    };
    await readColumns(
      { ranges: [range] },
      program,
      { reader, gunzip: gunzipBlocks, onFile: () => undefined },
      {
        wants,
        condition,
        wantedAfter,
        keyTests,
        pushBatch: async (batch, { rowsLeftOut }, isKept) => {
          batches.push(batch);
          note?.(rowsLeftOut, isKept);
          return true;
        },
      },
    );
  }
  return batches.flatMap(batchRows);
}
