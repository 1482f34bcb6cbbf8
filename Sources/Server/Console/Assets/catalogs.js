// The view of the catalogs: kinds, lists with search and facets, and one entity in full.

import {
  badge, breakable, byId, element, emptyNote, moment, number, replace, setText, table,
} from './elements.js';
import { containing, Facets, valueAt } from './facets.js';
import { request } from './session.js';

const pageSize = 25;
const found = 5;

let kinds = [];
let asked = null;
let state = null;

// Listens to the buttons and keys of the view; once.
export function prepareCatalogs() {
  // Narrow screens show what is found first.
  byId('facets-box').open = matchMedia('(min-width: 721px)').matches;
  byId('previous').addEventListener('click', () => turn(-1));
  byId('next').addEventListener('click', () => turn(1));
  byId('results').addEventListener('keydown', moveByArrows);
}

// Takes the kinds from discovery and forgets what was read, for another namespace or another caller.
export async function loadKinds(plugins) {
  state = null;
  kinds = plugins.flatMap((plugin) => (plugin.capabilitiesV2?.entities ?? []).map((entity) => ({
    ...entity, plugin: plugin.name, base: plugin.basePath,
    id: `${plugin.name}/${entity.kind}`, title: entity.displayName ?? entity.kind,
    group: plugin.capabilitiesV2.plugin.displayName ?? plugin.name, list: entity.endpoints.list,
    // Models and MCP servers have the full filter language, their lists no total.
    isNative: plugin.name === 'model' || plugin.name === 'mcp',
    pathOf: (name) => (entity.fields.columns ?? []).concat(entity.fields.detailFields ?? [])
      .find((field) => field.name === name)?.path ?? name,
  })));
  showKinds();
  countKinds();
}

async function countKinds() {
  await Promise.all(kinds.map(async (kind) => {
    try {
      const read = await request(kind.list, { parameters: { pageSize: 1, explain: 'cache' } });
      kind.count = read.collection?.entityCount ?? kind.count ?? null;
    } catch { kind.count = null; }
  }));
  showKinds();
}

function showKinds() {
  const entry = (id, title, count) => element('a', {
    href: id ? `#/catalogs/${id}` : '#/catalogs', 'data-key': `kind-${id}`,
    'aria-current': (state?.kind?.id ?? '') === id ? 'page' : null,
  }, element('span', {}, title),
    count === null || count === undefined ? null : element('span', { class: 'count' }, number(count)));
  replace(byId('kinds'), entry('', 'All catalogs', null),
    kinds.map((kind) => entry(kind.id, kind.group, kind.count)));
}

export const kindOf = (id) => kinds.find((kind) => kind.id === id) ?? null;

// Shows a kind, or the search over all, as an address names it.
export function showCatalog(id, search) {
  const kind = kindOf(id);
  if (!state || state.kind?.id !== kind?.id) {
    state = { kind, search, tokens: [''], page: 0, order: null, facets: null };
    byId('facets-box').hidden = true;
    if (kind) {
      state.facets = new Facets(kind, () => { restart(); });
      const facets = state.facets;
      facets.load().catch(() => { byId('facets-box').hidden = true; });
    }
    showKinds();
  }
  state.search = search;
  restart();
}

function restart() {
  state.tokens = [''];
  state.page = 0;
  load();
}

function turn(step) {
  state.page = Math.max(0, state.page + step);
  load(() => byId('catalogs-title').focus());
}

// Loads what the state says; an earlier load that is still under way is given up.
async function load(then) {
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  const mine = state;
  byId('results').setAttribute('aria-busy', 'true');
  try {
    if (mine.kind) await loadPage(mine, signal);
    else await searchAll(mine, signal);
    if (then) then();
  } catch (error) {
    if (error.name === 'AbortError') return;
    replace(byId('results'), emptyNote(`Not shown: ${error.message}.`));
    setText('results-note', '');
    byId('pager').hidden = true;
  } finally {
    if (!signal.aborted) byId('results').removeAttribute('aria-busy');
  }
}

async function loadPage(mine, signal) {
  const { kind, facets, order } = mine;
  setText('catalogs-title', kind.group);
  // Kinds that declare it search more than names by themselves.
  const filter = facets.filter(kind.isNative ? '' : mine.search);
  const page = await request(kind.list, {
    signal, parameters: {
      pageSize, q: kind.isNative ? mine.search : '', filterQuery: filter, orderBy: order?.name, sortOrder: order?.direction,
      [kind.plugin === 'model' ? 'nextPageToken' : 'pageToken']: mine.tokens[mine.page],
    },
  });
  const items = page.items ?? [];
  if (page.nextPageToken) mine.tokens[mine.page + 1] = page.nextPageToken;
  const first = mine.page * pageSize + 1;
  const total = kind.isNative ? null : page.size;
  const range = items.length ? `${number(first)}–${number(first + items.length - 1)}` : '0';
  setText('results-note', total === null
    ? `${range}${page.nextPageToken ? ' and more' : ` of ${number(first + items.length - 1)}`}`
    : `${range} of ${number(total)}`);
  byId('pager').hidden = !page.nextPageToken && mine.page === 0;
  byId('previous').disabled = mine.page === 0;
  byId('next').disabled = !page.nextPageToken;
  setText('page-number', `Page ${mine.page + 1}`);
  replace(byId('results'), items.length ? list(kind, items)
    : emptyNote(filter || mine.search ? 'Nothing matches.' : 'There is nothing in this catalog.'));
}

