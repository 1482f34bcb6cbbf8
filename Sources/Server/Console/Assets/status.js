// The view of how the replicas, their caches, the jobs and the audit log are.

import {
  badge, byId, bytes, duration, element, emptyNote, firstRows, milliseconds, moment, number, percent,
  replace, setText, sparkline, table,
} from './elements.js';

const slots = 300;
const rowLimit = 8;
const points = [];
let act = { cancel: () => {}, retry: () => {}, showEvent: () => {} };
const busy = new Set();

const tiles = [
  {
    id: 'rate', title: 'Requests', floor: 1,
    lines: [
      { tone: 'accent', key: 'requestsPerSecond', filled: true },
      { tone: 'bad', key: 'failuresPerSecond', quiet: true },
    ],
    figure: (now) => `${number(now.point?.requestsPerSecond ?? 0)} /s`,
    note: (now) => `${number(now.minute.requestsPerSecond)} /s in a minute, `
      + (now.minute.failuresPerSecond ? `${number(now.minute.failuresPerSecond)} /s failed` : 'none failed'),
    at: (point) => `${number(point.requestsPerSecond)} /s`,
  },
  {
    id: 'latency', title: 'Read latency, p95', floor: 0.1,
    lines: [
      { tone: 'faint', key: 'readP99Ms' },
      { tone: 'accent', key: 'readP95Ms', filled: true },
      { tone: 'second', key: 'readP50Ms' },
    ],
    figure: (now) => milliseconds(now.minute.readP95Ms),
    note: (now) =>
      `p50 ${milliseconds(now.minute.readP50Ms)}, p99 ${milliseconds(now.minute.readP99Ms)}`,
    at: (point) => milliseconds(point.readP95Ms),
  },
  {
    id: 'hits', title: 'Cache hits', floor: 1,
    lines: [{ tone: 'good', key: 'hitRatio', filled: true }],
    figure: (now) => percent(now.minute.hitRatio),
    note: () => 'of the reads in a minute',
    at: (point) => percent(point.hitRatio),
  },
  {
    id: 'writes', title: 'Write latency, p95', floor: 1,
    lines: [{ tone: 'second', key: 'writeP95Ms', filled: true }],
    figure: (now) => milliseconds(now.minute.writeP95Ms),
    note: (now) => `${now.connections.leased} of ${now.connections.open} connections in use`
      + (now.connections.waiting ? `, ${now.connections.waiting} wait` : ''),
    at: (point) => milliseconds(point.writeP95Ms),
  },
];

export function prepareStatus(actions) {
  act = actions;
  replace(byId('tiles'), tiles.map((tile) => {
    const made = element('section', { class: 'tile', 'aria-labelledby': `${tile.id}-title` },
      element('header', {}, element('h3', { id: `${tile.id}-title` }, tile.title),
        element('small', {}, '5 min')),
      element('p', { class: 'figure', id: `${tile.id}-figure` }, '–'),
      element('div', { class: 'chart', id: `${tile.id}-chart` }),
      element('p', { class: 'note', id: `${tile.id}-note` }, 'waiting for figures'));
    made.addEventListener('pointermove', (event) => point(tile, event));
    made.addEventListener('pointerleave', () => { tile.pointed = null; drawTile(tile); });
    return made;
  }));
}

// Which second of the chart a pointer is on.
function point(tile, event) {
  const chart = byId(`${tile.id}-chart`).getBoundingClientRect();
  const place = (event.clientX - chart.left) / Math.max(1, chart.width);
  tile.pointed = Math.round((1 - Math.min(1, Math.max(0, place))) * (slots - 1));
  drawTile(tile);
}

let now = null;

export function showTraffic(traffic) {
  points.splice(0, points.length, ...traffic.points.slice(-slots));
}

export function showNow(value) {
  now = value;
  if (value.point) points.push(value.point);
  if (points.length > slots) points.splice(0, points.length - slots);
  tiles.forEach(drawTile);
  showFacts(value);
}

