// The entry: addresses, keys, identity, and what is done to jobs.

import { byId, element, setText } from './elements.js';
import {
  focusFirstResult, kindOf, loadKinds, prepareCatalogs, showCatalog, showEvent,
} from './catalogs.js';
import { Live, request, RequestFailure, session } from './session.js';
import {
  markBusy, prepareStatus, showAudit, showJobs, showNamespaces, showNow, showReplicas, showTraffic,
} from './status.js';

const searchPauseMs = 180;
const noticeMs = 8000;
let hello = null;
let isReady = false;

// Notices.

function notice(text, tone = 'bad') {
  const made = element('p', { class: `notice ${tone}` }, element('span', {}, text),
    element('button', { type: 'button', class: 'quiet', onclick: () => made.remove() }, 'Dismiss'));
  byId('notices').append(made);
  setTimeout(() => made.remove(), noticeMs);
}

function inWords(error) {
  if (error instanceof RequestFailure && error.status === 403) {
    const way = hello?.authentication === 'jwt' ? 'a token of an operator'
      : hello?.authorization === 'sar' ? 'a role of the cluster that grants it' : 'the role of an operator';
    return `Not allowed: ${error.message}. It takes ${way}.`;
  }
  return error.message;
}

// Jobs.

async function change(job, path, done) {
  markBusy(job.id, true);
  try {
    await request(path, { method: 'POST' });
    notice(done, 'good');
  } catch (error) {
    notice(inWords(error));
  } finally {
    markBusy(job.id, false);
  }
}

const sourceOf = (job) => (job.sourceId === '_all' ? 'all sources' : job.sourceId);

const cancel = (job) => change(job, `api/jobs/v1alpha1/refresh/${encodeURIComponent(job.id)}:cancel`,
  `Canceled the refresh of ${job.plugin}, ${sourceOf(job)}.`);

async function retry(job) {
  try {
    // The jobs may be on the page before the plugins are.
    if (plugins.size === 0) await readPlugins();
  } catch (error) {
    return notice(inWords(error));
  }
  const plugin = plugins.get(job.plugin);
  if (!plugin) return notice(`There is no plugin ${job.plugin} to refresh.`);
  const source = job.sourceId === '_all' ? '' : `/${encodeURIComponent(job.sourceId)}`;
  return change(job, `${plugin}/management/refresh${source}`,
    `Asked for a refresh of ${job.plugin}, ${sourceOf(job)}.`);
}

const plugins = new Map();

async function readPlugins() {
  const answer = await request('api/plugins');
  for (const plugin of answer.plugins) plugins.set(plugin.name, plugin.basePath);
  return answer.plugins;
}

// What is live.

const shows = {
  traffic: showTraffic, now: showNow, jobs: showJobs, audit: showAudit, namespaces: showNamespaces,
  replicas: (section) => showReplicas(section, hello?.replica),
};

function onEvent(name, data) {
  if (name === 'hello') {
    hello = data;
    setText('identity', session.token ? 'Token' : session.operator ? 'Operator' : 'Viewer');
    byId('identity').hidden = data.authorization === 'sar' && data.authentication !== 'jwt';
    document.title = `${data.replica} · catalog-server`;
  } else shows[name]?.(data);
}

const live = new Live(onEvent, (text, tone) => {
  const mark = byId('live');
  setText(mark, text);
  if (mark.dataset.tone !== tone) mark.dataset.tone = tone;
});

// Addresses: the part behind # says the view, the kind and the search.

function address() {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
  const [view, ...rest] = path.split('/');
  const parameters = new URLSearchParams(query ?? '');
  return { view: view || 'status', kind: rest.join('/'), search: parameters.get('q') ?? '' };
}

function go(view, kind, search) {
  const parameters = new URLSearchParams();
  if (search) parameters.set('q', search);
  const query = parameters.toString();
  const next = `#/${view}${kind ? `/${kind}` : ''}${query ? `?${query}` : ''}`;
  if (location.hash === next) show(); else location.hash = next;
}

