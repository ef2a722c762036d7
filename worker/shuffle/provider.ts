// Serves this worker's sealed blocks to its peers.

import { releasedJobsMax } from "../../proto/limits.ts";
import type { BlockProvider } from "../../proto/ports/blocks.ts";
import { readOnlySealedFiles } from "../executor/local-files.ts";
import { shuffleFolderOf } from "../executor/pool-folders.ts";
import { type SealedFiles, sealedPath } from "./sealed-files.ts";
import { readPartitions } from "./shuffle-file.ts";

/** Jobs whose blocks were deleted on purpose: asking for one is a mistake, not a loss. */
export class ReleasedJobs {
  private readonly jobs = new Set<string>();

  add(jobId: string): void {
    this.jobs.delete(jobId);
    this.jobs.add(jobId);
    if (this.jobs.size <= releasedJobsMax) return;
    for (const oldest of this.jobs) {
      this.jobs.delete(oldest);
      return;
    }
  }

  has(jobId: string): boolean {
    return this.jobs.has(jobId);
  }
}

/** "Released" wins over "missing": a job that ended asks for nothing again. */
export function blockProvider(files: SealedFiles, released: ReleasedJobs): BlockProvider {
  return async (block) => {
    if (released.has(block.jobId)) return { kind: "released" };
    const range = { first: block.partition, count: block.partitions };
    const bytes = await readPartitions(files, sealedPath(block), range, block);
    if (bytes !== undefined) return { kind: "bytes", bytes };
    return { kind: released.has(block.jobId) ? "released" : "missing" };
  };
}

/** One memory per folder: the pool that deletes and the provider that answers are made apart. */
const releasedByFolder = new Map<string, ReleasedJobs>();

export function releasedJobsOf(shuffleFolder: string): ReleasedJobs {
  const known = releasedByFolder.get(shuffleFolder) ?? new ReleasedJobs();
  releasedByFolder.set(shuffleFolder, known);
  return known;
}

/** The blocks below a worker's folder. */
export function createBlockProvider(workFolder: string): BlockProvider {
  const folder = shuffleFolderOf(workFolder);
  return blockProvider(readOnlySealedFiles(folder), releasedJobsOf(folder));
}
