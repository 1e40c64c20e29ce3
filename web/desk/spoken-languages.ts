/** Languages that conversations are held in; any other BCP 47 tag that a Space has already is kept. */
const tags = "ar bn de en es fa fr hi id it ja jv ko ms nl pa pl pt ro ru su sw ta te th tl tr uk ur vi zh".split(" ");

/** The languages to choose from, by their names in the reader's language, in its order. */
export function spokenLanguages(
  reader: string,
  current: string,
): readonly { readonly tag: string; readonly name: string }[] {
  const names = new Intl.DisplayNames(reader, { type: "language" });
  const all = tags.includes(current) ? tags : [...tags, current];
  return all.map((tag) => ({ tag, name: names.of(tag) ?? tag })).sort((a, b) => a.name.localeCompare(b.name, reader));
}
