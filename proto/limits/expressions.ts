// Bounds of column expressions.

/** Sets of column types for which an expression keeps its kernels: mixed batches alternate among few. */
export const expressionBindingsMax = 64;
/** Generated loops of one kind that a thread keeps, by what they read and do: one query has some dozens. */
export const generatedLoopsMax = 512;
/** Compiled patterns that one call keeps where its pattern is a column. */
export const patternsCachedMax = 256;
/** Time zones whose offsets a thread keeps: all there are (about 600). */
export const timeZonesMax = 1024;
/** Years of offsets that are kept for one zone: longer than any usual column of times spans. */
export const timeZoneYearsMax = 1024;
/** Characters that `repeat`, `padStart` or `padEnd` make of one row: beyond it is a mistake in a count. */
export const madeTextCharactersMax = 16 * 1024 * 1024;
