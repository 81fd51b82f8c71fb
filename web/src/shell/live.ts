// SPDX-License-Identifier: Apache-2.0
// Live topics by WebSocket. Reconnects by itself with growing waits, at once when the network or the
// page comes back. A connection can be dead without a close (a phone walks out of reach), and
// browsers do not show protocol pings: so whoever hears nothing asks something small, and cuts the line when
// no answer comes.
import { Cell } from './cell';

export type Connection =
  | { phase: 'live' }
  | { phase: 'connecting'; sinceMs: number; attempt: number }
  | { phase: 'waiting'; sinceMs: number; attempt: number; nextMs: number };

const WAITS_MS = [300, 700, 1500, 3000, 5000, 8000, 12000];
// Counts come every second or faster: who hears nothing for longer asks whether anybody is there.
const LOOK_EVERY_MS = 1000;
const ASK_AFTER_MS = 2500;
const ANSWER_WITHIN_MS = 4000;
const POLICY_VIOLATION = 1008; // the server sends us away: signed out, or a role is gone

export interface Topic {
  hear: (data: unknown) => void;
  // The server has said yes: from now on nothing is missed. Again after every reconnection.
  subscribed?: () => void;
}

export interface Failure {
  attempt: number;
  isRefusal: boolean;
}

interface ServerMessage {
  topic?: string;
  data?: unknown;
  subscribed?: string[];
  refused?: { topic: string; why: string }[];
}

export class Live {
  readonly connection: Cell<Connection>;
  readonly refused = new Cell<string | null>(null);
  // When anything came last.
  heardMs = 0;
  private readonly topics = new Map<string, Set<Topic>>();
  private socket: WebSocket | null = null;
  private attempt = 0;
  private lostMs = Date.now();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private looking: ReturnType<typeof setInterval> | undefined;
  private askedMs = 0;

  // `afterFailure` may find out why: a handshake that is refused does not tell the page its status.
  constructor(
    private readonly url: string,
    private readonly afterFailure: (failure: Failure) => void = () => {},
  ) {
    this.connection = new Cell<Connection>({ phase: 'connecting', sinceMs: this.lostMs, attempt: 0 });
    addEventListener('online', this.hurry);
    addEventListener('offline', this.doubt);
    document.addEventListener('visibilitychange', this.hurry);
    this.open();
  }

  close(): void {
    removeEventListener('online', this.hurry);
    removeEventListener('offline', this.doubt);
    document.removeEventListener('visibilitychange', this.hurry);
    clearTimeout(this.timer);
    this.drop();
  }

  subscribe(name: string, topic: Topic): () => void {
    let listeners = this.topics.get(name);
    if (!listeners) {
      listeners = new Set();
      this.topics.set(name, listeners);
    }
    listeners.add(topic);
    // Asked for again where others listen already: the answer is what `subscribed` waits for.
    this.say({ subscribe: [name] });
    return () => {
      listeners.delete(topic);
      if (listeners.size > 0 || this.topics.get(name) !== listeners) return;
      this.topics.delete(name);
      this.say({ unsubscribe: [name] });
    };
  }

  retryNow = (): void => {
    if (this.connection.get().phase !== 'waiting') return;
    clearTimeout(this.timer);
    this.open();
  };

  private hurry = (): void => {
    if (!document.hidden) this.retryNow();
  };

  private doubt = (): void => {
    if (this.socket) this.ask(this.socket);
  };

  private say(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private open(): void {
    this.connection.set({ phase: 'connecting', sinceMs: this.lostMs, attempt: this.attempt });
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.timer = setTimeout(() => this.lost(socket, 0), 10000);
    socket.onopen = () => this.opened(socket);
    socket.onmessage = (event) => this.received(event.data as string);
    socket.onclose = (event) => this.lost(socket, event.code);
  }

  private opened(socket: WebSocket): void {
    if (socket !== this.socket) return;
    clearTimeout(this.timer);
    this.attempt = 0;
    this.connection.set({ phase: 'live' });
    this.say({ subscribe: [...this.topics.keys()] });
    this.askedMs = 0;
    this.heardMs = Date.now();
    this.looking = setInterval(() => this.look(socket), LOOK_EVERY_MS);
  }

  private look(socket: WebSocket): void {
    const now = Date.now();
    if (this.askedMs > 0 && now - this.askedMs > ANSWER_WITHIN_MS) this.lost(socket, 0);
    else if (now - this.heardMs > ASK_AFTER_MS) this.ask(socket);
  }

  private ask(socket: WebSocket): void {
    if (this.askedMs > 0 || socket !== this.socket || socket.readyState !== WebSocket.OPEN) return;
    this.askedMs = Date.now();
    this.say({ subscribe: [] });
  }

  private received(text: string): void {
    this.askedMs = 0;
    this.heardMs = Date.now();
    const message = JSON.parse(text) as ServerMessage;
    if (message.topic !== undefined) {
      for (const topic of [...this.topics.get(message.topic) ?? []]) topic.hear(message.data);
    }
    for (const name of message.subscribed ?? []) {
      for (const topic of [...this.topics.get(name) ?? []]) topic.subscribed?.();
    }
    const refusal = message.refused?.[0];
    if (refusal) this.refused.set(`${refusal.topic}: ${refusal.why}`);
  }

  private drop(): void {
    clearTimeout(this.timer);
    clearInterval(this.looking);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private lost(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return;
    if (this.connection.get().phase === 'live') this.lostMs = Date.now();
    this.drop();
    this.attempt += 1;
    const longest = WAITS_MS[Math.min(this.attempt, WAITS_MS.length) - 1] ?? 12000;
    // Spread, so that a thousand pages do not come back in the same moment.
    const waitMs = longest * (0.7 + Math.random() * 0.6);
    this.connection.set({
      phase: 'waiting', sinceMs: this.lostMs, attempt: this.attempt, nextMs: Date.now() + waitMs,
    });
    this.timer = setTimeout(() => this.open(), waitMs);
    this.afterFailure({ attempt: this.attempt, isRefusal: code === POLICY_VIOLATION });
  }
}

export const liveUrl = () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`;
