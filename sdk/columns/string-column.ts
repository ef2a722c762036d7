// Columns of text.

import type { AnyMethods, EqualityMethods, ExtremeMethods, OrderedMethods } from "./any-column.ts";
import type { BooleanColumn } from "./boolean-column.ts";
import type { DateColumn } from "./date-column.ts";
import type { Expression, NeedsOf, NullOf, ValueOrColumn } from "./expression.ts";
import type { ListColumn } from "./nested-column.ts";
import type { NumberColumn } from "./number-column.ts";

/** Methods of columns of text. Places are counted from 1, as in SQL. */
export interface StringMethods<N extends null, R> {
  /**
   * The text in capital letters.
   * @example
   * flights.select((c) => ({ x: c.origin.upper() }))
   * // => "SEA", "SFO", "SEA"
   */
  upper(): StringColumn<N, R>;
  /**
   * The text in small letters.
   * @example
   * flights.select((c) => ({ x: c.origin.lower() }))
   * // => "sea", "sfo", "sea"
   */
  lower(): StringColumn<N, R>;
  /**
   * The first letter of each word (of letters and digits) as a capital, the others small.
   * @example
   * flights.select((c) => ({ x: c.origin.initcap() }))
   * // => "Sea", "Sfo", "Sea"
   */
  initcap(): StringColumn<N, R>;
  /**
   * How many characters the text has.
   * @example
   * flights.select((c) => ({ x: c.origin.length() }))
   * // => 3, 3, 3
   */
  length(): NumberColumn<N, R>;
  /**
   * How many bytes the text has in UTF-8.
   * @example
   * flights.select((c) => ({ x: c.origin.byteLength() }))
   * // => 3, 3, 3
   */
  byteLength(): NumberColumn<N, R>;
  /**
   * The characters from last to first.
   * @example
   * flights.select((c) => ({ x: c.origin.reverse() }))
   * // => "AES", "OFS", "AES"
   */
  reverse(): StringColumn<N, R>;
  /**
   * The code point of the first character; 0 of the empty text.
   * @example
   * flights.select((c) => ({ x: c.origin.ascii() }))
   * // => 83, 83, 83
   */
  ascii(): NumberColumn<N, R>;
  /**
   * The text without some characters at its start and end; without spaces unless told.
   * @example
   * flights.select((c) => ({ x: c.origin.trim() }))
   * // => "SEA", "SFO", "SEA"
   */
  trim(characters?: string): StringColumn<N, R>;
  /**
   * The text without some characters at its start; without spaces unless told.
   * @example
   * flights.select((c) => ({ x: c.origin.trimStart() }))
   * // => "SEA", "SFO", "SEA"
   */
  trimStart(characters?: string): StringColumn<N, R>;
  /**
   * The text without some characters at its end; without spaces unless told.
   * @example
   * flights.select((c) => ({ x: c.origin.trimEnd() }))
   * // => "SEA", "SFO", "SEA"
   */
  trimEnd(characters?: string): StringColumn<N, R>;
  /**
   * The characters from a place on, counted from 1; a negative one counts from the end.
   * @example
   * flights.select((c) => ({ x: c.origin.substring(1, 2) }))
   * // => "SE", "SF", "SE"
   */
  substring<A extends ValueOrColumn<number>>(
    start: A,
    length?: number,
  ): StringColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The first characters; none of a negative count.
   * @example
   * flights.select((c) => ({ x: c.origin.left(2) }))
   * // => "SE", "SF", "SE"
   */
  left<A extends ValueOrColumn<number>>(count: A): StringColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The last characters; none of a negative count.
   * @example
   * flights.select((c) => ({ x: c.origin.right(2) }))
   * // => "EA", "FO", "EA"
   */
  right<A extends ValueOrColumn<number>>(count: A): StringColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The text with others behind it; null where one of them is.
   * @example
   * flights.select((c) => ({ x: c.origin.concat("-", c.destination) }))
   * // => "SEA-SFO", "SFO-SEA", "SEA-JFK"
   */
  concat<const A extends readonly ValueOrColumn<string>[]>(
    ...texts: A
  ): StringColumn<N | NullOf<A[number]>, R & NeedsOf<A[number]>>;
  /**
   * The text with every occurrence of a part replaced; unchanged where the part is empty.
   * @example
   * flights.select((c) => ({ x: c.tail.replace("-", "") }))
   * // => "N17", null, "N17"
   */
  replace<A extends ValueOrColumn<string>, B extends ValueOrColumn<string>>(
    part: A,
    by: B,
  ): StringColumn<N | NullOf<A> | NullOf<B>, R & NeedsOf<A> & NeedsOf<B>>;
  /**
   * Each character that is in `from` becomes the one at its place in `to`, or nothing where `to` is shorter.
   * @example
   * flights.select((c) => ({ x: c.tail.translate("-_", "  ") }))
   * // => "N17", null, "N17"
   */
  translate<A extends ValueOrColumn<string>, B extends ValueOrColumn<string>>(
    from: A,
    to: B,
  ): StringColumn<N | NullOf<A> | NullOf<B>, R & NeedsOf<A> & NeedsOf<B>>;
  /**
   * The parts between separators; the characters where the separator is empty.
   * @example
   * flights.select((c) => ({ x: c.tail.split("-") }))
   * // => ["N17"], null, ["N17"]
   */
  split<A extends ValueOrColumn<string>>(
    separator: A,
  ): ListColumn<string, N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The part between separators at an index, counted from 1, or from the end where negative; empty where there is none.
   * @example
   * flights.select((c) => ({ x: c.tail.splitPart("-", 1) }))
   * // => "N17", null, "N17"
   */
  splitPart<A extends ValueOrColumn<string>, B extends ValueOrColumn<number>>(
    separator: A,
    index: B,
  ): StringColumn<N | NullOf<A> | NullOf<B>, R & NeedsOf<A> & NeedsOf<B>>;
  /**
   * Whether the text starts with a part.
   * @example flights.where((c) => c.tail.startsWith("N"))
   */
  startsWith<A extends ValueOrColumn<string>>(
    part: A,
  ): BooleanColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * Whether the text ends with a part.
   * @example flights.where((c) => c.tail.endsWith("N"))
   */
  endsWith<A extends ValueOrColumn<string>>(part: A): BooleanColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * Whether a part is somewhere in the text.
   * @example flights.where((c) => c.tail.contains("N"))
   */
  contains<A extends ValueOrColumn<string>>(part: A): BooleanColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * Where a part first starts, counted from 1; 0 where it is not there.
   * @example
   * flights.select((c) => ({ x: c.tail.position("-") }))
   * // => 0, null, 0
   */
  position<A extends ValueOrColumn<string>>(part: A): NumberColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The text brought to a length by fill (spaces) before it; cut to the length where it is longer.
   * @example
   * flights.select((c) => ({ x: c.tail.padStart(8, "0") }))
   * // => "00000N17", null, "00000N17"
   */
  padStart<A extends ValueOrColumn<number>>(
    length: A,
    fill?: string,
  ): StringColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The text brought to a length by fill (spaces) behind it; cut to the length where it is longer.
   * @example
   * flights.select((c) => ({ x: c.tail.padEnd(8, "0") }))
   * // => "N1700000", null, "N1700000"
   */
  padEnd<A extends ValueOrColumn<number>>(
    length: A,
    fill?: string,
  ): StringColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The text again and again; empty where the count is not positive.
   * @example
   * flights.select((c) => ({ x: c.tail.repeat(2) }))
   * // => "N17N17", null, "N17N17"
   */
  repeat<A extends ValueOrColumn<number>>(count: A): StringColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * Whether the whole text fits a pattern: % is any text, _ any character, \ takes the next one literally.
   * @example flights.where((c) => c.tail.like("N%"))
   */
  like<A extends ValueOrColumn<string>>(pattern: A): BooleanColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * As `like`, with capital and small letters alike.
   * @example flights.where((c) => c.tail.ilike("n%"))
   */
  ilike<A extends ValueOrColumn<string>>(pattern: A): BooleanColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * Whether a regular expression fits a part of the text.
   * @param pattern of JavaScript, with the flags i, m and s; u is always set
   * @example flights.where((c) => c.tail.regexMatches(/^n\d+/i))
   */
  regexMatches(pattern: RegExp | string): BooleanColumn<N, R>;
  /**
   * The first part that a regular expression fits, or one group of it; null where none fits.
   * @param pattern of JavaScript, with the flags i, m and s; u is always set
   * @param group which group; the whole part unless told
   * @example
   * flights.select((c) => ({ x: c.tail.regexExtract(/N(\d+)/, 1) }))
   * // => "17", null, "17"
   */
  regexExtract(pattern: RegExp | string, group?: number): StringColumn<null, R>;
  /**
   * All parts that a regular expression fits, or one group of each.
   * @param pattern of JavaScript, with the flags i, m and s; u is always set
   * @param group which group; the whole part unless told
   * @example
   * flights.select((c) => ({ x: c.tail.regexExtractAll(/\d/) }))
   * // => ["1", "7"], null, ["1", "7"]
   */
  regexExtractAll(pattern: RegExp | string, group?: number): ListColumn<string | null, N, R>;
  /**
   * The text with every part that a regular expression fits replaced.
   * @param pattern of JavaScript, with the flags i, m and s; u is always set
   * @param by what comes in its place: `$1` is the first group, `$&` the part, `$$` a dollar
   * @example
   * flights.select((c) => ({ x: c.tail.regexReplace(/[^0-9]/, "") }))
   * // => "17", null, "17"
   */
  regexReplace(pattern: RegExp | string, by: string): StringColumn<N, R>;
  /**
   * How many characters must be inserted, deleted or changed to make another text of this.
   * @example
   * flights.select((c) => ({ x: c.origin.levenshtein(c.destination) }))
   * // => 2, 2, 3
   */
  levenshtein<A extends ValueOrColumn<string>>(
    other: A,
  ): NumberColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The date that the text says in a format; a text that does not fit ends the job.
   * @example
   * flights.select((c) => ({ x: c.at.formatDate("yyyy-MM-dd").toDate("yyyy-MM-dd") }))
   * // => 2024-02-29, 2024-02-29, 2024-02-29
   */
  toDate(format: string): DateColumn<N, R>;
  /**
   * As `toDate`, with null for a text that does not fit.
   * @example
   * flights.select((c) => ({ x: c.tail.tryToDate("yyyy-MM-dd") }))
   * // => null, null, null
   */
  tryToDate(format: string): DateColumn<null, R>;
  /**
   * The instant that the text says in a format, by its offset (ZZ) or else in a zone (UTC); a text that does not fit ends the job.
   * @example
   * flights.select((c) => ({ x: c.at.formatDate("yyyy-MM-dd HH:mm").toTimestamp("yyyy-MM-dd HH:mm") }))
   * // => 2024-02-29T06:30:00Z, 2024-02-29T09:30:00Z, 2024-02-29T13:30:00Z
   */
  toTimestamp(format: string, zone?: string): DateColumn<N, R>;
  /**
   * As `toTimestamp`, with null for a text that does not fit.
   * @example
   * flights.select((c) => ({ x: c.tail.tryToTimestamp("yyyy-MM-dd HH:mm") }))
   * // => null, null, null
   */
  tryToTimestamp(format: string, zone?: string): DateColumn<null, R>;
}

/** A column of text. */
export interface StringColumn<out N extends null = never, in R = unknown>
  extends Expression<string | N, R>,
    AnyMethods<string, N, R>,
    EqualityMethods<string, N, R>,
    ExtremeMethods<string, N, R>,
    OrderedMethods<string, N, R>,
    StringMethods<N, R> {}
