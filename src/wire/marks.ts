/**
 * `/replay/{space}/marks.json`: who spoke when, for the marks on a seek bar. Times are milliseconds from the replay's
 * start, which is the start of its first segment.
 */
export interface ReplayMarks {
  readonly v: 1;
  readonly durationMs: number;
  /** Everybody who was on stage, with the name they had last. */
  readonly people: readonly { readonly id: string; readonly name: string }[];
  /** Stretches of speech in the order of their start; pauses under a second are no end. */
  readonly spoke: readonly (readonly [person: number, fromMs: number, toMs: number])[];
}
