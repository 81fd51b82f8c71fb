// SPDX-License-Identifier: Apache-2.0
import type { TargetedSubmitEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from './api';
import { Mark } from './mark';
import { Link } from './route';
import { signIn } from './session';

function words(error: unknown): string {
  if (!(error instanceof Problem)) return 'Something went wrong in this page. Reload it and try again.';
  if (error.status === 401) return 'E-mail address or password is wrong. Check both and try again.';
  if (error.status === 429) {
    const wait = error.retryAfterS ? ` Try again in ${error.retryAfterS} s.` : ' Wait a moment.';
    return `Too many attempts.${wait}`;
  }
  return error.detail;
}

export function SignIn() {
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isShown, setShown] = useState(false);
  const alert = useRef<HTMLParagraphElement>(null);

  useEffect(() => {
    document.title = 'Sign in · Muster';
  }, []);

  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setTrouble(null);
    try {
      await signIn(String(form.get('email')).trim(), String(form.get('password')));
    } catch (error) {
      setTrouble(words(error));
      setBusy(false);
      alert.current?.focus();
    }
  };

  return (
    <main class="sign-in" id="main">
      <form onSubmit={submit} aria-labelledby="sign-in-title">
        <Mark />
        <h1 id="sign-in-title">Sign in</h1>
        <p ref={alert} tabIndex={-1} role="alert" class={trouble ? 'trouble' : 'trouble is-empty'}>
          {trouble}
        </p>
        <label for="email">E-mail address</label>
        <input id="email" name="email" type="email" autocomplete="username" inputMode="email" required
          autofocus aria-invalid={trouble !== null} />
        <label for="password">Password</label>
        <div class="password">
          <input id="password" name="password" type={isShown ? 'text' : 'password'} required
            autocomplete="current-password" aria-invalid={trouble !== null} />
          <button type="button" class="quiet" aria-pressed={isShown} aria-label="Show password"
            onClick={() => setShown(!isShown)}>
            {isShown ? 'Hide' : 'Show'}
          </button>
        </div>
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
      <p class="sign-in-foot"><Link to="/privacy">What is stored, and until when</Link></p>
    </main>
  );
}
