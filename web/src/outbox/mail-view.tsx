// SPDX-License-Identifier: Apache-2.0
// One mail. Its HTML is shown in a frame without any right: no scripts, no forms, no origin.
import { useMemo, useState } from 'preact/hooks';
import { Problem } from '../shell/api';
import { moment } from '../shell/format';
import { setQuery } from '../shell/route';
import { serverNow } from '../shell/server-clock';
import { type Mail, type MailSummary, stateWords } from './mails';

// The page's policy holds inside the frame too and refuses inline styles, wherever they are parsed;
// they are taken out rather than reported one by one. What this pattern misses is refused all the
// same. Pictures from elsewhere would tell the sender that somebody looked.
const INLINE_STYLES = /<style\b[\s\S]*?<\/style\s*>|\sstyle\s*=\s*(?:"[^"]*"|'[^']*')/gi;

function withoutStyles(html: string): string {
  const parsed = new DOMParser().parseFromString(html.replace(INLINE_STYLES, ''), 'text/html');
  for (const element of parsed.querySelectorAll('script, link, meta, base')) element.remove();
  for (const element of parsed.querySelectorAll('img:not([src^="data:"])')) element.remove();
  const sheet = parsed.createElement('link');
  sheet.rel = 'stylesheet';
  sheet.href = `${location.origin}/mail.css`;
  parsed.head.append(sheet);
  return `<!doctype html>${parsed.documentElement.outerHTML}`;
}

function Again({ sendAgain }: { sendAgain: () => Promise<void> }) {
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const tap = async () => {
    setBusy(true);
    setTrouble(null);
    try {
      await sendAgain();
    } catch (error) {
      setTrouble(error instanceof Problem ? error.detail : 'That failed. Try again.');
    }
    setBusy(false);
  };
  return (
    <>
      <button type="button" disabled={isBusy} onClick={() => void tap()}>Send again</button>
      {trouble && <p class="trouble" role="alert">{trouble}</p>}
    </>
  );
}

// The mail that this one answers, where the list still has it.
function Answered({ to }: { to: MailSummary | undefined }) {
  if (!to) return <>an earlier mail, which is no longer kept</>;
  return <button type="button" class="as-text" onClick={() => setQuery('mail', String(to.id))}>{to.subject}</button>;
}

interface MailViewProps {
  mail: Mail;
  mails: MailSummary[];
  sendAgain: () => Promise<void>;
}

export function MailView({ mail, mails, sendAgain }: MailViewProps) {
  const [form, setForm] = useState<'text' | 'html'>('text');
  const html = useMemo(() => (mail.html ? withoutStyles(mail.html) : null), [mail.html]);
  const now = serverNow();
  return (
    <article>
      <h2>{mail.subject}</h2>
      <dl>
        <dt>To</dt><dd>{mail.recipient}</dd>
        <dt>Written</dt><dd>{moment(Date.parse(mail.created_at), now)}</dd>
        <dt>State</dt><dd>{stateWords(mail)}{mail.sent_at ? `, ${moment(Date.parse(mail.sent_at), now)}` : ''}</dd>
        {mail.in_reply_to && <><dt>Answers</dt><dd><Answered to={mails.find((entry) => entry.message_id === mail.in_reply_to)} /></dd></>}
        {mail.failure && <><dt>Trouble</dt><dd>{mail.failure}</dd></>}
        {mail.next_attempt_at && <><dt>Next try</dt><dd>{moment(Date.parse(mail.next_attempt_at), now)}</dd></>}
      </dl>
      {mail.state === 'dead' && <Again key={mail.id} sendAgain={sendAgain} />}
      {html && (
        <div class="choices" role="group" aria-label="Form of the mail">
          <button type="button" aria-pressed={form === 'text'} onClick={() => setForm('text')}>Text</button>
          <button type="button" aria-pressed={form === 'html'} onClick={() => setForm('html')}>HTML</button>
        </div>
      )}
      {form === 'text' || !html
        ? <pre class="mail-text" tabIndex={0}>{mail.text}</pre>
        : <iframe class="mail-html" title={`HTML of ${mail.subject}`} sandbox="" srcdoc={html} />}
    </article>
  );
}