function show() {
  const { view, kind, search } = address();
  const isCatalogs = view === 'catalogs';
  byId('status-view').hidden = isCatalogs;
  byId('catalogs-view').hidden = !isCatalogs;
  for (const [id, isCurrent] of [['to-status', !isCatalogs], ['to-catalogs', isCatalogs]]) {
    if (isCurrent) byId(id).setAttribute('aria-current', 'page');
    else byId(id).removeAttribute('aria-current');
  }
  if (!isCatalogs || !isReady) return;
  if (document.activeElement !== byId('search')) byId('search').value = search;
  if (kind && !kindOf(kind)) setText('results-note', `There is no catalog ${kind}.`);
  showCatalog(kind, search);
}

// Search.

let searching = 0;

function search() {
  clearTimeout(searching);
  const text = byId('search').value.trim();
  const { view, kind } = address();
  if (view !== 'catalogs' && !text) return;
  const parameters = text ? `?q=${encodeURIComponent(text)}` : '';
  const next = `#/catalogs${kind ? `/${kind}` : ''}${parameters}`;
  if (location.hash === next) return;
  // One entry of the history for a search, however many letters it has.
  if (view === 'catalogs') { history.replaceState(null, '', next); show(); } else location.hash = next;
}

function prepareSearch() {
  const field = byId('search');
  field.addEventListener('input', () => {
    clearTimeout(searching);
    searching = setTimeout(search, searchPauseMs);
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') { event.preventDefault(); focusFirstResult(); }
    if (event.key === 'Escape') { field.value = ''; search(); field.blur(); }
  });
  byId('search-form').addEventListener('submit', (event) => {
    event.preventDefault();
    search();
    if (address().view !== 'catalogs') go('catalogs', '', field.value.trim());
  });
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target.closest?.('input, textarea, select, dialog');
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}

// Identity: what a request says beside what a proxy adds.

function prepareIdentity() {
  const dialog = byId('identity-dialog');
  byId('identity').addEventListener('click', () => {
    const takesToken = hello?.authentication === 'jwt';
    byId('token-field').hidden = !takesToken;
    byId('operator-field').hidden = takesToken;
    setText('identity-text', takesToken
      ? 'Changes take a bearer token whose role is operator.'
      : 'Changes take the role of an operator. A proxy in front of the server may set the role itself.');
    byId('operator').checked = session.operator;
    byId('token').value = session.token;
    dialog.showModal();
  });
  byId('identity-cancel').addEventListener('click', () => dialog.close());
  byId('identity-form').addEventListener('submit', () => {
    const takesToken = hello?.authentication === 'jwt';
    session.operator = !takesToken && byId('operator').checked;
    session.token = takesToken ? byId('token').value.trim().replace(/^Bearer\s+/i, '') : '';
    byId('token').value = '';
    restart();
  });
  byId('detail-close').addEventListener('click', () => byId('detail').close());
  for (const each of [dialog, byId('detail')]) {
    // A click beside a dialog closes it.
    each.addEventListener('click', (event) => { if (event.target === each) each.close(); });
  }
}

// Namespaces.

async function prepareNamespaces() {
  const field = byId('namespace');
  let names = [];
  try {
    const answer = await request('api/tenancy/v1alpha1/namespaces');
    names = answer.namespaces;
    if (answer.mode === 'single') return;
  } catch (error) {
    notice(`The namespaces are not known: ${inWords(error)}`);
  }
  byId('namespaces').replaceChildren(...names.map((name) => element('option', { value: name })));
  byId('namespace-field').hidden = false;
  session.namespace = new URLSearchParams(location.search).get('namespace') ?? names[0] ?? 'default';
  field.value = session.namespace;
  field.addEventListener('change', () => {
    const name = field.value.trim();
    if (!name) { field.value = session.namespace; return; }
    session.namespace = name;
    history.replaceState(null, '', `?namespace=${encodeURIComponent(name)}${location.hash}`);
    restart();
  });
}

// Begins anew for another namespace or another caller.
async function restart() {
  live.start();
  try {
    loadKinds(await readPlugins());
    isReady = true;
  } catch (error) {
    notice(`The catalogs are not known: ${inWords(error)}`);
  }
  show();
}

prepareStatus({ cancel, retry, showEvent });
prepareCatalogs();
prepareSearch();
prepareIdentity();
byId('skip').addEventListener('click', (event) => { event.preventDefault(); byId('main').focus(); });
window.addEventListener('hashchange', show);
show();
await prepareNamespaces();
await restart();