function drawTile(tile) {
  if (!now) return;
  const lines = tile.lines.map((line) => ({
    tone: line.tone, filled: line.filled, quiet: line.quiet, values: points.map((each) => each[line.key]),
  }));
  const pointed = tile.pointed === null || tile.pointed === undefined
    ? null : points[points.length - 1 - tile.pointed];
  setText(`${tile.id}-figure`, tile.figure(now));
  setText(`${tile.id}-note`, pointed ? `${tile.at(pointed)}, ${tile.pointed} s ago` : tile.note(now));
  byId(`${tile.id}-chart`).replaceChildren(sparkline(lines, slots, tile.floor));
}

function showFacts(value) {
  const facts = [
    [value.ready ? 'Ready' : 'Not ready', value.ready ? 'good' : 'bad'],
    [value.database === 'up' ? 'Postgres answers' : `Postgres: ${value.database}`,
      value.database === 'up' ? 'good' : 'bad'],
    [value.loaded ? 'Sources loaded' : 'Sources are loading', value.loaded ? 'good' : 'warn'],
    [value.caughtUp ? 'Feed caught up' : 'Feed catching up', value.caughtUp ? 'good' : 'warn'],
  ];
  if (value.leaderElection !== 'not_configured') facts.push([value.leaderElection, 'muted']);
  facts.push([`up ${duration(value.uptimeMs)}`, 'muted']);
  facts.push([`${number(value.caches)} ${value.caches === 1 ? 'cache' : 'caches'}, `
    + `${bytes(value.cacheBytes)}`, 'muted']);
  replace(byId('facts'), facts.map(([text, tone]) => element('span', { class: `fact ${tone}` }, text)));
}

// What stands in a section that has no rows to show; null where it has.
function instead(section, empty) {
  if (section.off) return emptyNote('Switched off on this server.');
  if (section.refused) return emptyNote(`Not shown: it takes the right ${section.refused}.`);
  if (section.problem) return emptyNote(`Not known: ${section.problem}.`);
  return section.items.length ? null : emptyNote(empty);
}

const lagBadge = (lag) => {
  if (lag === null || lag === undefined) return element('span', { class: 'faint' }, '–');
  return lag === 0 ? badge('in step', 'good') : badge(`${number(lag)} behind`, lag > 10 ? 'bad' : 'warn');
};

export function showReplicas(section, own) {
  setText('replicas-note', section.items ? String(section.items.length) : '');
  const rows = (section.items ?? []).map((replica) => ({
    cells: [
      element('span', { title: replica.id }, replica.name,
        replica.name === own ? element('span', { class: 'faint' }, ' this one') : null),
      replica.alive ? badge('alive', 'good') : badge('silent', 'bad'),
      `${duration(replica.silentMs)} ago`, `${duration(replica.uptimeMs)}`,
      replica.revision === null
        ? element('span', { class: 'faint' }, 'no cache') : lagBadge(replica.lag),
    ],
  }));
  replace(byId('replicas'), instead(section, 'No replica is registered yet.') ?? table('Replicas', [
    { label: 'Replica' }, { label: 'State' }, { label: 'Heard', class: 'figure' },
    { label: 'Up', class: 'figure' }, { label: 'Cache', class: 'end' },
  ], rows));
}

export function showNamespaces(section) {
  setText('namespaces-note', section.items ? String(section.items.length) : '');
  const rows = (section.items ?? []).map((each) => ({
    cells: [
      each.namespace, each.revision === null ? '–' : number(each.revision), lagBadge(each.lag),
      milliseconds(each.stalenessMs), bytes(each.bytes),
    ],
  }));
  const empty = 'Nothing has been read yet; a cache is made for the first read of a namespace.';
  replace(byId('namespaces-table'), instead(section, empty) ?? table('Caches', [
    { label: 'Namespace' }, { label: 'Revision', class: 'figure' }, { label: 'Lag' },
    { label: 'At most old', class: 'figure' }, { label: 'Size', class: 'figure' },
  ], rows));
}

