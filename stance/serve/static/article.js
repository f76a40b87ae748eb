// The article: paragraphs of sentences, each in the colour of its stance, with its acts underlined.

import { colour, cutter, element } from "./text.js";

const ROLES = ["source", "cue", "claim"];
const HEADLINE = 160;

/** Draw a document, as /v1/read gave it, into an element; returns the elements of its sentences. */
export function draw(target, { text, sentences }) {
  const cut = cutter(text);
  const page = document.createDocumentFragment();
  const drawn = [];
  let paragraph = null;
  let end = 0;
  sentences.forEach((sentence, index) => {
    const gap = cut(end, sentence.start);
    if (!paragraph || gap.includes("\n")) {
      paragraph = page.appendChild(document.createElement("p"));
      if (!index && isHeadline(sentence.text)) paragraph.className = "headline";
    } else {
      paragraph.append(gap);
    }
    drawn.push(paragraph.appendChild(mark(sentence, index)));
    end = sentence.end;
  });
  target.replaceChildren(page);
  return drawn;
}

const isHeadline = (text) => text.length < HEADLINE && !/[.!?:;,]["”’»]?$/.test(text);

function mark(sentence, index) {
  const made = element("span", `s ${colour(sentence.label)}`);
  made.tabIndex = index ? -1 : 0;
  made.dataset.index = index;
  if (sentence.label !== "none") made.append(element("span", "sr", `[${sentence.label}] `));
  made.append(...pieces(sentence));
  return made;
}

/** Sources, cues and claims may lie within one another: the sentence is cut wherever one begins or ends. */
function pieces({ text, acts }) {
  const spans = (acts ?? []).flatMap((act) => ROLES.filter((role) => act[role]).map((role) => ({ role, ...act[role] })));
  if (!spans.length) return [text];
  const cut = cutter(text);
  const places = new Set(spans.flatMap((span) => [span.start, span.end]));
  const ends = [...places.add(0).add(Array.from(text).length)].sort((a, b) => a - b);
  return ends.slice(1).map((end, number) => {
    const start = ends[number];
    const roles = new Set(spans.filter((span) => span.start <= start && end <= span.end).map((span) => span.role));
    return roles.size ? element("span", [...roles].join(" "), cut(start, end)) : cut(start, end);
  });
}
