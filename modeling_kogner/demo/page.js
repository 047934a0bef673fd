"use strict";
// Everything that comes from a text, a list or the graph enters the page as text, never as markup.

const EXAMPLES = [
  "Selegiline-induced postural hypotension in Parkinson's disease.",
  "Cisplatin killed HeLa cells, but not cells that carry a mutation of TP53.",
  "Cardiac sympathetic denervation in familial amyloid polyneuropathy was slowed by tafamidis.",
  "Patients with acute lymphoblastic leukemia (ALL) received methotrexate; ALL relapsed in three, and two had mucositis.",
];
const KINDS = 10; // colours of page.css
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);
let about = { types: [] };
let drawn = null; // the neighbourhood on the page, to draw it anew when the window changes

function make(tag, fields = {}, ...children) {
  const made = Object.assign(document.createElement(tag), fields);
  made.append(...children);
  return made;
}

async function ask(path, content) {
  const answer = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

function say(message, isWrong = false) {
  $("status").textContent = message;
  $("status").classList.toggle("wrong", isWrong);
}

const kindOf = (type) => `kind${Math.max(about.types.indexOf(type), 0) % KINDS}`;

async function read() {
  hideTip();
  say("Reading …");
  try {
    const found = await ask("/read", { text: $("text").value, names: $("names").value });
    $("chosen").hidden = true;
    show(found);
    const added = found.added;
    say(added ? `In use: new concepts ${added.concepts}, written forms ${added.forms}.` : "");
  } catch (error) {
    say(error.message, true);
  }
}

function show(found) {
  const letters = Array.from(found.text); // offsets count characters, JavaScript's strings count halves of them
  for (const side of ["with", "without"]) fill($(side), letters, found[side]);
  const kinds = [...new Set([...found.with, ...found.without].map((mention) => mention.type))].sort();
  $("legend").replaceChildren(...kinds.map((type) => make("li", { className: kindOf(type), textContent: type })));
  const only = (side) => found[side].filter((mention) => mention.differs).map((m) => `${m.text} (${m.type})`);
  const lines = [["only with knowledge", only("with")], ["only without", only("without")]];
  const told = lines.filter(([, names]) => names.length).map(([title, names]) => `${title}: ${names.join(", ")}`);
  $("differences").textContent = told.length ? `≠ ${told.join("; ")}` : "The same with and without knowledge.";
  $("results").hidden = false;
}

function fill(place, letters, mentions) {
  const parts = [];
  let end = 0;
  for (const mention of mentions) {
    parts.push(letters.slice(end, mention.start).join(""), mark(mention));
    end = mention.end;
  }
  parts.push(letters.slice(end).join(""));
  place.replaceChildren(...parts);
  if (!letters.length) place.textContent = "no text";
}

function mark(mention) {
  const sign = mention.differs ? "≠ " : "";
  const made = make("mark", { className: kindOf(mention.type), tabIndex: 0 }, mention.text);
  made.append(make("small", { textContent: sign + mention.type }));
  made.classList.toggle("differs", mention.differs);
  made.setAttribute("role", "button");
  made.setAttribute("aria-pressed", "false");
  const open = () => showTip(made, mention);
  made.addEventListener("mouseenter", open);
  made.addEventListener("focus", open);
  made.addEventListener("mouseleave", hideTip);
  made.addEventListener("blur", hideTip);
  onPress(made, () => choose(made, mention));
  return made;
}

function onPress(element, action) {
  element.addEventListener("click", action);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      action();
    }
  });
}

const concept = (mention) =>
  mention.concept_id ? `${mention.concept_id} ${mention.concept_name}` : "no concept close enough";

function showTip(element, mention) {
  const tip = $("tip");
  tip.textContent = `${mention.type}, score ${mention.score.toFixed(2)}\n${concept(mention)}`;
  tip.hidden = false;
  const box = element.getBoundingClientRect();
  const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
  const above = box.top - tip.offsetHeight - 6;
  tip.style.left = `${Math.max(left, 8)}px`;
  tip.style.top = `${above > 0 ? above : box.bottom + 6}px`;
  element.setAttribute("aria-describedby", "tip");
}

