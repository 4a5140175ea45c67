// How figures are written, and how elements are made.
const $ = id => document.getElementById(id);
const format = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

function short(n) {
  if (n >= 1e9) return format.format(n / 1e9) + " G";
  if (n >= 1e6) return format.format(n / 1e6) + " M";
  if (n >= 1e4) return format.format(n / 1e3) + " k";
  return format.format(n < 10 ? n : Math.round(n));
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const units = [["h", 3600], ["min", 60], ["s", 1], ["ms", 1e-3], ["µs", 1e-6]];
  const unit = units.find(([, size]) => seconds >= size);
  if (seconds === 0) return "0";
  return unit ? `${format.format(seconds / unit[1])} ${unit[0]}` : `${format.format(seconds * 1e9)} ns`;
}

const sum = (rows, key) => rows.reduce((all, row) => all + row[key], 0);

// An element with attributes, or properties if they are functions or `textContent`, and children.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else if (typeof value === "function") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function makeSvg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// Sets text without touching what has not changed, so that a selection stays.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
