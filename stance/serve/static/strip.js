// The strip: where in the article each stance falls.

import { colour } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 100;
const THINNEST = 1 / 500;

export class Strip {
  /** Draws into an <svg>; `go` is called with the number of the sentence that was asked for. */
  constructor(svg, go) {
    this.svg = svg;
    this.go = go;
    this.current = 0;
    svg.addEventListener("click", (event) => this.point(event));
    svg.addEventListener("keydown", (event) => this.press(event));
  }

  draw({ sentences }) {
    this.sentences = sentences;
    this.length = sentences.at(-1)?.end ?? 1;
    this.svg.setAttribute("viewBox", `0 0 ${this.length} ${HEIGHT}`);
    this.svg.setAttribute("aria-valuemax", sentences.length);
    const drawn = document.createDocumentFragment();
    for (const { label, start, end } of sentences) {
      if (label !== "none") drawn.append(this.bar(start, end - start, colour(label)));
    }
    this.seen = this.bar(0, 0, "seen");
    drawn.append(this.seen);
    this.svg.replaceChildren(drawn);
    this.filters = new Set();
    this.at(0);
  }

  bar(start, length, classes) {
    const made = document.createElementNS(SVG, "rect");
    made.setAttribute("class", classes);
    made.setAttribute("x", start);
    made.setAttribute("width", Math.max(length, this.length * THINNEST));
    made.setAttribute("height", HEIGHT);
    return made;
  }

  /** Show only these labels; none means all. */
  filter(labels) {
    this.filters = labels;
    for (const bar of this.svg.children) {
      const hidden = labels.size && bar !== this.seen && ![...labels].some((label) => bar.classList.contains(colour(label)));
      bar.setAttribute("opacity", hidden ? 0.12 : 1);
    }
  }

  /** Show which sentences are on the screen. */
  show(first, last) {
    const start = this.sentences[first].start;
    this.seen.setAttribute("x", start);
    this.seen.setAttribute("width", Math.max(this.sentences[last].end - start, this.length * THINNEST));
  }

  at(index) {
    this.current = index;
    const sentence = this.sentences[index];
    this.svg.setAttribute("aria-valuenow", index + 1);
    if (sentence) this.svg.setAttribute("aria-valuetext", `sentence ${index + 1}: ${sentence.label}`);
  }

  point(event) {
    const box = this.svg.getBoundingClientRect();
    const place = ((event.clientX - box.left) / box.width) * this.length;
    const found = this.sentences.findIndex((sentence) => sentence.end > place);
    this.go(found < 0 ? this.sentences.length - 1 : found);
  }

  /** Arrow keys go to the next sentence that takes a stance, or one of those that are shown. */
  press(event) {
    const last = this.sentences.length - 1;
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    let index = { Home: 0, End: last }[event.key] ?? -1;
    if (step) {
      index = this.current + step;
      while (index >= 0 && index <= last && !this.wanted(this.sentences[index].label)) index += step;
    }
    if (step || index >= 0) event.preventDefault();
    if (index >= 0 && index <= last) this.go(index);
  }

  wanted(label) {
    return this.filters.size ? this.filters.has(label) : label !== "none";
  }
}
