// Which keys the records have that a function answers, read off its source: whoever knows need not look at each record,
// and the engine makes none at all where it can inline the function.
//
// Only what is certain counts: an arrow function whose body is a literal of plain keys, as `(row) => ({ a: row.a, b })`.

import { behindArrow } from "./touched-fields.ts";

const literal = /^\(\s*\{(.*)\}\s*\)$/s;
const item = /^([A-Za-z_$][\w$]*)\s*(?::|$)/;
const strings = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;
/** Brackets within templates and comments count for nothing. */
const templateOrComment = /`|\/[/*]/;
/** What a slash behind it does not divide; and what has statements, where a bracket may end a condition. */
const beforeRegex = /(?:^|[^\w$)\]\s]|\b(?:typeof|in|void|delete|new|await|yield|instanceof))\s*\//;
const statement = /=>|\b(?:function|class|return|throw|if|else|for|while|do|switch|case)\b/;

function mayHaveRegex(text: string): boolean {
  return text.includes("/") && (beforeRegex.test(text) || statement.test(text));
}

/** What stands between the commas that are in no brackets; undefined where brackets do not match. */
function itemsOf(text: string): string[] | undefined {
  const items: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if ("([{".includes(char)) depth++;
    else if (")]}".includes(char)) depth--;
    else if (char === "," && depth === 0) {
      items.push(text.slice(start, at));
      start = at + 1;
    }
    // The literal ended before the text did.
    if (depth < 0) return undefined;
  }
  return depth === 0 ? [...items, text.slice(start)] : undefined;
}

/** In their order; undefined where that is not certain. */
export function answeredKeys(closure: unknown): readonly string[] | undefined {
  const body = behindArrow(Function.prototype.toString.call(closure))?.trim();
  if (body === undefined || templateOrComment.test(body) || mayHaveRegex(body)) return undefined;
  const inside = literal.exec(body.replaceAll(strings, "0"))?.[1];
  const items = inside === undefined || /["'\\]/.test(inside) ? undefined : itemsOf(inside);
  if (items?.at(-1)?.trim() === "") items.pop();
  const keys = items?.map((text) => item.exec(text.trim())?.[1]);
  if (keys === undefined || new Set(keys).size < keys.length) return undefined;
  return keys.every((key) => key !== undefined && key !== "__proto__")
    ? (keys as string[])
    : undefined;
}
