// SPDX-License-Identifier: Apache-2.0
// Live topics by WebSocket. Reconnects by itself with growing waits, at once when the network or the
// page comes back. A connection can be dead without a close (a phone walks out of reach), and
// browsers do not show protocol pings: so we ask something small and cut the line when no answer comes.
import { Cell } from './cell';

export type Connection =
  | { phase: 'live' }
  | { phase: 'connecting'; sinceMs: number; attempt: number }
  | { phase: 'waiting'; sinceMs: number; attempt: number; nextMs: number };

const WAITS_MS = [300, 700, 1500, 3000, 5000, 8000, 12000];
const ASK_EVERY_MS = 5000;
const ANSWER_WITHIN_MS = 5000;

type Listener = (data: unknown) => void;

interface ServerMessage {
  topic?: string;
  data?: unknown;
  refused?: { topic: string; why: string }[];
}

export class Live {
  readonly connection: Cell<Connection>;
  readonly refused = new Cell<string | null>(null);
  private readonly topics = new Map<string, Set<Listener>>();
  private socket: WebSocket | null = null;
  private attempt = 0;
  private lostMs = Date.now();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking: ReturnType<typeof setInterval> | undefined;
  private askedMs = 0;

  // `afterFailure` may find out why: a handshake that is refused does not tell the page its status.
  constructor(
    private readonly url: string,
    private readonly afterFailure: (attempt: number) => void = () => {},
  ) {
    this.connection = new Cell<Connection>({ phase: 'connecting', sinceMs: this.lostMs, attempt: 0 });
    addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
    this.open();
  }

  close(): void {
    removeEventListener('online', this.hurry);
    document.removeEventListener('visibilitychange', this.hurry);
    clearTimeout(this.timer);
    this.drop();
  }

  subscribe(topic: string, listener: Listener): () => void {
    let listeners = this.topics.get(topic);
    if (!listeners) {
      listeners = new Set();
      this.topics.set(topic, listeners);
      this.say({ subscribe: [topic] });
    }
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.topics.get(topic) !== listeners) return;
      this.topics.delete(topic);
      this.say({ unsubscribe: [topic] });
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

  private say(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private open(): void {
    this.connection.set({ phase: 'connecting', sinceMs: this.lostMs, attempt: this.attempt });
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.timer = setTimeout(() => this.lost(socket), 10000);
    socket.onopen = () => this.opened(socket);
    socket.onmessage = (event) => this.received(event.data as string);
    socket.onclose = () => this.lost(socket);
  }

  private opened(socket: WebSocket): void {
    if (socket !== this.socket) return;
    clearTimeout(this.timer);
    this.attempt = 0;
    this.connection.set({ phase: 'live' });
    this.say({ subscribe: [...this.topics.keys()] });
    this.askedMs = 0;
    this.asking = setInterval(() => this.ask(socket), ASK_EVERY_MS);
  }

  private ask(socket: WebSocket): void {
    const now = Date.now();
    if (this.askedMs > 0 && now - this.askedMs > ANSWER_WITHIN_MS) {
      this.lost(socket);
      return;
    }
    if (this.askedMs > 0) return;
    this.askedMs = now;
    this.say({ subscribe: [] });
  }

  private received(text: string): void {
    this.askedMs = 0;
    const message = JSON.parse(text) as ServerMessage;
    if (message.topic !== undefined) {
      for (const listener of this.topics.get(message.topic) ?? []) listener(message.data);
    }
    const refusal = message.refused?.[0];
    if (refusal) this.refused.set(`${refusal.topic}: ${refusal.why}`);
  }

  private drop(): void {
    clearTimeout(this.timer);
    clearInterval(this.asking);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private lost(socket: WebSocket): void {
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
    this.afterFailure(this.attempt);
  }
}

export const liveUrl = () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`;
