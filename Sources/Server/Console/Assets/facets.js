// By what a catalog can be narrowed, and the filter that a choice makes.

import { byId, element, number, replace } from './elements.js';
import { request } from './session.js';

const sampleSize = 500;
const maxValues = 12;

// Text between quotes of the filter language.
export const quoted = (text) => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;

// A pattern that contains a text as it stands; wildcards in it are left to mean themselves as far as
// the language lets them: one character each.
export const containing = (text) => quoted(`%${text.replace(/%/g, '_')}%`);

export function valueAt(entity, path) {
  return path.split('.').reduce((value, key) => value?.[key], entity);
}

// The facets of a kind: its declared filters that are chosen from few values.
export class Facets {
  constructor(kind, onChange) {
    this.kind = kind;
    this.onChange = onChange;
    this.chosen = new Map();
    this.values = new Map();
    this.fields = (kind.fields.filterFields ?? [])
      .filter((field) => field.name !== 'name' && field.type !== 'number');
  }

  // The filter for what is chosen, with a condition on the name where one is searched.
  filter(search) {
    const parts = [];
    for (const [name, values] of this.chosen) {
      if (!values.size) continue;
      const ors = [...values].map((value) => this.condition(name, value));
      parts.push(ors.length > 1 ? `(${ors.join(' OR ')})` : ors[0]);
    }
    if (search) parts.push(`name ILIKE ${containing(search)}`);
    return parts.join(' AND ');
  }

  condition(name, value) {
    const isList = this.lists?.has(name) && !this.kind.isNative;
    return isList ? `${name} ILIKE ${containing(value)}` : `${name} = ${quoted(value)}`;
  }

  get isNarrowed() { return [...this.chosen.values()].some((values) => values.size); }

  // Counts the values in a sample of the collection, and adds those that the kind declares.
  async load(signal) {
    const page = await request(this.kind.list, { parameters: { pageSize: sampleSize }, signal });
    const items = page.items ?? [];
    this.isWhole = !page.nextPageToken;
    this.lists = new Set();
    for (const field of this.fields) {
      const counts = new Map((field.options ?? []).map((option) => [option, 0]));
      const path = this.kind.pathOf(field.name);
      for (const item of items) {
        const value = valueAt(item, path);
        if (Array.isArray(value)) this.lists.add(field.name);
        for (const each of [value].flat()) {
          if (typeof each !== 'string' && typeof each !== 'boolean') continue;
          counts.set(String(each), (counts.get(String(each)) ?? 0) + 1);
        }
      }
      const sorted = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
      if (sorted.length > 1 || field.options) this.values.set(field.name, sorted);
    }
    this.show();
  }

  show() {
    const groups = this.fields.filter((field) => this.values.has(field.name)).map((field) => {
      const known = this.values.get(field.name);
      const chosen = this.chosen.get(field.name) ?? new Set();
      const boxes = known.filter(([value], index) => index < maxValues || chosen.has(value))
        .map(([value, count]) => this.box(field.name, value, count, chosen.has(value)));
      const rest = known.length - boxes.length;
      return element('fieldset', {},
        element('legend', {}, field.displayName ?? field.name), boxes,
        rest > 0 ? element('p', { class: 'hint' }, `and ${number(rest)} more: search for them`) : null);
    });
    if (!this.isWhole && groups.length) {
      groups.push(element('p', { class: 'hint' }, `Counted over the first ${sampleSize}.`));
    }
    byId('facets-box').hidden = groups.length === 0;
    replace(byId('facets'), groups);
  }

  box(name, value, count, isChosen) {
    const input = element('input', {
      type: 'checkbox', 'data-key': `facet-${name}-${value}`, 'data-facet': name,
      onchange: () => {
        const values = this.chosen.get(name) ?? new Set();
        if (input.checked) values.add(value); else values.delete(value);
        this.chosen.set(name, values);
        this.onChange();
      },
    });
    input.checked = isChosen;
    return element('label', { class: 'check' }, input,
      element('span', { class: 'clip' }, value === '' ? '(empty)' : value),
      element('span', { class: 'count' }, number(count)));
  }
}
