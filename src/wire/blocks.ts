/**
 * What `rostra shieldd` is asked for on its Unix socket and answers: one JSON object a line, an answer for each line in its order. It holds
 * whoever asks to the same guards as everybody, and believes nothing.
 */
export type BlockRequest =
  | { readonly do: "add"; readonly prefix: string; readonly seconds: number }
  | { readonly do: "del"; readonly prefix: string };

export type BlockAnswer =
  /** `entries` is how many are kept now. */
  | { readonly ok: true; readonly entries: number }
  | { readonly ok: false; readonly code: string; readonly detail: string };

/** The longest line that is read. */
export const maxBlockLine = 256;
