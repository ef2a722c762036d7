// Globs over object names: `*` and `?` within a folder, `**` across folders, `{a,b}` alternatives.
import { EngineError } from "../errors.ts";
import { globAlternativesMax } from "../limits/store.ts";

/** A compiled glob. Paths have no scheme; segments are divided by '/'. */
export interface Glob {
  matches(path: string): boolean;
  /** For many names of one folder, which is looked at once: `matches` of the folder, '/' and the name. */
  inFolder(folder: string): (name: string) => boolean;
  /**
   * False when nothing below the folder (a path without trailing '/') can match: need not be read.
   */
  mayMatchBelow(folder: string): boolean;
}

const specialCharacter = /[*?{]/;

export function isGlob(pattern: string): boolean {
  return specialCharacter.test(pattern);
}

/** What every match begins with, literally: up to the first special character. */
export function globLiteralPrefix(pattern: string): string {
  const end = pattern.search(specialCharacter);
  return end < 0 ? pattern : pattern.slice(0, end);
}

/** What may stand between two '/'. */
interface Segment {
  /** `**`, which stands for any number of names. */
  readonly isGlobstar: boolean;
  readonly takes: (name: string) => boolean;
}

/**
 * `**` as a whole segment stands for any number of segments; anywhere else it is the same as `*`.
 */
export function compileGlob(pattern: string): Glob {
  const alternatives = expandBraces(pattern).map((text) => text.split("/").map(compileSegment));
  const below = (names: readonly string[]): ((name: string) => boolean) => {
    const open = alternatives.filter((segments) => reached(segments, names)[segments.length - 1]);
    const lasts = open.map((segments) => segments.at(-1)!.takes);
    return lasts.length === 1 ? lasts[0]! : (name) => lasts.some((takes) => takes(name));
  };
  return {
    matches: (path) => {
      const names = path.split("/");
      return below(names.slice(0, -1))(names.at(-1)!);
    },
    inFolder: (folder) => below(folder.split("/")),
    mayMatchBelow: (folder) => {
      const names = folder === "" ? [] : folder.split("/");
      return alternatives.some((segments) =>
        reached(segments, names).slice(0, segments.length).some(Boolean),
      );
    },
  };
}

/** `a{b,c{d,e}}` becomes `ab`, `acd`, `ace`. */
export function expandBraces(pattern: string): readonly string[] {
  let expanded = [pattern];
  for (;;) {
    const next: string[] = [];
    for (const item of expanded) {
      const parts = splitFirstBrace(item);
      if (parts === undefined) next.push(item);
      else for (const choice of parts.choices) next.push(parts.before + choice + parts.after);
      if (next.length > globAlternativesMax) {
        throw new EngineError(
          "USAGE",
          `glob '${pattern}' stands for more than ${globAlternativesMax} alternatives; use '*'`,
        );
      }
    }
    if (!next.some((item) => item.includes("{"))) return next;
    expanded = next;
  }
}

function splitFirstBrace(pattern: string) {
  const open = pattern.indexOf("{");
  if (open < 0) return undefined;
  const choices: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let i = open; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === "{") depth++;
    else if (character === "}") depth--;
    const ends = depth === 0;
    if (ends || (character === "," && depth === 1)) {
      choices.push(pattern.slice(start, i));
      start = i + 1;
    }
    if (ends) return { before: pattern.slice(0, open), choices, after: pattern.slice(i + 1) };
  }
  throw new EngineError("USAGE", `glob '${pattern}' has a '{' without its '}'`);
}

/** Element k tells whether the first k segments of the pattern match all the names. */
function reached(segments: readonly Segment[], names: readonly string[]): readonly boolean[] {
  let now = [true, ...segments.map(() => false)];
  passGlobstars(segments, now);
  for (const name of names) {
    const next = now.map(() => false);
    for (const [k, segment] of segments.entries()) {
      if (!now[k]) continue;
      if (segment.isGlobstar) next[k] = true;
      if (segment.takes(name)) next[k + 1] = true;
    }
    passGlobstars(segments, next);
    now = next;
  }
  return now;
}

/**
 * `**` may stand for no segment, but at the end of a pattern it asks for one: `a/**` is not `a`.
 */
function passGlobstars(segments: readonly Segment[], now: boolean[]): void {
  for (let k = 0; k < segments.length - 1; k++) {
    if (now[k] && segments[k]!.isGlobstar) now[k + 1] = true;
  }
}

function compileSegment(text: string): Segment {
  if (text === "**") return { isGlobstar: true, takes: () => true };
  if (!specialCharacter.test(text)) return { isGlobstar: false, takes: (name) => name === text };
  const [before = "", after, ...others] = text.split("*");
  if (after === undefined || others.length > 0 || text.includes("?")) {
    return { isGlobstar: false, takes: (name) => matchSegment(text, name) };
  }
  // One star, as most patterns have: they are asked about each of a million files.
  const least = before.length + after.length;
  return {
    isGlobstar: false,
    takes: (name) => name.length >= least && name.startsWith(before) && name.endsWith(after),
  };
}

/**
 * Greedy with one point to return to: at most pattern × name steps, whatever the number of stars.
 */
function matchSegment(segment: string, name: string): boolean {
  const pattern = [...segment];
  const characters = [...name];
  let p = 0;
  let n = 0;
  let starAt = -1;
  let starTook = 0;
  while (n < characters.length) {
    if (pattern[p] === "*") {
      starAt = p++;
      starTook = n;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === characters[n])) {
      p++;
      n++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      n = ++starTook;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
