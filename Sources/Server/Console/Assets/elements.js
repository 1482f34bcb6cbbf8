// Makes elements. Text becomes text nodes and nothing else: no string is ever read as markup.

const svgNames = new Set(['svg', 'path', 'line', 'circle']);

// An element with attributes and children; `on…` attributes are listeners, null children are left out.
export function element(name, attributes = {}, ...children) {
  const made = svgNames.has(name)
    ? document.createElementNS('http://www.w3.org/2000/svg', name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

export const byId = (id) => document.getElementById(id);

// Puts children in the place of what a parent holds, keeping the focus on what has the same key.
export function replace(parent, ...children) {
  const key = parent.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  parent.replaceChildren(...children.flat().filter(Boolean));
  if (key) parent.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

export function setText(id, text) {
  const target = typeof id === 'string' ? byId(id) : id;
  if (target.textContent !== text) target.textContent = text;
}

export const badge = (text, tone) => element('span', { class: `badge ${tone}` }, text);

export const emptyNote = (text) => element('p', { class: 'empty' }, text);

// A text that may also break behind the signs that join the words of a name.
export function breakable(text) {
  const parts = text.split(/(?<=[_/])/);
  return parts.length < 2 ? text
    : element('span', {}, parts.flatMap((part, index) => [index ? element('wbr') : null, part]));
}

// A table whose rows fold into blocks on narrow screens: each cell knows the name of its column.
export function table(label, columns, rows) {
  const heads = columns.map((column) =>
    element('th', { scope: 'col', class: column.class ?? null, 'aria-sort': column.sort ?? null },
      column.head ?? column.label));
  const body = rows.map((row) => element('tr', row.attributes ?? {}, columns.map((column, index) =>
    element(index === 0 ? 'th' : 'td',
      { 'data-label': column.label, class: column.class ?? null, scope: index === 0 ? 'row' : null },
      row.cells[index]))));
  return element('table', { 'aria-label': label },
    element('thead', {}, element('tr', {}, heads)), element('tbody', {}, body));
}

// The first rows of many, until all are asked for; `state` keeps that over drawings.
export function firstRows(rows, limit, state, draw) {
  if (rows.length <= limit) return { shown: rows, more: null };
  const button = element('button', {
    type: 'button', class: 'quiet small', 'data-key': `more-${state.name}`,
    'aria-expanded': String(state.isOpen),
    onclick: () => { state.isOpen = !state.isOpen; draw(); },
  }, state.isOpen ? 'Show fewer' : `Show all ${rows.length}`);
  return {
    shown: state.isOpen ? rows : rows.slice(0, limit), more: element('p', { class: 'more' }, button),
  };
}

// Figures.

const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

export const number = (value) => (value >= 1000 ? plain : precise).format(value);

export function milliseconds(value) {
  if (value === null || value === undefined) return '–';
  if (value >= 10_000) return `${number(value / 1000)} s`;
  return value >= 1 ? `${number(value)} ms` : `${plain.format(value * 1000)} µs`;
}

export const percent = (value) =>
  value === null || value === undefined ? '–' : `${precise.format(Math.floor(value * 1000) / 10)} %`;

export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${number(value)} ${units[unit]}`;
}

export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

// A moment as a time that says how long ago it was; its title has it in full.
export function moment(text) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return element('span', {}, text ?? '–');
  const today = new Date().toDateString() === date.toDateString();
  const shown = today ? date.toLocaleTimeString() : date.toLocaleString();
  return element('time', { datetime: date.toISOString(), title: date.toLocaleString() }, shown);
}

// Lines over the last minutes; `lines` has a tone and values each, null where nothing is known.
export function sparkline(lines, slots, floor) {
  const width = 300;
  const height = 44;
  const known = lines.flatMap((line) => line.values).filter((value) => value !== null);
  const top = Math.max(floor, ...known) * 1.08;
  const paths = lines.flatMap(({ tone, values, filled, quiet }) => {
    // What is only worth a line when it happens.
    if (quiet && !values.some((value) => value > 0)) return [];
    const step = width / Math.max(1, slots - 1);
    const begin = width - step * (values.length - 1);
    let stroke = '';
    let area = '';
    let from = null;
    let last = null;
    const close = () => { if (from !== null) area += `L${last} ${height}L${from} ${height}Z`; };
    values.forEach((value, index) => {
      const x = (begin + index * step).toFixed(1);
      if (value === null) { close(); from = null; return; }
      const y = (height - (value / top) * (height - 3) - 1).toFixed(1);
      stroke += `${from === null ? 'M' : 'L'}${x} ${y}`;
      area += `${from === null ? 'M' : 'L'}${x} ${y}`;
      if (from === null) from = x;
      last = x;
    });
    close();
    return [
      filled ? element('path', { class: `area ${tone}`, d: area }) : null,
      element('path', { class: `line ${tone}`, d: stroke, 'vector-effect': 'non-scaling-stroke' }),
    ];
  });
  return element('svg', {
    class: 'spark', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none',
    'aria-hidden': 'true', focusable: 'false',
  }, paths);
}
