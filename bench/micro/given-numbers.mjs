// Numbers that a small benchmark is given one after the other.

/** Each above 0, or what is usual; the program ends after `--help`, and in one line where a number cannot be meant. */
export function givenNumbers(usage, usual) {
  const given = process.argv.slice(2);
  if (given.includes("--help")) {
    console.log(`Usage: ${usage}`);
    process.exit(0);
  }
  return usual.map((value, at) => {
    const text = given[at];
    if (text === undefined) return value;
    if (/^\d*\.?\d+$/.test(text) && Number(text) > 0) return Number(text);
    console.error(`${text || "an empty text"} is no number above 0; usage: ${usage}`);
    return process.exit(2);
  });
}
