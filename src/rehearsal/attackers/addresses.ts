/** Local addresses in turn, so that none has more connections than the others; nothing when there are none to choose from. */
export function inTurn(sources: readonly string[]): () => { localAddress?: string } {
  const choices = sources.map((localAddress) => ({ localAddress }));
  let next = 0;
  return () => choices[next++ % choices.length] ?? {};
}