function hideTip() {
  $("tip").hidden = true;
}

async function choose(element, mention) {
  document.querySelectorAll("mark[aria-pressed=true]").forEach((other) => other.setAttribute("aria-pressed", "false"));
  element.setAttribute("aria-pressed", "true");
  $("title-chosen").textContent = `${mention.text} (${mention.type})`;
  const facts = [["Concept", concept(mention) + (mention.semantic_type ? ` (${mention.semantic_type})` : "")]];
  if (mention.equivalents.length) facts.push(["Also", mention.equivalents.join(", ")]);
  if (mention.alternatives.length) {
    facts.push(["Further", mention.alternatives.map((other) => `${other.id} ${other.name}`).join("; ")]);
  }
  if (mention.surfaces?.length) {
    const names = mention.surfaces.map((surface) => surface.text + (surface.is_read ? " (read)" : ""));
    facts.push(["Names found", names.join(", ")]);
  }
  if (mention.gate != null) facts.push(["Gate", mention.gate.toFixed(2)]);
  $("facts").replaceChildren(
    ...facts.flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", { textContent: value })]),
  );
  $("chosen").hidden = false;
  await showGraph(mention.concept_id);
  $("chosen").scrollIntoView({ block: "nearest" });
}

async function showGraph(id, isFocused = false) {
  drawn = null;
  $("graph").replaceChildren();
  if (!id || !about.has_graph) {
    const hint = "Start kogner demo with --knowledge FOLDER to see a concept's relations.";
    $("graph").textContent = about.has_graph ? "" : hint;
    return;
  }
  try {
    const { concept } = await ask("/neighbourhood", { id });
    if (!concept) $("graph").textContent = `${id} is not in the knowledge folder.`;
    else {
      drawn = concept;
      draw();
      if (isFocused) $("graph").querySelector(".centre").focus();
    }
  } catch (error) {
    say(error.message, true);
  }
}