const jobTones = {
  queued: 'muted', running: 'accent', succeeded: 'good', failed: 'bad', canceled: 'muted',
};

// Marks a job whose button was pressed until the server has answered.
export function markBusy(id, isBusy) {
  if (isBusy) busy.add(id); else busy.delete(id);
  if (lastJobs) showJobs(lastJobs);
}

let lastJobs = null;
const jobsState = { name: 'jobs', isOpen: false };
const auditState = { name: 'audit', isOpen: false };

function jobButton(job) {
  const active = job.state === 'queued' || job.state === 'running';
  const label = active ? 'Cancel' : job.state === 'succeeded' ? 'Run again' : 'Retry';
  const what = `${label} ${job.plugin} ${job.sourceId === '_all' ? 'all sources' : job.sourceId}`;
  return element('button', {
    type: 'button', class: 'small', 'data-key': `job-${job.id}`, 'aria-label': what,
    'aria-disabled': busy.has(job.id) ? 'true' : null,
    onclick: () => { if (!busy.has(job.id)) (active ? act.cancel : act.retry)(job); },
  }, label);
}

export function showJobs(section) {
  lastJobs = section;
  // What is not over comes first, whatever its age.
  const isActive = (job) => job.state === 'queued' || job.state === 'running';
  const items = (section.items ?? []).toSorted((a, b) => isActive(b) - isActive(a));
  const count = (state) => items.filter((job) => job.state === state).length;
  setText('jobs-note', section.items
    ? `${count('queued')} queued, ${count('running')} running, ${count('failed')} failed` : '');
  const rows = items.map((job) => ({
    attributes: { 'data-job': job.id, 'data-state': job.state },
    cells: [
      element('span', {}, job.plugin, ' ',
        element('span', { class: 'faint' }, job.sourceId === '_all' ? 'all sources' : job.sourceId)),
      badge(job.state, jobTones[job.state] ?? 'muted'),
      element('span', { class: 'clip' }, job.lastError ?? job.message ?? job.progress ?? '–'),
      job.durationMs === undefined ? '–' : milliseconds(job.durationMs),
      element('span', {}, moment(job.requestedAt), element('span', { class: 'faint' }, ` ${job.requestedBy}`)),
      jobButton(job),
    ],
  }));
  const { shown, more } = firstRows(rows, rowLimit, jobsState, () => showJobs(section));
  replace(byId('jobs'), instead(section, 'No source has been refreshed lately.') ?? table('Jobs', [
    { label: 'Source' }, { label: 'State' }, { label: 'Result' }, { label: 'Took', class: 'figure' },
    { label: 'Asked' }, { label: 'Action', class: 'end' },
  ], shown), more);
}

const outcomeTones = { success: 'good', failure: 'bad', denied: 'warn', pending: 'accent' };

export function showAudit(section) {
  setText('audit-note', section.items?.length ? `the newest ${section.items.length}` : '');
  const rows = (section.items ?? []).map((event) => ({
    attributes: { 'data-event': event.id },
    cells: [
      element('button', {
        type: 'button', class: 'link', 'data-key': `event-${event.id}`,
        onclick: () => act.showEvent(event),
      }, event.action ?? event.eventType),
      element('span', { class: 'clip' }, [event.plugin, event.resource ?? event.resourceType]
        .filter(Boolean).join(' · ') || '–'),
      event.actor,
      badge(event.outcome, outcomeTones[event.outcome] ?? 'muted'),
      moment(event.createdAt),
    ],
  }));
  const { shown, more } = firstRows(rows, rowLimit, auditState, () => showAudit(section));
  replace(byId('audit'), instead(section, 'Nothing has been changed yet.') ?? table('Audit', [
    { label: 'Action' }, { label: 'What' }, { label: 'Who' }, { label: 'Outcome' },
    { label: 'When', class: 'end' },
  ], shown), more);
}
