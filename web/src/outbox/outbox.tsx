// SPDX-License-Identifier: Apache-2.0
// The mails of an event: sent, waiting, or kept here where no mail server is set.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Problem } from '../shell/api';
import { clock, useCell } from '../shell/cell';
import { ago, moment } from '../shell/format';
import { Loader } from '../shell/loader';
import { live } from '../shell/place';
import { setQuery, useRoute } from '../shell/route';
import { serverNow } from '../shell/server-clock';
import { LoadTrouble } from '../shell/trouble';
import { loadMail, loadMails, type Mail, type MailSummary, sendAgain, stateWords } from './mails';
import { MailView } from './mail-view';

const trouble = (error: unknown) => (error instanceof Problem ? error.detail : 'This page failed. Reload it.');

interface MailList {
  mails: MailSummary[] | null;
  loader: Loader;
}

const merged = (list: MailSummary[], news: Iterable<MailSummary>) => (
  [...new Map([...list, ...news].map((mail) => [mail.id, mail])).values()].sort((a, b) => b.id - a.id));

// Read whenever the line has begun to tell; what happens to a mail meanwhile is the newer truth.
function useMails(event: string): MailList {
  const [mails, setMails] = useState<MailSummary[] | null>(null);
  const news = useRef(new Map<number, MailSummary>());
  const loader = useMemo(() => new Loader(async () => {
    news.current.clear();
    const list = await loadMails(event);
    setMails(merged(list, news.current.values()));
  }), [event]);
  useEffect(() => {
    loader.now();
    const unsubscribe = live().subscribe(`events/${event}/outbox`, {
      hear: (data) => {
        const mail = data as MailSummary;
        news.current.set(mail.id, mail);
        setMails((before) => before && merged(before, [mail]));
      },
      subscribed: loader.now,
    });
    return () => {
      unsubscribe();
      loader.stop();
    };
  }, [event, loader]);
  return { mails, loader };
}

interface OneMail {
  mail: Mail | null;
  trouble: string | null;
  again: () => Promise<void>;
}

function useMail(event: string, id: string | null): OneMail {
  const [state, setState] = useState<{ mail: Mail | null; trouble: string | null }>({ mail: null, trouble: null });
  useEffect(() => {
    let isCurrent = true;
    setState({ mail: null, trouble: null });
    if (id !== null) {
      loadMail(event, id).then(
        (mail) => isCurrent && setState({ mail, trouble: null }),
        (error) => isCurrent && setState({ mail: null, trouble: trouble(error) }));
    }
    return () => {
      isCurrent = false;
    };
  }, [event, id]);
  const again = async () => {
    if (state.mail) setState({ mail: await sendAgain(event, state.mail.id), trouble: null });
  };
  return { ...state, again };
}

export function Outbox({ event }: { event: string }) {
  const { mails, loader } = useMails(event);
  const listTrouble = useCell(loader.trouble);
  const { query } = useRoute();
  const id = query.get('mail');
  const { mail, trouble: mailTrouble, again } = useMail(event, id);
  useCell(clock);
  const now = serverNow();
  useEffect(() => {
    document.title = 'Outbox · Muster';
  }, []);
  return (
    <main class={`page outbox ${id ? 'has-mail' : ''}`} id="main">
      <header class="page-head"><h1>Outbox</h1></header>
      <LoadTrouble of={loader}>The mails could not be read.</LoadTrouble>
      {mails === null && !listTrouble && <p role="status">Loading…</p>}
      {mails?.length === 0 && <p class="hint">No mail was written yet. An alarm that has recipients writes one.</p>}
      {mails && mails.length > 0 && (
        <div class="mails">
          <ul class="mail-list" aria-label="Mails">
            {mails.map((entry) => (
              <li key={entry.id}>
                <button type="button" aria-pressed={String(entry.id) === id} onClick={() => setQuery('mail', String(entry.id))}>
                  <strong>{entry.subject}</strong>
                  <span class="mail-to">{entry.recipient}</span>
                  <span class="mail-when" title={moment(Date.parse(entry.created_at), now)}>{ago(now - Date.parse(entry.created_at))}</span>
                  <span class={`mail-state is-${entry.failure && entry.state === 'queued' ? 'failed' : entry.state}`}>{stateWords(entry)}</span>
                </button>
              </li>
            ))}
          </ul>
          <section class="mail" aria-label="Mail" aria-live="polite">
            {id !== null && (
              <button type="button" class="back" onClick={() => setQuery('mail', null)}>All mails</button>
            )}
            {mailTrouble && <p class="trouble" role="alert">{mailTrouble}</p>}
            {mail && <MailView mail={mail} mails={mails} sendAgain={again} />}
            {id === null && <p class="hint">Choose a mail to read it.</p>}
          </section>
        </div>
      )}
    </main>
  );
}
