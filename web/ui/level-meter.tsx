import type { JSX } from "preact";

/** A microphone's level, 0…1. Needs `level-meter.css`. */
export function LevelMeter({ level, label }: { readonly level: number; readonly label: string }): JSX.Element {
  const now = Math.round(Math.min(1, Math.max(0, level)) * 100);
  return (
    <div class="level-meter" role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={now}>
      <span style={{ "--at": now / 100 }} />
    </div>
  );
}
