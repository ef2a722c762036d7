// The little XML that S3 answers: flat elements of text, found by name.

/**
 * Contents of each element of that name, in order; elements of one name do not nest in S3's
 * answers.
 */
export function xmlElements(body: string, name: string): readonly string[] {
  const found: string[] = [];
  const open = new RegExp(`<${name}(?:\\s[^>]*)?>`, "g");
  for (let match = open.exec(body); match !== null; match = open.exec(body)) {
    const end = body.indexOf(`</${name}>`, open.lastIndex);
    if (end < 0) break;
    found.push(body.slice(open.lastIndex, end));
    open.lastIndex = end;
  }
  return found;
}

/** Text of the first element of that name, unescaped; undefined when there is none. */
export function xmlText(body: string, name: string): string | undefined {
  const [first] = xmlElements(body, name);
  return first === undefined ? undefined : unescapeXml(first);
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function unescapeXml(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]+|#[0-9]+|[a-z]+);/g, (whole, name: string) => {
    if (!name.startsWith("#")) return entities[name] ?? whole;
    const hexadecimal = name.startsWith("#x");
    const code = Number.parseInt(name.slice(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** With `encoding-type=url`, names come form-encoded: '+' is a space. */
export function decodeListedName(name: string): string {
  return decodeURIComponent(name.replaceAll("+", " "));
}
