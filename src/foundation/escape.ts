const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for HTML, in elements and in quoted attributes. Control characters, which HTML does not know, become spaces. */
export const escape = (text: string): string =>
  text.replaceAll(/[^\P{Cc}\t\n\r]/gu, " ").replaceAll(/[&<>"']/g, (one) => entities[one] ?? one);
