// What whoever started the suite has to change: told in one sentence, without a stack.

export class UsageError extends Error {
  override name = "UsageError";
}
