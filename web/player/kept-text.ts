/** A text that is kept for this tab: a reload finds it, another tab does not. */
export interface KeptText {
  /** Empty when nothing is kept. */
  get(): string;
  set(text: string): void;
}

const unkept = new Map<string, string>();

export const keptText = (key: string): KeptText => ({
  get() {
    try {
      return sessionStorage.getItem(key) ?? "";
    } catch {
      return unkept.get(key) ?? ""; // storage is forbidden on this page: then until it closes
    }
  },
  set(text) {
    try {
      if (text) sessionStorage.setItem(key, text);
      else sessionStorage.removeItem(key);
    } catch {
      unkept.set(key, text);
    }
  },
});
