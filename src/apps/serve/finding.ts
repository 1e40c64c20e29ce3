/** What one look at the machine found. `action` says what to do about anything but `ok`. */
export interface Finding {
  readonly what: string;
  readonly level: "ok" | "warn" | "fail";
  readonly found: string;
  readonly action?: string;
}

export const ok = (what: string, found: string): Finding => ({ what, level: "ok", found });
export const warn = (what: string, found: string, action: string): Finding => ({ what, level: "warn", found, action });
export const fail = (what: string, found: string, action: string): Finding => ({ what, level: "fail", found, action });
