// Offsets count characters as Python does; JavaScript counts UTF-16 units. Both are the same for most texts.

const WIDE = /[\ud800-\udfff]/;

/** Make a function that cuts a text at offsets in characters. */
export function cutter(text) {
  if (!WIDE.test(text)) return (start, end) => text.slice(start, end);
  const characters = Array.from(text);
  return (start, end) => characters.slice(start, end).join("");
}

/** Make an element. */
export function element(name, classes, ...children) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...children);
  return made;
}

const KNOWN = new Set(["none", "allegation", "confirmation", "hedge", "denial", "unsure"]);

/** The class that gives a label its colour. */
export const colour = (label) => (KNOWN.has(label) ? label : "other");

export const percent = (share) => `${Math.round(100 * share)} %`;