function svg(tag, fields = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(fields)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Wide: parents on the left, the rest on the right. Narrow: all below each other, on a trunk from the concept.
function draw() {
  const width = $("graph").clientWidth, isWide = width >= 620;
  const edges = drawn.groups.flatMap((group) => group.edges.map((edge) => ({ ...edge, group: group.title })));
  const left = isWide ? edges.filter((edge) => edge.group === "parents") : [];
  const right = isWide ? edges.filter((edge) => edge.group !== "parents") : edges;
  const rows = isWide ? Math.max(left.length, right.length, 1) : right.length + 1;
  const box = isWide ? (width - 2 * 56) / 3 : width - 4;
  // A line more for all where one name is longer than its box; a digit is about as wide as the mean letter.
  const isLong = [drawn, ...edges].some((each) => 8 * each.name.length > box - (isWide ? 20 : 52));
  const height = isLong ? 58 : 42, step = height + 8, total = rows * step;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${total}`, height: total, role: "group" });
  picture.setAttribute("aria-label", `What stands around ${drawn.name}`);
  const arrow = svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 7, markerHeight: 7,
    orient: "auto-start-reverse" }, svg("path", { d: "M0 0L8 4L0 8z", class: "arrow" }));
  picture.append(svg("defs", {}, arrow));
  $("graph").replaceChildren(make("p", { className: "quiet", textContent: summary() }), picture);

  const x = isWide ? box + 56 : 2, y = isWide ? (total - height) / 2 : 2;
  node(picture, { x, y, width: box, height }, drawn, drawn.type || "", true);
  left.forEach((edge, row) => {
    const top = ((row + 0.5) * total) / left.length - height / 2;
    node(picture, { x: 2, y: top, width: box - 2, height }, edge, label(edge));
    link(picture, x, y + height / 2, box, top + height / 2, edge, true);
  });
  right.forEach((edge, row) => {
    const top = isWide ? ((row + 0.5) * total) / right.length - height / 2 : (row + 1) * step;
    const start = isWide ? x + box + 56 : 34;
    node(picture, { x: start, y: top, width: isWide ? box - 2 : width - 38, height }, edge, label(edge));
    if (isWide) link(picture, x + box, y + height / 2, start, top + height / 2, edge, true);
    else link(picture, 14, y + height, start, top + height / 2, edge, false);
  });
}

function summary() {
  const shown = drawn.groups.map((group) => {
    return `${group.title} ${group.edges.length < group.total ? `${group.edges.length} of ${group.total}` : group.total}`;
  });
  const forms = drawn.forms.length ? ` Written as: ${drawn.forms.join(", ")}.` : "";
  return `${shown.length ? shown.join(", ") : "No relations"}.${forms}`;
}

const label = (edge) => `${edge.is_out ? "" : "← "}${edge.relation.replaceAll("_", " ")}${edge.type ? ` · ${edge.type}` : ""}`;

function node(picture, box, concept, above, isCentre = false) {
  const made = svg("g", { class: isCentre ? "node centre" : "node", tabindex: 0 }, svg("rect", { ...box, rx: 7 }));
  picture.append(made);
  made.append(svg("title", {}, `${concept.name} (${concept.id})`));
  made.setAttribute("aria-label", `${above}: ${concept.name}, ${concept.id}`);
  made.setAttribute("role", isCentre ? "img" : "button");
  write(made, above, box, 15, "small", true);
  const rest = write(made, concept.name, box, 33, "", box.height < 58);
  if (box.height === 58) write(made, rest, box, 49, "", true);
  if (!isCentre) onPress(made, () => showGraph(concept.id, true));
}

// One line of a box: the last is cut, others are broken at a space; what is left for the next line comes back.
function write(group, text, box, line, name, isLast) {
  const letters = Array.from(text), written = svg("text", { x: box.x + 9, y: box.y + line, class: name }, text);
  group.append(written);
  let count = letters.length;
  const put = (to) => { count = to; written.textContent = letters.slice(0, to).join("") + (isLast ? "…" : ""); };
  while (count && written.getComputedTextLength() > box.width - 18) put(count - 1);
  if (!isLast && count < letters.length && letters.lastIndexOf(" ", count) > 0) put(letters.lastIndexOf(" ", count));
  return letters.slice(count).join("").trim();
}

function link(picture, fromX, fromY, toX, toY, edge, isCurve) {
  const middle = (fromX + toX) / 2;
  const way = isCurve
    ? `M${fromX} ${fromY}C${middle} ${fromY} ${middle} ${toY} ${toX} ${toY}`
    : `M${fromX} ${fromY}V${toY}H${toX}`;
  picture.append(svg("path", { d: way, class: "edge", [edge.is_out ? "marker-end" : "marker-start"]: "url(#arrow)" }));
}

async function start() {
  $("form").addEventListener("submit", (event) => { event.preventDefault(); read(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) read();
  });
  document.addEventListener("scroll", hideTip, { passive: true });
  window.addEventListener("resize", () => drawn && draw());
  $("example").append(...EXAMPLES.map((text) => make("option", { textContent: text, value: text })));
  $("example").addEventListener("change", () => {
    if (!$("example").value) return;
    $("text").value = $("example").value;
    read();
  });
  $("fill").addEventListener("click", () => {
    const kind = about.semantic_types.includes("Chemical") ? "Chemical" : about.semantic_types[0];
    $("names").value = `id\tname\ttype\nLAB:1\tzorbinib\t${kind}\n`;
    if (!$("text").value) $("text").value = "Zorbinib lowered the fever of mice.";
  });
  try {
    about = await ask("/about", {});
    $("model").textContent = about.title;
    $("kinds").textContent = about.semantic_types.join(", ");
    $("own").hidden = !about.semantic_types.length;
    $("text").maxLength = about.most_characters;
  } catch (error) {
    say(error.message, true);
  }
}

start();
