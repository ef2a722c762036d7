// Bounds of the formats of files: text, CSV, NDJSON, Parquet, Arrow, and what packs them.

/** One line of text input. */
export const lineBytesMax = 64 * 1024 * 1024;
/** Bytes of lines whose columns make a batch: fewer rows than `batchRowsMax` only where these are long. */
export const batchBytesAimed = 32 * 1024 * 1024;
/** Bytes of one quoted field of a CSV file in columns: looked at to tell whether a border of splits lies in quotes. */
export const csvFieldBytesMax = 1024 * 1024;
/** Bytes at the beginning of a file, and files, by which types of CSV and NDJSON are inferred. */
export const inferenceBytes = 1024 * 1024;
export const inferenceFilesMax = 4;
/** Packed bytes of one zstd file, which is held whole while it is unpacked. */
export const zstdFileBytesMax = 512 * 1024 * 1024;
/** Read from the end of a Parquet file at first: most footers are smaller. */
export const parquetTailBytes = 64 * 1024;
/** Bytes of a Parquet footer: 100 columns in 10 000 row groups take about so many. */
export const parquetFooterBytesMax = 256 * 1024 * 1024;
/** Footers that a thread keeps decoded, in bytes of their files: what they become takes some ten times as much. */
export const parquetFootersBytesKept = 1024 * 1024;
/** Files of which the driver itself reads the footers, to count rows or to find how they lie. */
export const parquetFootersCountedMax = 16;
/** Bytes of a Parquet page or an Arrow buffer, packed or not: some writers make one of a whole row group. */
export const pageBytesMax = 1024 * 1024 * 1024;
/** Unwanted bytes between wanted columns that are fetched along: a request costs as much. */
export const parquetGapBytesMax = 64 * 1024;
/** Packed bytes of one row group held at once; columns of larger ones are fetched piece by piece. */
export const parquetHeldBytesMax = 64 * 1024 * 1024;
/** Memory that a thread keeps for the next row groups, in which those of most files fit twice. */
export const parquetRoomsBytesKept = 16 * 1024 * 1024;
/** Rows of a row group that we write: enough that pages and dictionaries are worth their heads. */
export const parquetGroupRowsMax = 512 * 1024;
/** Bytes of columns held for a row group that we write, per task. */
export const parquetGroupBytesMax = 64 * 1024 * 1024;
/** Of so many row groups in a row one is read for a sample: a quarter of a sort's input is then read twice. */
export const parquetSampledEach = 4;
/** Bytes of a dictionary that we write: larger ones do not pay. */
export const parquetDictionaryBytesMax = 1024 * 1024;
/** Bytes of a file of a checkpoint: each is read by one task, and rows of one task may be read by several. */
export const checkpointFileBytes = 32 * 1024 * 1024;
/** Bytes of rows that are sealed together in a file of a checkpoint, and read at once. */
export const checkpointBlockBytes = 4 * 1024 * 1024;
/** Bytes of the head of such a file, which holds the schema: that of ten thousand columns takes about so many. */
export const checkpointHeadBytesMax = 1024 * 1024;
/** Bytes of rows of one Arrow file, which is held whole until its columns are known; larger outputs get several. */
export const arrowFileBytesMax = 256 * 1024 * 1024;
/** Rows after which a test that need not be asked is judged by what it leaves out: a part of one batch. */
export const testedRowsMin = 4096;
/** A test that need not be asked, and that more than this share of the rows pass, costs more than it saves. */
export const testKeptShareMax = 0.75;
