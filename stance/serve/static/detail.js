// What the model says of one sentence: probabilities and acts.

import { colour, element, percent } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const GAP = 8;

/** Fill the box with a sentence's answer and put it beside the sentence's element. */
export function show(box, sentence, beside) {
  box.replaceChildren(heading(sentence), probabilities(sentence));
  if (sentence.acts?.length) box.append(element("ul", "", ...sentence.acts.map(act)));
  box.hidden = false;
  place(box, beside);
}

function heading(sentence) {
  const notes = [
    sentence.reason && `reason: ${sentence.reason}`,
    sentence.truncated && "only its beginning was read",
    sentence.stances.length > 1 && `holds ${sentence.stances.join(", ")}`,
  ].filter(Boolean);
  const label = element("b", "", sentence.label);
  return element("h2", colour(sentence.label), label, notes.length ? ` · ${notes.join(" · ")}` : "");
}

function probabilities(sentence) {
  const rows = Object.entries(sentence.probabilities)
    .sort((a, b) => b[1] - a[1])
    .map(([label, share]) => {
      const row = element("tr", colour(label), element("th", "", label), element("td", "", bar(share)), element("td", "", percent(share)));
      row.firstChild.scope = "row";
      return row;
    });
  return element("table", "", ...rows);
}

function bar(share) {
  const drawing = document.createElementNS(SVG, "svg");
  const made = drawing.appendChild(document.createElementNS(SVG, "rect"));
  drawing.setAttribute("aria-hidden", "true");
  made.setAttribute("width", `${100 * share}%`);
  made.setAttribute("height", "100%");
  made.setAttribute("rx", "2");
  return drawing;
}

function act({ stance, source, cue, claim, named }) {
  const who = source ? source.text + (named && named.text !== source.text ? ` (${named.text})` : "") : "the writer, or nobody named";
  const parts = [who, cue && `“${cue.text}”`, claim?.text].filter(Boolean);
  return element("li", colour(stance), element("b", "", stance), `: ${parts.join(" · ")}`);
}

/** Below the sentence's first line where there is room, else above; never over the edge. */
function place(box, beside) {
  const lines = beside.getClientRects();
  const first = lines[0] ?? beside.getBoundingClientRect();
  const last = lines[lines.length - 1] ?? first;
  const below = last.bottom + GAP;
  const fits = below + box.offsetHeight < window.innerHeight;
  const top = fits ? below : Math.max(GAP, first.top - GAP - box.offsetHeight);
  const left = Math.min(first.left, window.innerWidth - box.offsetWidth - GAP);
  box.style.top = `${top}px`;
  box.style.left = `${Math.max(GAP, left)}px`;
}
