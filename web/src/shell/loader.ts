// SPDX-License-Identifier: Apache-2.0
// Reads something until it has it: after a failure again by itself, at growing waits, and whoever
// looks is told so. Asked while it reads, it reads once more, since what comes may be older than the
// question.
import { Problem } from './api';
import { Cell } from './cell';

export interface Trouble {
  status: number; // 0: no answer
  detail: string;
  nextMs: number; // when it is tried again
}

const WAITS_MS = [1000, 2000, 4000, 8000, 15000, 30000];

export class Loader {
  readonly trouble = new Cell<Trouble | null>(null);
  private failures = 0;
  private isBusy = false;
  private isAskedAgain = false;
  private isWanted = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly read: () => Promise<void>) {}

  now = (): void => {
    clearTimeout(this.timer);
    this.isWanted = true;
    this.isAskedAgain = this.isBusy;
    if (!this.isBusy) void this.run();
  };

  stop(): void {
    clearTimeout(this.timer);
    this.isWanted = false;
    this.isAskedAgain = false;
  }

  private async run(): Promise<void> {
    this.isBusy = true;
    try {
      await this.read();
      this.failures = 0;
      this.trouble.set(null);
    } catch (error) {
      this.failed(error);
    }
    this.isBusy = false;
    if (this.isAskedAgain) this.now();
  }

  private failed(error: unknown): void {
    if (!this.isWanted) return;
    const waitMs = WAITS_MS[Math.min(this.failures, WAITS_MS.length - 1)]!;
    this.failures += 1;
    const known = error instanceof Problem ? error : null;
    this.trouble.set({
      status: known?.status ?? 0,
      detail: known?.detail ?? 'This page could not read the answer.',
      nextMs: Date.now() + waitMs,
    });
    this.timer = setTimeout(this.now, waitMs);
    if (!known) reportError(error);
  }
}
