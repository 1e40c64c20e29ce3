/**
 * `GET /live/{space}/text.json`: what is going on, in words, for whoever cannot listen yet (design, section 3, levels 3 and 4).
 * Until there are captions these are the room's own events. Cached for a second.
 */
export interface LiveText {
  readonly v: 1;
  /** The latest, oldest first; at most `maxTextLines`. */
  readonly lines: readonly LiveTextLine[];
}

export type LiveTextLine =
  /** Somebody speaks: from when, until when; `null` while they do. Pauses below two seconds are left out. */
  | { readonly t: "speaks"; readonly at: number; readonly until: number | null; readonly name: string }
  | { readonly t: "came" | "left"; readonly at: number; readonly name: string }
  | { readonly t: "notice"; readonly at: number; readonly text: string }
  | { readonly t: "title"; readonly at: number; readonly text: string }
  | { readonly t: "opened" | "hold" | "resumed" | "ended"; readonly at: number };

export const maxTextLines = 60;
