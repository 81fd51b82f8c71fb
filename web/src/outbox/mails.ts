// SPDX-License-Identifier: Apache-2.0
import { all, api, at } from '../shell/api';

export interface MailSummary {
  id: number;
  recipient: string;
  message_id: string;
  in_reply_to: string | null; // the message id of the mail about the same alarm
  subject: string;
  state: 'queued' | 'sending' | 'sent' | 'kept' | 'dead';
  incident_count: number;
  attempts: number;
  failure: string | null; // of the last attempt
  created_at: string;
  sent_at: string | null;
  next_attempt_at: string | null;
}

export interface Mail extends MailSummary {
  text: string;
  html: string | null;
}

export const loadMails = (event: string) => all<MailSummary>(at('events', event, 'outbox'), 300);
export const loadMail = (event: string, id: string) => api.get<Mail>(at('events', event, 'outbox', id));
export const sendAgain = (event: string, id: number) => api.post<Mail>(at('events', event, 'outbox', String(id), 'retry'));

export function stateWords(mail: MailSummary): string {
  if (mail.state === 'queued' && mail.failure) return 'Failed, will be tried again';
  return {
    queued: 'Waiting to be sent', sending: 'Being sent', sent: 'Sent', kept: 'Kept: no mail server is set', dead: 'Given up',
  }[mail.state];
}
