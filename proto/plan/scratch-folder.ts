// Folders below a scratch folder that hold rows for the job itself: for its driver to read, or as a checkpoint. They are
// no output of the job.

/** Hidden from globs, as all names that begin so. */
const beginnings = { rows: "_rows-", checkpoint: "_checkpoint-" } as const;

/** Of an action. `scratchUri`: of the job, ending in '/'. */
export function scratchFolder(
  kind: keyof typeof beginnings,
  scratchUri: string,
  actionIndex: number,
): string {
  return `${scratchUri}${beginnings[kind]}${actionIndex}/`;
}

export function isScratchFolder(folderUri: string): boolean {
  const name = folderUri.split("/").at(-2) ?? "";
  return Object.values(beginnings).some((beginning) => name.startsWith(beginning));
}

/** The folder of one job below that of a cluster, which ends in '/'. */
export function jobScratch(scratchUri: string, jobId: string): string {
  return `${scratchUri}${jobId}/`;
}
