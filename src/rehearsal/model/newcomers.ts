/** What somebody costs while so many come a second. */
export interface PacePoint {
  readonly pace: number;
  readonly value: number;
}

/**
 * What somebody costs at any pace: between two that were measured by a line over the logarithm of the pace, and beyond the first and
 * the last as there.
 * @param points at least one, their paces above 0 and ascending
 */
export function byPace(points: readonly PacePoint[]): (pace: number) => number {
  return (pace) => {
    const next = points.findIndex((one) => pace < one.pace);
    const [below, above] = [points.at(next < 0 ? -1 : Math.max(0, next - 1)), points.at(next)];
    if (!below || !above) return Number.NaN;
    if (above.pace <= below.pace) return below.value;
    const share = Math.log(pace / below.pace) / Math.log(above.pace / below.pace);
    return below.value + (above.value - below.value) * share;
  };
}