function list(kind, items) {
  const columns = (kind.fields.columns ?? []).filter((column) => column.name !== 'name').slice(0, 4);
  const heads = [{ name: 'name', displayName: 'Name', sortable: true }, ...columns].map((column) => ({
    label: column.displayName ?? column.name,
    class: column.type === 'integer' ? 'figure' : null,
    head: column.sortable ? sortButton(column) : null,
    sort: state.order?.name === column.name
      ? (state.order.direction === 'ASC' ? 'ascending' : 'descending') : null,
  }));
  return table(kind.group, heads, items.map((item) => ({
    cells: [
      nameCell(kind, item), ...columns.map((column) => shortText(valueAt(item, column.path ?? column.name))),
    ],
  })));
}

function sortButton(column) {
  const label = column.displayName ?? column.name;
  const mark = state.order?.name !== column.name ? '' : state.order.direction === 'ASC' ? ' ↑' : ' ↓';
  return element('button', {
    type: 'button', class: 'sort', 'data-key': `sort-${column.name}`,
    onclick: () => {
      const isUp = state.order?.name === column.name && state.order.direction === 'ASC';
      state.order = { name: column.name, direction: isUp ? 'DESC' : 'ASC' };
      restart();
    },
  }, label + mark);
}

function nameCell(kind, item) {
  return element('div', { class: 'named' },
    element('button', {
      type: 'button', class: 'link result', 'data-key': `entity-${kind.id}-${item.sourceId}-${item.name}`,
      onclick: () => showEntity(kind, item),
    }, item.name),
    item.description ? element('span', { class: 'about' }, item.description) : null);
}

function shortText(value) {
  if (value === null || value === undefined || value === '') return element('span', { class: 'faint' }, '–');
  if (Array.isArray(value)) {
    return element('span', {}, value.flatMap((each, index) => [index ? ', ' : '', shortValue(each)]));
  }
  return shortValue(value);
}

const shortValue = (value) =>
  (typeof value === 'object' ? JSON.stringify(value) : breakable(String(value)));

async function searchAll(mine, signal) {
  byId('pager').hidden = true;
  setText('catalogs-title', mine.search ? 'Search' : 'All catalogs');
  const answers = await Promise.all(kinds.map(async (kind) => {
    const narrowed = !mine.search ? {} : kind.isNative ? { q: mine.search }
      : { filterQuery: `name ILIKE ${containing(mine.search)}` };
    try {
      const page = await request(kind.list, { signal, parameters: { pageSize: found, ...narrowed } });
      return { kind, items: page.items ?? [], more: Boolean(page.nextPageToken) };
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      return { kind, items: [], problem: error.message };
    }
  }));
  const shown = answers.filter((answer) => answer.items.length || answer.problem);
  const total = shown.reduce((sum, answer) => sum + answer.items.length, 0);
  const more = shown.some((answer) => answer.more);
  setText('results-note', mine.search ? `${number(total)}${more ? ' and more' : ''} found` : '');
  const hits = shown.map((answer) => element('section', { class: 'group' },
    element('h3', {}, answer.kind.group, ' ', answer.more
      ? element('a', {
        href: `#/catalogs/${answer.kind.id}${mine.search ? `?q=${encodeURIComponent(mine.search)}` : ''}`,
        'aria-label': `All in ${answer.kind.group}`,
      }, mine.search || !answer.kind.count ? 'all' : `all ${number(answer.kind.count)}`) : null),
    answer.problem ? emptyNote(`Not shown: ${answer.problem}.`)
      : element('ul', {}, answer.items.map((item) => element('li', {}, nameCell(answer.kind, item))))));
  replace(byId('results'), shown.length ? element('div', { class: 'groups' }, hits)
    : emptyNote('Nothing is named like that.'));
}

// Arrow keys go from result to result.
function moveByArrows(event) {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const buttons = [...byId('results').querySelectorAll('button.result')];
  const place = buttons.indexOf(document.activeElement);
  if (place < 0) return;
  event.preventDefault();
  const next = place + (event.key === 'ArrowDown' ? 1 : -1);
  if (next < 0) byId('search').focus();
  else buttons[Math.min(next, buttons.length - 1)].focus();
}

export function focusFirstResult() {
  byId('results').querySelector('button.result')?.focus();
}

// One entity.

const encodedName = (name) => encodeURIComponent(name);

function entityPath(kind, item) {
  const template = kind.endpoints.get;
  const source = item.sourceId ?? item.source_id ?? '';
  return template.replace('{source_id}', encodedName(source)).replace('{name}', encodedName(item.name));
}

export function openDetail(kind, title, ...body) {
  setText('detail-kind', kind);
  setText('detail-title', title);
  replace(byId('detail-body'), body);
  const dialog = byId('detail');
  if (!dialog.open) dialog.showModal();
  byId('detail-title').focus();
}

