// How a parameter of a job is written as a flag.

/** `minLength` to `min-length`. */
export function flagName(field: string): string {
  return field.replace(/[A-Z]/g, (letter, at) => `${at === 0 ? "" : "-"}${letter.toLowerCase()}`);
}
