const newline = 0x0a;

/**
 * Cuts bytes into lines of UTF-8 as they come. A line of more than `most` bytes is given as `undefined`, and no more than
 * that is ever held. What stands behind the last newline is no line.
 */
export async function* linesOf(bytes: AsyncIterable<Buffer>, most: number): AsyncGenerator<string | undefined> {
  let parts: Buffer[] = [];
  let held = 0;
  for await (const data of bytes) {
    let from = 0;
    for (let at = data.indexOf(newline); at >= 0; at = data.indexOf(newline, from)) {
      const end = data.subarray(from, at);
      from = at + 1;
      yield held + end.length > most ? undefined : Buffer.concat([...parts, end]).toString("utf8");
      parts = [];
      held = 0;
    }
    const rest = data.subarray(from);
    held += rest.length;
    if (held > most) parts = [];
    else if (rest.length > 0) parts.push(rest);
  }
}