async function showEntity(kind, item) {
  openDetail(kind.title, item.name, emptyNote('Loading'));
  const path = entityPath(kind, item);
  const source = kind.endpoints.get.includes('{source_id}') ? null : item.sourceId;
  const parameters = source ? { source } : {};
  const [entity, read] = await Promise.allSettled([
    request(path, { parameters }), request(path, { parameters: { ...parameters, explain: 'cache' } }),
  ]);
  if (entity.status === 'rejected') {
    openDetail(kind.title, item.name, emptyNote(`Not shown: ${entity.reason.message}.`));
    return;
  }
  openDetail(kind.title, item.name, ...sections(kind, entity.value), explanation(read),
    element('details', {}, element('summary', {}, 'As JSON'),
      element('pre', { tabindex: '0' }, JSON.stringify(entity.value, null, 2))));
}

function sections(kind, entity) {
  const groups = new Map();
  const declared = kind.fields.detailFields ?? [];
  const known = new Set(declared.map((field) => (field.path ?? field.name).split('.')[0]));
  // What was laid over the entity, such as tags, is in no declaration.
  const more = Object.keys(entity).filter((key) => !known.has(key)).map((key) =>
    ({ name: key, displayName: key[0].toUpperCase() + key.slice(1), section: 'More' }));
  for (const field of declared.concat(more)) {
    const value = valueAt(entity, field.path ?? field.name);
    if (value === null || value === undefined || value === '') continue;
    if (Array.isArray(value) && value.length === 0) continue;
    const title = field.section || 'Overview';
    if (!groups.has(title)) groups.set(title, []);
    groups.get(title).push(element('dt', {}, field.displayName ?? field.name), element('dd', {},
      /TimeSinceEpoch$/.test(field.path ?? field.name) ? moment(Number(value)) : full(value)));
  }
  return [...groups].map(([title, rows]) =>
    element('section', {}, element('h3', {}, title), element('dl', {}, rows)));
}

function full(value) {
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) {
    return value.map((each) => element('span', { class: 'tag' }, String(each)));
  }
  const properties = flat(value);
  if (properties) {
    return element('dl', { class: 'inner' }, properties.flatMap(([key, each]) =>
      [element('dt', {}, breakable(key)), element('dd', {}, full(each))]));
  }
  if (typeof value === 'object') {
    return element('pre', { tabindex: '0' }, JSON.stringify(value, null, 2));
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return element('span', { class: 'prose' }, String(value));
}

// The members of an object of plain values, also of those that name their types; null for others.
function flat(value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const members = Object.entries(value).map(([key, each]) => {
    if (!each?.metadataType) return [key, each];
    const inner = Object.entries(each).find(([name]) => name !== 'metadataType');
    return [key, inner?.[1] ?? ''];
  });
  return members.every(([, each]) => each !== null && typeof each !== 'object') ? members : null;
}

const outcomes = { HIT: 'good', MISS: 'accent', BYPASS: 'muted', STALE: 'warn' };

// Where the answer came from, in the server's own words.
function explanation(read) {
  const title = element('h3', {}, 'Where it comes from');
  if (read.status === 'rejected') {
    return element('section', {}, title, emptyNote(`Not known: ${read.reason.message}.`));
  }
  const facts = read.value;
  const rows = [
    ['Answered', badge(facts.outcome, outcomes[facts.outcome] ?? 'muted')],
    ['Because', facts.reason], ['By', facts.replica],
    ['Entity at', facts.entity ? `revision ${number(facts.entity.revision)}` : null],
    ['Namespace at', `revision ${number(facts.revision)} of ${facts.namespace}`],
    ['Made by', facts.actor], ['In request', facts.requestId],
    ['Committed', facts.committedAt ? moment(facts.committedAt) : null],
    ['Applied here', facts.appliedAt ? moment(facts.appliedAt) : null],
    ['At most old', facts.stalenessBoundMs === undefined ? null : `${number(facts.stalenessBoundMs)} ms`],
    ['Feed', facts.feed ? `${facts.feed.connected ? 'connected' : 'not connected'}, `
      + `${number(facts.feed.lag)} behind` : null],
  ].filter(([, value]) => value !== null && value !== undefined && value !== '');
  return element('section', { id: 'explanation' }, title, element('dl', {},
    rows.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])));
}

export async function showEvent(event) {
  openDetail('Audit event', event.action ?? event.eventType, emptyNote('Loading'));
  try {
    const whole = await request(`api/audit/v1alpha1/events/${encodeURIComponent(event.id)}`);
    const rows = Object.entries(whole).flatMap(([key, value]) => [
      element('dt', {}, key), element('dd', {}, key === 'createdAt' ? moment(value) : full(value))]);
    openDetail('Audit event', event.action ?? event.eventType,
      element('section', {}, element('dl', {}, rows)));
  } catch (error) {
    openDetail('Audit event', event.action ?? event.eventType, emptyNote(`Not shown: ${error.message}.`));
  }
}
