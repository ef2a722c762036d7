// Indexes of shuffle files, kept by those who read many partitions of the same maps one after another.

import { keptIndexBytesMax, keptIndexPartitionsMin } from "../../proto/limits/blocks.ts";
import type { PartitionStarts } from "./shuffle-file.ts";

/** A task of a shuffle reads the index of every map for one of its partitions: all tasks together, for each of them. */
export class KeptIndexes {
  private readonly kept = new Map<string, PartitionStarts>();
  private bytes = 0;

  get(path: string): PartitionStarts | undefined {
    return this.kept.get(path);
  }

  keep(path: string, starts: PartitionStarts): void {
    // What one task reads whole is not asked for again, and the index of few partitions is quickly read.
    if (starts.length <= keptIndexPartitionsMin || this.kept.has(path)) return;
    const folder = folderOf(path);
    for (const [oldest, { byteLength }] of this.kept) {
      if (this.bytes + starts.byteLength <= keptIndexBytesMax) break;
      // Tasks read all maps in turn: who made room by what is read next would keep nothing.
      if (folderOf(oldest) === folder) return;
      this.kept.delete(oldest);
      this.bytes -= byteLength;
    }
    this.kept.set(path, starts);
    this.bytes += starts.byteLength;
  }
}

/** Of the job. */
function folderOf(path: string): string {
  return path.slice(0, path.indexOf("/"));
}
