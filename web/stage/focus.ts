const focused = new WeakSet<Element>();

/**
 * As the `ref` of a heading with `tabIndex={-1}`: when a step of a page replaces another, the form that had the focus is
 * gone, and who reads by ear goes on at the new heading. Once for each element, so that drawing again takes no focus.
 */
export function focusOnce(heading: HTMLElement | null): void {
  if (!heading || focused.has(heading)) return;
  focused.add(heading);
  heading.focus({ preventScroll: true });
}
