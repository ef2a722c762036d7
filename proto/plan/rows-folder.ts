// Folders below a scratch folder that hold rows for a driver to read: they are no output of the job.

/** Hidden from globs, as all names that begin so. */
const beginning = "_rows-";

/** `scratchUri`: of the job, ending in '/'. */
export function rowsFolder(scratchUri: string, actionIndex: number): string {
  return `${scratchUri}${beginning}${actionIndex}/`;
}

export function isRowsFolder(folderUri: string): boolean {
  return folderUri.split("/").at(-2)?.startsWith(beginning) === true;
}

/** The folder of one job below that of a cluster, which ends in '/'. */
export function jobScratch(scratchUri: string, jobId: string): string {
  return `${scratchUri}${jobId}/`;
}
