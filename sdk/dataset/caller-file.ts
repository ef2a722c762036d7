// Reads off a stack which file called into ours.

const framePlace =
  /(?:\(|\bat (?:async )?)((?:file:\/\/)?\/[^()]*?|[A-Za-z]:[\\/][^()]*?):\d+:\d+\)?$/;

/** The first file in the stack that is not the one of its first frame; undefined when there is none. */
export function callerFile(stack: string | undefined): string | undefined {
  let own: string | undefined;
  for (const line of (stack ?? "").split("\n")) {
    const file = framePlace.exec(line.trim())?.[1];
    if (file === undefined) continue;
    if (own === undefined) own = file;
    else if (file !== own) return file;
  }
  return undefined;
}
