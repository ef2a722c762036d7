// Which fields of its row a function can touch, read off its source: the others need not be decoded.
//
// Only what is certain counts. The source has to be an arrow function of one parameter, which is either taken apart
// at once or never stands without a field behind it; anything else, and the function may touch all.

const identifier = "[A-Za-z_$][\\w$]*";
const parameter = new RegExp(`^(?:\\(\\s*(${identifier})\\s*\\)|(${identifier}))\\s*=>`);
const pattern = /^\(\s*\{([^{}()[\]=.'"`]*)\}\s*\)\s*=>/;
const patternItem = new RegExp(`^(${identifier})(?:\\s*:\\s*${identifier})?$`);
const fieldBehind = new RegExp(`^\\s*(?:\\?\\.|\\.)\\s*(${identifier})`);

/** The body of an arrow function of one parameter; undefined of any other. */
export function behindArrow(source: string): string | undefined {
  const head = pattern.exec(source) ?? parameter.exec(source);
  return head === null ? undefined : source.slice(head[0].length);
}

function fieldsOfPattern(items: string): ReadonlySet<string> | undefined {
  const fields = new Set<string>();
  for (const item of items.split(",")) {
    const text = item.trim();
    if (text === "") continue;
    const name = patternItem.exec(text)?.[1];
    if (name === undefined) return undefined;
    fields.add(name);
  }
  return fields;
}

/** Undefined where it may touch any. */
export function touchedFields(closure: unknown): ReadonlySet<string> | undefined {
  const source = Function.prototype.toString.call(closure);
  // Escapes can spell a name in other letters; eval and with can read it without naming it.
  if (/\\u|\beval\b|\bwith\b/.test(source)) return undefined;
  const taken = pattern.exec(source);
  if (taken !== null) return fieldsOfPattern(taken[1]!);
  const head = parameter.exec(source);
  const name = head?.[1] ?? head?.[2];
  if (name === undefined || name === "async") return undefined;
  const body = source.slice(head![0].length);
  const fields = new Set<string>();
  const words = /[\w$]+/g;
  for (let word = words.exec(body); word !== null; word = words.exec(body)) {
    if (word[0] !== name) continue;
    const before = body.slice(0, word.index).trimEnd();
    // A field of the same name of something else; three dots spread the row itself.
    if (before.endsWith(".") && !before.endsWith("...")) continue;
    const field = fieldBehind.exec(body.slice(words.lastIndex))?.[1];
    if (field === undefined || field in Object.prototype) return undefined;
    fields.add(field);
  }
  return fields;
}
