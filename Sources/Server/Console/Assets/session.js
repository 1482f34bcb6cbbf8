// Requests to this server, and the stream of what is live; what a user enters stays in this page.

const base = new URL('..', import.meta.url);
const quietLimitMs = 6000;
const longestPauseMs = 15000;

export const session = { namespace: '', token: '', operator: false };

// A refusal or a failure in words, with the status that the server gave.
export class RequestFailure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function headers(more = {}) {
  const all = { Accept: 'application/json', ...more };
  if (session.namespace) all['X-Namespace'] = session.namespace;
  if (session.token) all.Authorization = `Bearer ${session.token}`;
  if (session.operator) all['X-User-Role'] = 'operator';
  return all;
}

async function failure(response) {
  let text = '';
  try {
    const body = await response.json();
    text = body.message ?? body.error ?? '';
  } catch { /* The status says it. */ }
  return new RequestFailure(response.status, text || response.statusText || `status ${response.status}`);
}

// The answer to a request as JSON; throws a RequestFailure in the server's words.
export async function request(path, { method = 'GET', parameters = {}, signal } = {}) {
  const url = new URL(path.replace(/^\//, ''), base);
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(key, value);
  }
  let response;
  try {
    response = await fetch(url, { method, signal, headers: headers(), credentials: 'same-origin' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new RequestFailure(0, 'the server did not answer');
  }
  if (!response.ok) throw await failure(response);
  return response.status === 204 ? null : response.json();
}

// Follows what is live until it is stopped; EventSource cannot send headers, so this reads the body.
export class Live {
  constructor(onEvent, onState) {
    this.onEvent = onEvent;
    this.onState = onState;
    this.pauseMs = 1000;
    this.run = 0;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.stop('Paused', 'muted');
      else this.start();
    });
  }

  start() {
    this.stop('Connecting', 'muted');
    const run = this.run;
    this.control = new AbortController();
    this.follow(run, this.control.signal);
  }

  stop(text, tone) {
    this.run += 1;
    this.control?.abort();
    clearTimeout(this.timer);
    this.onState(text, tone);
  }

  async follow(run, signal) {
    let text = 'Reconnecting';
    try {
      const response = await fetch(new URL('ui/events', base), {
        signal, headers: headers({ Accept: 'text/event-stream' }), cache: 'no-store',
        credentials: 'same-origin',
      });
      if (!response.ok) throw await failure(response);
      await this.read(response.body.getReader(), run);
    } catch (error) {
      if (run !== this.run) return;
      if (error instanceof RequestFailure) text = error.message;
    }
    if (run !== this.run) return;
    clearTimeout(this.timer);
    this.onState(text, 'bad');
    this.timer = setTimeout(() => { if (run === this.run) this.follow(run, signal); }, this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, longestPauseMs);
  }

  async read(reader, run) {
    const decoder = new TextDecoder();
    let held = '';
    while (true) {
      const { value, done } = await reader.read();
      if (done || run !== this.run) return;
      held += decoder.decode(value, { stream: true });
      const parts = held.split('\n\n');
      held = parts.pop();
      for (const part of parts) this.take(part);
      this.pauseMs = 1000;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.onState('Stalled', 'warn'), quietLimitMs);
      this.onState('Live', 'good');
    }
  }

  take(part) {
    let name = '';
    let data = '';
    for (const line of part.split('\n')) {
      if (line.startsWith('event: ')) name = line.slice(7);
      else if (line.startsWith('data: ')) data += line.slice(6);
    }
    if (name) this.onEvent(name, JSON.parse(data));
  }
}
