/** Offers the page's address to the system's share sheet, or copies it. True when it was copied. */
export async function sharePage(title: string): Promise<boolean> {
  const url = `${location.origin}${location.pathname}`;
  try {
    if (navigator.share) {
      await navigator.share({ title, url });
      return false;
    }
    await navigator.clipboard.writeText(url);
    return true;
  } catch {
    return false; // the reader closed the sheet, or the browser forbids both
  }
}
